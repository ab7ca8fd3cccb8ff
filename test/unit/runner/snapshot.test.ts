import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/domain/journal.ts';
import { instant } from '../../../src/domain/units.ts';
import type { Snapshot, Store } from '../../../src/ports/store.ts';
import { observedIn } from '../../../src/view/progress.ts';
import { harmOf } from '../../../src/engine/harm.ts';
import { abort } from '../../../src/runner/own.ts';
import { replay } from '../../../src/engine/fold-journal.ts';
import {
  contradiction,
  foldedState,
  knownState,
  readSnapshot,
  snapshotEvery,
  snapshotFormat,
  snapshotOf,
} from '../../../src/runner/snapshot.ts';
import { verdictOn } from '../../../src/engine/verdict-on.ts';
import { projectConfig, serving } from '../../support/cli-world.ts';
import { actor } from '../../support/model-world.ts';
import { atStep, began, fail, id, insufficient, observation, rollingBack, stepOf } from '../engine/story.ts';

const tick = (n: number, errors = 1) => observation(errors, instant(began + n * 1_000));
const observed = (from: number, to: number) =>
  ({
    kind: 'observed',
    observations: Array.from({ length: to - from }, (_, i) => tick(from + i + 1)),
  }) as const;

/** A bake with 30 ticks, and a snapshot after some entries of it. */
function long() {
  const { entries } = atStep(
    stepOf.bake10,
    { kind: 'later', ms: 10_000 },
    observed(0, 10),
    { kind: 'held', why: 'x' },
    { kind: 'later', ms: 20_000 },
    observed(10, 20),
    observed(20, 30),
    { kind: 'verdict', verdict: fail, action: 'roll back' },
    rollingBack,
  );
  const at = entries.findLastIndex(({ kind }) => kind === 'observed');
  const snapshot = snapshotOf(replay(id, entries.slice(0, at)), insufficient, entries[at - 1]!);
  return { entries, snapshot };
}

function storeOf(entries: readonly Entry[], snapshot: Snapshot | undefined) {
  const reads: number[] = [];
  const store: Pick<Store, 'journal' | 'snapshot'> = {
    journal: async (_id, from = 0) => {
      reads.push(from);
      return entries.slice(from);
    },
    snapshot: async () => snapshot,
  };
  return { store, reads };
}

