import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/domain/journal.ts';
import { replay } from '../../../src/engine/fold-journal.ts';
import { evidenceOf } from '../../../src/reporting/evidence.ts';
import { seriesOf } from '../../../src/reporting/report/series.ts';
import { bad, projectConfig, serving } from '../../support/cli-world.ts';
import { rolloutId } from '../../../src/domain/units.ts';
import { atStep, fail, observation, pass, stepOf, wait } from '../engine/story.ts';

const shadowed = projectConfig.replace(
  'shadow: { bake: 10s',
  'shadow: { compare: { class: items.0.id, disagreement: 10% }, bake: 10s',
);

/** Of a rollout that a verdict rolled back: each line, and whether one that decided crosses 100 %. */
async function drawn(
  words: string,
  arrange: (model: Awaited<ReturnType<typeof serving>>['model']) => void,
  config?: string,
) {
  const cli = await serving(config);
  arrange(cli.model);
  expect((await cli.run(`deploy --model-version v2.3.0 ${words}`)).code).toBe(3);
  const id = rolloutId('r-1');
  const entries = await cli.store.journal(id);
  const state = replay(id, entries);
  return seriesOf(state, entries, state.endedAt ?? 0).evidence;
}

describe('the drawn line crosses the drawn limit', () => {
  it.each<
    [string, string, (model: Awaited<ReturnType<typeof serving>>['model']) => void, string | undefined]
  >([
    ['errors', '', (model) => (model.behaviour['v2.3.0'] = bad), undefined],
    [
      'a version ten times slower',
      '',
      (model) => (model.behaviour['v2.3.0'] = { errors: 0, latencyMs: 4_000 }),
      undefined,
    ],
    ['answers that differ', '--strategy shadow', (model) => (model.disagreement = 0.9), shadowed],
  ])('where %s rolled back', async (_name, words, arrange, config) => {
    const [first, ...others] = await drawn(words, arrange, config);
    expect(first?.decided).toBe(true);
    expect(Math.max(...(first?.points ?? []).map(({ value }) => value ?? 0))).toBeGreaterThanOrEqual(1);
    expect(others.every(({ points }) => points.length > 0)).toBe(true);
  });

  const journals = join(import.meta.dirname, '../../fixtures/journals');
  it.each(readdirSync(journals))('in the old journal %s, where a verdict decided', (name) => {
    const entries = readFileSync(join(journals, name), 'utf8')
      .split('\n')
      .flatMap((line): readonly Entry[] => (line === '' ? [] : entriesIn(JSON.parse(line))));
    const byRollout = entries.filter(({ seq }, index) => seq === entries[0]!.seq + index);
    if (byRollout[0]?.kind !== 'started') return;
    const state = replay(rolloutId('r-1'), byRollout);
    if (state.lastVerdict?.kind !== 'fail') return;
    const [first] = seriesOf(state, byRollout, state.endedAt ?? 0).evidence;
    expect(Math.max(...(first?.points ?? []).map(({ value }) => value ?? 0))).toBeGreaterThanOrEqual(1);
  });
});

/** A line of a journal is an entry, or a record that holds some. */
function entriesIn(line: { readonly entries?: readonly Entry[] } & Entry): readonly Entry[] {
  return line.entries ?? ('kind' in line ? [line] : []);
}

describe('the evidence of a rollout that runs', () => {
  const seen = (errors: number) => ({ kind: 'observed', observations: [observation(errors)] }) as const;

  it('is judged live, also in the first bake', () => {
    const { state, entries } = atStep(stepOf.bake10, wait(2_000), seen(1));
    expect(evidenceOf(state, entries)).toMatchObject({ action: 'watching', challengerRequests: 20 });
  });

  it('is of the present bake, not of the last verdict', () => {
    const { state, entries } = atStep(
      stepOf.bake50,
      wait(2_000),
      { kind: 'verdict', verdict: pass, action: 'advance' },
      seen(1),
    );
    expect(evidenceOf(state, entries)).toMatchObject({ action: 'watching', challengerRequests: 20 });
  });

  it('says no rollback that did not happen', () => {
    const { state, entries } = atStep(
      stepOf.bake10,
      wait(2_000),
      seen(6),
      { kind: 'verdict', verdict: fail, action: 'roll back' },
      { kind: 'rolling-back', cause: { kind: 'verdict', sentence: 'x' } },
      { kind: 'ended', outcome: { kind: 'stuck', sentence: 'denied', mend: ['mlreg rollback'] } },
    );
    const { action, sentence } = evidenceOf(state, entries)!;
    expect(action).toBe('roll back, which did not succeed');
    expect(sentence).not.toContain('rolled back');
  });
});
