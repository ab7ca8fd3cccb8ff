import { describe, expect, it } from 'vitest';
import { type Campaign, campaign, same } from './campaign.ts';
import { badDesigns, designNames, designOf } from './designs.ts';
import { readAll } from './found.ts';
import { freeze, shrink } from './shrink.ts';
import { play, type Run, simulate } from './simulate.ts';
import type { Story } from './story.ts';
import type { Design } from './level.ts';

const told = ({ violations }: Campaign): string[] =>
  violations.map(({ seed, message }) => `${seed}: ${message}`);

describe('the engine among faults and people', () => {
  it('keeps its laws, and comes to rest', async () => {
    const result = await campaign(1, 250);
    const { unsteady, situations } = result;
    expect(told(result)).toEqual([]);
    expect(unsteady).toEqual([]);
    for (const name of [
      'canary succeeded',
      'canary rolled-back',
      'took over a dead owner',
      'fenced a live owner',
      'late alias write: precondition',
      'reply lost: writeAlias',
      'blind rollback adopted',
      'store out of reach',
      'rolled back by verdict',
    ])
      expect(situations.get(name), name).toBeGreaterThan(0);
  });

  it('does the same again, call for call', async () => {
    const first = await simulate(31, { tracing: true });
    expect(first.trace.length).toBeGreaterThan(100);
    expect(same(first, await simulate(31, { tracing: true }))).toBe(true);
  });
});

const convicted = readAll<{ readonly design: string; readonly law: string; readonly story: Story }>(
  'convicted/',
);

describe('designs that look right', () => {
  it('are all on trial', () => {
    expect(convicted.map(([, { design }]) => design).sort()).toEqual([...designNames('engine')].sort());
  });

  it.each(convicted)('%s: convicted', async (_name, { design, law, story }) => {
    const wrong = designOf(design);
    expect(wrong).toBeDefined();
    expect((await play(story, wrong === undefined ? {} : { design: wrong })).violation?.law).toBe(law);
    expect((await play(story)).violation).toBeNull();
  });

  it('a counterexample shrinks to what it needs', async () => {
    const design = badDesigns['a rollback without its write'];
    const failed = (await firstOf(design)) ?? (await simulate(1, { design }));
    const counterexample = await shrink(failed, { design });
    expect(counterexample.run.violation?.law).toBe(failed.violation?.law);
    expect(counterexample.only.length).toBeLessThan(5);
    expect((await play(freeze(counterexample), { design })).violation?.law).toBe(failed.violation?.law);
  });
});

async function firstOf(design: Design): Promise<Run | undefined> {
  for (let seed = 1; seed < 50; seed++) {
    const run = await simulate(seed, { design });
    if (run.violation !== null) return run;
  }
  return undefined;
}