describe('a snapshot', () => {
  it('continued by the rest of the journal is the state, but for the ticks, of which the sums stand', async () => {
    const { entries, snapshot } = long();
    const { store, reads } = storeOf(entries, snapshot);
    const folded = await foldedState(store, id);
    const whole = replay(id, entries);
    expect(reads).toEqual([snapshot.length - 1]);
    const { observations, summary, ...rest } = folded;
    const { observations: all, ...same } = whole;
    expect(JSON.parse(JSON.stringify(rest))).toEqual(JSON.parse(JSON.stringify(same)));
    expect([all.length, observations.length, summary]).toEqual([
      30,
      11,
      { ticks: 20, verdict: insufficient },
    ]);
    expect(observedIn(folded)).toEqual(observedIn(whole));
    expect(harmOf(folded)).toEqual(harmOf(whole));
    expect(observations.at(-1)).toEqual(all.at(-1));
  });

  it('of a snapshot counts its ticks once', () => {
    const { entries, snapshot } = long();
    const { state } = readSnapshot(snapshot.text)!;
    const again = snapshotOf(state, insufficient, entries[snapshot.length - 1]!);
    expect(readSnapshot(again.text)?.state).toEqual(state);
  });

  it('is never judged: the verdict is the one that was kept', async () => {
    const { entries, snapshot } = long();
    const { state } = readSnapshot(snapshot.text)!;
    expect(verdictOn(state)).toEqual(insufficient);
    expect(verdictOn(replay(id, entries.slice(0, snapshot.length)))).not.toEqual(insufficient);
  });

  const body = (snapshot: Snapshot) => JSON.parse(snapshot.text);
  const forged = (snapshot: Snapshot, change: (text: any) => void): Snapshot => {
    const text = body(snapshot);
    change(text);
    return { ...snapshot, text: JSON.stringify(text) };
  };
  it.each<[string, (snapshot: Snapshot) => Snapshot | undefined]>([
    ['is not there', () => undefined],
    ['is no JSON', (snapshot) => ({ ...snapshot, text: '{' })],
    ['is cut short', (snapshot) => ({ ...snapshot, text: snapshot.text.slice(0, -20) })],
    ['is of a newer format', (snapshot) => forged(snapshot, (text) => (text.format = snapshotFormat + 1))],
    ['is of an older format', (snapshot) => forged(snapshot, (text) => (text.format = snapshotFormat - 1))],
    [
      'was changed',
      (snapshot) => forged(snapshot, (text) => (text.body = text.body.replace('"forward"', '"ended"'))),
    ],
    ['is of another journal', (snapshot) => forged(snapshot, (text) => (text.anchor = 'f'.repeat(64)))],
    ['says another length', (snapshot) => ({ ...snapshot, length: snapshot.length + 1 })],
    ['is of no entries', (snapshot) => ({ ...snapshot, length: 0 })],
    ['is longer than the journal', (snapshot) => ({ ...snapshot, length: 10_000 })],
  ])('is ignored where it %s', async (_how, damage) => {
    const { entries, snapshot } = long();
    const { store } = storeOf(entries, damage(snapshot));
    expect(await foldedState(store, id)).toEqual(replay(id, entries));
  });

  it('is ignored where the store can not answer for it', async () => {
    const { entries } = long();
    const { store } = storeOf(entries, undefined);
    const failing = { ...store, snapshot: () => Promise.reject(new Error('no answer')) };
    expect(await foldedState(failing, id)).toEqual(replay(id, entries));
  });

  it('that is not of this journal does not hide that there is none', async () => {
    const { snapshot } = long();
    expect(await knownState(storeOf([], snapshot).store, id)).toBeNull();
  });

  it('that says what its journal does not say is found by an audit', () => {
    const { entries, snapshot } = long();
    expect(contradiction(entries, snapshot)).toBeNull();
    const { state } = readSnapshot(snapshot.text)!;
    const lie = snapshotOf({ ...state, committed: true }, insufficient, entries[snapshot.length - 1]!);
    expect(contradiction(entries, lie)).toBe(
      `the snapshot of r-1 does not say what its first ${snapshot.length} entries say`,
    );
  });

  it('has the fields of this format: whoever changes them raises `snapshotFormat`', () => {
    const { snapshot } = long();
    expect([snapshotFormat, Object.keys(readSnapshot(snapshot.text)!.state).toSorted()]).toMatchSnapshot();
  });
});

describe('a long bake', () => {
  it('keeps snapshots, from which status and abort are answered as from the whole journal', async () => {
    const cli = await serving(projectConfig.replace(/(canary: \{[^}]*bake: )\d+s/, '$130m'));
    let entries = 0;
    cli.when(
      (entry) => (entries = entry.seq) >= snapshotEvery + 40,
      () => cli.signal('SIGTERM'),
    );
    await cli.run('deploy --model-version v2.3.0');
    const kept = await cli.store.snapshot(id);
    expect(entries).toBeGreaterThanOrEqual(snapshotEvery);
    expect(kept?.length).toBeGreaterThanOrEqual(snapshotEvery);
    const before = await cli.ask('status');
    expect(before.rollout.observed.ticks).toBeGreaterThan(100);
    await cli.store.keepSnapshot(id, { length: 1, text: '' });
    const whole = await cli.ask('status');
    expect({ ...before, serves: 0, rollout: { ...before.rollout, verdict: 0, metrics: 0 } }).toEqual({
      ...whole,
      serves: 0,
      rollout: { ...whole.rollout, verdict: 0, metrics: 0 },
    });
    await cli.store.keepSnapshot(id, kept!);
    expect((await cli.run('audit verify')).code).toBe(0);
    const from: number[] = [];
    const counting = new Proxy(cli.store, {
      get: (target, name: keyof Store) =>
        name === 'journal'
          ? (rollout: typeof id, first = 0) => {
              from.push(first);
              return target.journal(rollout, first);
            }
          : Reflect.get(target, name),
    });
    const cause = { kind: 'abort', by: 'bob', sentence: 'aborted by bob' } as const;
    const ports = { ...cli.model.ports, clock: cli.clock, store: counting };
    await abort(ports, id, actor('bob'), cause, { alias: 'live', signal: new AbortController().signal });
    // Neither the marker's meaning nor the rollback needs what lies before the snapshot.
    expect(Math.min(...from)).toBe(kept!.length - 1);
    const after = await cli.ask('show r-1');
    expect(after.outcome).toMatchObject({ kind: 'rolled-back' });
  });
});
