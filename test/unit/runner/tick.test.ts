import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/domain/journal.ts';
import { rolloutId } from '../../../src/domain/units.ts';
import { drive } from '../../../src/runner/drive.ts';
import type { JournalWriter } from '../../../src/runner/journal-writer.ts';
import { start, takeOver } from '../../../src/runner/own.ts';
import { tick } from '../../../src/runner/tick.ts';
import { openMemoryStore } from '../../support/memory-store.ts';
import {
  actor,
  Crash,
  type ModelWorld,
  modelWorld,
  seedRegistry,
  startOf,
} from '../../support/model-world.ts';
import { on } from '../engine/story.ts';

const id = rolloutId('r-1');
const never = new AbortController().signal;

/** A rollout that bakes its first share, and the journal as its owner has it. */
async function baking(): Promise<{ readonly world: ModelWorld; readonly journal: JournalWriter }> {
  const world = modelWorld();
  await seedRegistry(world);
  const journal = await start(world.ports, id, startOf());
  while (journal.state().observations.length === 0) {
    const result = await tick(world.ports, journal);
    if (result.kind !== 'again') throw new Error(result.kind);
    world.advance(1_000);
  }
  world.calls.length = 0;
  return { world, journal };
}

describe('an owner that was taken over', () => {
  it.each([
    ['at its heartbeat', 6_000],
    ['between two heartbeats', 1_000],
  ])('asks and does nothing more, %s', async (_when, ms) => {
    const { world, journal } = await baking();
    const store = openMemoryStore(world.place);
    await takeOver({ ...world.ports, store }, id, actor('bob'), { alias: 'live' });
    world.calls.length = 0;
    world.advance(ms);
    expect(await tick(world.ports, journal)).toEqual({
      kind: 'lost',
      by: 'bob on here (pid 1, mlreg deploy)',
    });
    expect(world.calls.filter((name) => !/^store\.(lock|beat)$/.test(name))).toEqual([]);
  });

  it('of which the alias alone tells lets go of the lock', async () => {
    const { world, journal } = await baking();
    const { stamp } = world.alias();
    if (stamp === undefined) throw new Error('the alias has no marker');
    world.makeAlias('live', world.alias().target, { ...stamp, token: 9 });
    await journal.append(world.ports.clock.now(), [
      { kind: 'rolling-back', cause: { kind: 'abort', by: 'bob', sentence: 'aborted by bob' } },
    ]);
    expect(await tick(world.ports, journal)).toEqual({ kind: 'lost', by: 'token 9 on the alias' });
    expect((await openMemoryStore(world.place).lock()).owner).toBeNull();
  });
});

describe('an owner that lives', () => {
  it.each([
    ['after 5 s', 5_000],
    ['when its clock was set back', -60_000],
  ])('shows it %s', async (_when, ms) => {
    const { world, journal } = await baking();
    const { beat } = await openMemoryStore(world.place).lock();
    world.reading = () => ({ kind: 'read', observations: [] });
    world.advance(ms);
    await tick(world.ports, journal);
    expect(world.calls[0]).toBe('store.beat');
    expect((await openMemoryStore(world.place).lock()).beat).toBeGreaterThan(beat);
  });
});

describe('an effect', () => {
  it('stands in the journal before it is sent', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    const journal = await start(world.ports, id, startOf());
    world.fault = (_index, name) => (name === 'writeAlias' ? 'crash-before' : null);
    await expect(tick(world.ports, journal)).rejects.toThrow(Crash);
    const last = (await openMemoryStore(world.place).journal(id)).at(-1);
    expect(last).toMatchObject({ kind: 'intent', effect: { kind: 'set-alias', purpose: 'fence' } });
  });

  it('is not begun by an owner that was interrupted', async () => {
    const { world, journal } = await baking();
    const before = world.alias().revisionId;
    const interrupted = AbortSignal.abort();
    world.advance(60_000);
    expect(await tick(world.ports, journal, interrupted)).toMatchObject({ why: 'interrupted' });
    expect(world.alias().revisionId).toBe(before);
    expect(journal.state().step).toBe(world.states.at(-1)?.step);
  });
});

describe('a bake', () => {
  it('does not pass on what was seen at the share before it', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    const isLast = (entry: Entry): boolean => entry.kind === 'step-done' && entry.note === 'v2.3.0 gets 50 %';
    const ports = {
      ...world.ports,
      onEntry: (entry: Entry) => {
        if (isLast(entry)) world.reading = () => ({ kind: 'read', observations: [] });
      },
    };
    const result = await drive(ports, await start(ports, id, startOf()), { signal: never });
    expect(result).toMatchObject({ outcome: { kind: 'rolled-back', cause: { kind: 'held-too-long' } } });
    expect(world.alias().target).toEqual(on('7'));
  });
});
