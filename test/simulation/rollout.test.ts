import { describe, expect, it } from 'vitest';
import { percent, rolloutId } from '../../src/domain/units.ts';
import { drive } from '../../src/runner/drive.ts';
import { abort, start, takeOver } from '../../src/runner/own.ts';
import { rollBackBlind } from '../../src/runner/roll-back-blind.ts';
import { replay } from '../../src/engine/fold-journal.ts';
import { tick } from '../../src/runner/tick.ts';
import { PlatformError } from '../../src/ports/platform.ts';
import { openMemoryStore } from '../support/memory-store.ts';
import type { CanarySettings } from '../../src/strategies/settings.ts';
import {
  actor,
  Crash,
  type Fault,
  type ModelWorld,
  modelWorld,
  seedRegistry,
  startOf,
  v22,
  v23,
} from '../support/model-world.ts';

const id = rolloutId('r-1');
const never = new AbortController().signal;

async function run(world: ModelWorld, over: Partial<CanarySettings> = {}) {
  const journal = await start(world.ports, id, startOf(over));
  return drive(world.ports, journal, { signal: never });
}

async function statusOf(world: ModelWorld, version: typeof v22) {
  return (await openMemoryStore(world.place).version(version))?.status;
}

/** Registry, alias and journal tell the same story. */
async function expectConsistent(world: ModelWorld, outcome: 'succeeded' | 'rolled-back') {
  const state = replay(id, await openMemoryStore(world.place).journal(id));
  expect(state.outcome?.kind).toBe(outcome);
  const { target, stamp } = world.alias();
  expect(target.weights).toEqual({});
  if (outcome === 'rolled-back') {
    expect(target.functionVersion).toBe('7');
    expect(await statusOf(world, v22)).toBe('champion');
    expect(await statusOf(world, v23)).toBe('rolled_back');
  } else {
    const served = world.variablesOf(target.functionVersion);
    const serves =
      served.MLREG_ROUTE === undefined || served.MLREG_ROUTE === ''
        ? served.MODEL_VERSION
        : JSON.parse(served.MLREG_ROUTE).champion.version;
    expect(serves).toBe(v23);
    expect(await statusOf(world, v23)).toBe('champion');
    expect(await statusOf(world, v22)).toBe('archived');
  }
  const lock = await openMemoryStore(world.place).lock();
  expect(stamp?.token).toBeLessThanOrEqual(lock.token);
  expect(lock.owner).toBeNull();
}

describe('a canary', () => {
  for (const routing of ['sticky', 'weighted'] as const) {
    it(`promotes a healthy challenger, ${routing}`, async () => {
      const world = modelWorld();
      await seedRegistry(world);
      expect(await run(world, { routing })).toMatchObject({ kind: 'ended', outcome: { kind: 'succeeded' } });
      await expectConsistent(world, 'succeeded');
    });

    it(`rolls a failing challenger back, ${routing}`, async () => {
      const world = modelWorld();
      await seedRegistry(world);
      world.behaviour[v23] = { errors: 0.2, latencyMs: 20 };
      expect(await run(world, { routing })).toMatchObject({
        kind: 'ended',
        outcome: { kind: 'rolled-back', cause: { kind: 'verdict' } },
      });
      await expectConsistent(world, 'rolled-back');
    });
  }

  it('rolls a slow challenger back', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    world.behaviour[v23] = { errors: 0, latencyMs: 300 };
    expect(await run(world)).toMatchObject({ kind: 'ended', outcome: { kind: 'rolled-back' } });
    await expectConsistent(world, 'rolled-back');
  });

  it('never passes on no data: holds, and goes back when nobody answers', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    world.requestsPerTick = 0;
    const result = await run(world);
    expect(result).toMatchObject({
      kind: 'ended',
      outcome: { kind: 'rolled-back', cause: { kind: 'held-too-long' } },
    });
    await expectConsistent(world, 'rolled-back');
  });

  it('goes back when metrics stay unreadable, and never calls denied absent', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    world.reading = () => ({ kind: 'unreadable', why: 'cloudwatch:GetMetricData is denied', denied: true });
    expect(await run(world)).toMatchObject({
      kind: 'ended',
      outcome: {
        kind: 'rolled-back',
        cause: {
          kind: 'verdict',
          sentence: 'metrics could not be read for 20s (denied: cloudwatch:GetMetricData is denied)',
        },
      },
    });
    await expectConsistent(world, 'rolled-back');
  });

  it('an incident of both arms blames nobody', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    world.behaviour = { [v22]: { errors: 0.3, latencyMs: 20 }, [v23]: { errors: 0.3, latencyMs: 20 } };
    const journal = await start(world.ports, id, startOf());
    const result = await drive(world.ports, journal, { signal: never });
    const causes =
      result.kind === 'ended' && result.outcome.kind === 'rolled-back' ? result.outcome.cause.kind : 'none';
    expect(causes).toBe('held-too-long');
  });

  it('stops loudly at a foreign edit, and rolls back when told to', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    const journal = await start(world.ports, id, startOf());
    while (journal.state().route?.kind !== 'split') {
      const result = await tick(world.ports, journal);
      if (result.kind === 'again') world.advance(Math.max(1, result.at - world.ports.clock.now()));
    }
    world.meddle({ functionVersion: '7', weights: { 3: 0.5 } });
    const result = await drive(world.ports, journal, { signal: never });
    expect(result).toMatchObject({ kind: 'ended', outcome: { kind: 'stuck' } });
    const cause = { kind: 'abort', by: 'bob', sentence: 'aborted by bob' } as const;
    const aborted = await abort(world.ports, id, actor('bob'), cause, { alias: 'live', signal: never });
    expect(aborted).toMatchObject({ kind: 'ended', outcome: { kind: 'rolled-back' } });
    await expectConsistent(world, 'rolled-back');
  });

  it('steers: pause, traffic up to the plan, promote', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    const journal = await start(world.ports, id, startOf());
    const store = openMemoryStore(world.place);
    const ask = { at: world.ports.clock.now(), by: 'bob', reason: '' };
    while (journal.state().route?.kind !== 'split') {
      const result = await tick(world.ports, journal);
      if (result.kind === 'again') world.advance(Math.max(1, result.at - world.ports.clock.now()));
    }
    await store.post(id, { ...ask, id: '1', kind: 'traffic', percent: percent(80) });
    await store.post(id, { ...ask, id: '2', kind: 'traffic', percent: percent(50) });
    await store.post(id, { ...ask, id: '3', kind: 'pause' });
    await tick(world.ports, journal);
    const answers = (await store.journal(id)).flatMap((entry) =>
      entry.kind === 'request' ? [entry.accepted] : [],
    );
    expect(answers).toEqual([false, true, true]);
    world.advance(30_000);
    await tick(world.ports, journal);
    expect(journal.state().pausedAt).not.toBeNull();
    await store.post(id, { ...ask, id: '4', kind: 'resume' });
    expect(await drive(world.ports, journal, { signal: never })).toMatchObject({
      outcome: { kind: 'succeeded' },
    });
    const shares = (await store.journal(id)).flatMap((entry) =>
      entry.kind === 'intent' && entry.effect.kind === 'set-alias' && entry.effect.route?.kind === 'split'
        ? [entry.effect.route.percent]
        : [],
    );
    expect(shares).toEqual([10, 50]);
    await expectConsistent(world, 'succeeded');
  });
});

/** Runs with one fault at one call; a crash is followed by a new process that takes over and goes on. */
async function withFault(
  bad: boolean,
  index: number,
  fault: Fault,
  routing: 'sticky' | 'weighted',
): Promise<ModelWorld | null> {
  const world = modelWorld();
  await seedRegistry(world);
  if (bad) world.behaviour[v23] = { errors: 0.3, latencyMs: 20 };
  let hit = false;
  world.fault = (at) => {
    if (at !== index) return null;
    hit = true;
    return fault;
  };
  try {
    await run(world, { routing });
  } catch (error) {
    const expected =
      error instanceof Crash ||
      (error instanceof Error && /(no answer|is denied|token is expired)$/.test(error.message));
    if (!expected) throw error;
  }
  if (!hit) return null;
  const entries = await openMemoryStore(world.place).journal(id);
  // Died before the first entry: nothing was changed, nothing is to be resumed.
  if (entries.length === 0) {
    expect(world.alias().target).toEqual({ functionVersion: '7', weights: {} });
    return world;
  }
  const state = replay(id, entries);
  if (state.phase !== 'ended' || state.outcome?.kind === 'stuck') {
    const journal = await takeOver(world.ports, id, actor('cat'), { alias: 'live' });
    await drive(world.ports, journal, { signal: never });
  } else {
    await openMemoryStore(world.place).release(state.token);
  }
  await expectConsistent(world, bad ? 'rolled-back' : 'succeeded');
  return world;
}

describe('exhaustive: one fault at every call, then one resume', () => {
  // What was lost or refused is met by the same code in both; what is published, and where it crashes, isn't.
  const faults = {
    sticky: ['crash-before', 'crash-after', 'error-before', 'lost', 'denied', 'expired'],
    weighted: ['crash-before', 'crash-after', 'lost', 'denied'],
  } as const;
  for (const routing of ['sticky', 'weighted'] as const) {
    for (const bad of [false, true]) {
      it.each(faults[routing])(
        `%s in a ${routing} rollout that ${bad ? 'rolls back' : 'promotes'}`,
        async (fault) => {
          let calls = 0;
          while ((await withFault(bad, calls, fault, routing)) !== null) calls++;
          expect(calls).toBeGreaterThan(60);
        },
      );
    }
  }
});

/** Forward writes of the alias that arrive only when they are let: a network, or a process, that stood still. */
function lateWrites(world: ModelWorld, reply: 'times-out' | 'waits') {
  const { platform } = world.ports;
  const write = platform.writeAlias.bind(platform);
  const pending: (() => Promise<unknown>)[] = [];
  platform.writeAlias = (alias, wish) => {
    if (wish.target.functionVersion === '7') return write(alias, wish);
    if (reply === 'waits') {
      return new Promise((resolve, reject) => pending.push(() => write(alias, wish).then(resolve, reject)));
    }
    pending.push(() => write(alias, wish));
    return Promise.reject(new PlatformError({ kind: 'unknown', message: 'timed out' }));
  };
  return {
    pending,
    arrive: async () => {
      platform.writeAlias = write;
      for (const one of pending) await one();
    },
  };
}

describe('a write that arrives when its rollout has gone back', () => {
  it('of its own owner changes nothing', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    const late = lateWrites(world, 'times-out');
    expect(await run(world)).toMatchObject({
      outcome: { kind: 'rolled-back', cause: { kind: 'step-failed' } },
    });
    expect(late.pending.length).toBeGreaterThan(1);
    await late.arrive();
    await expectConsistent(world, 'rolled-back');
  });

  it('of an older owner, who stood still in the middle of it, changes nothing', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    const late = lateWrites(world, 'waits');
    const old = await start(world.ports, id, startOf());
    let ended: unknown;
    void drive(world.ports, old, { signal: never }).then((result) => (ended = result));
    while (late.pending.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const cause = { kind: 'abort', by: 'bob', sentence: 'aborted by bob' } as const;
    await abort(world.ports, id, actor('bob'), cause, { alias: 'live', signal: never });
    await late.arrive();
    while (ended === undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toMatchObject({ kind: 'lost' });
    await expectConsistent(world, 'rolled-back');
  });

  it('of an older owner, while the new one goes on, changes nothing', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    const late = lateWrites(world, 'waits');
    const old = await start(world.ports, id, startOf());
    void drive(world.ports, old, { signal: never });
    while (late.pending.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const taken = await takeOver(world.ports, id, actor('cat'), { alias: 'live' });
    const driving = drive(world.ports, taken, { signal: never });
    // Both stand still in the very same move now, each with the revision that it carries.
    while (late.pending.length === 1) await new Promise((resolve) => setImmediate(resolve));
    const before = world.alias();
    await late.pending.shift()?.();
    expect(world.alias()).toEqual(before);
    await late.arrive();
    expect(await driving).toMatchObject({ outcome: { kind: 'succeeded' } });
    await expectConsistent(world, 'succeeded');
  });
});

describe('what AWS says and what it does', () => {
  for (const bad of [false, true]) {
    const end = bad ? 'rolled-back' : 'succeeded';
    it(`an acknowledged write that never took effect is tried again: ${end}`, async () => {
      const world = modelWorld();
      await seedRegistry(world);
      if (bad) world.behaviour[v23] = { errors: 0.3, latencyMs: 20 };
      const write = world.ports.platform.writeAlias.bind(world.ports.platform);
      let writes = 0;
      world.ports.platform.writeAlias = (alias, wish) =>
        writes++ % 2 === 0 ? Promise.resolve({ kind: 'written', revisionId: 'said' }) : write(alias, wish);
      await run(world);
      await expectConsistent(world, end);
    });

    it(`a reading that lags behind is no foreign edit: ${end}`, async () => {
      const world = modelWorld();
      await seedRegistry(world);
      if (bad) world.behaviour[v23] = { errors: 0.3, latencyMs: 20 };
      let last = world.alias();
      let reads = 0;
      const read = world.ports.platform.readAlias.bind(world.ports.platform);
      world.ports.platform.readAlias = async (alias) => {
        const stale = last;
        last = await read(alias);
        return reads++ % 3 === 1 ? stale : last;
      };
      await run(world);
      await expectConsistent(world, end);
    });
  }
});

describe('abort', () => {
  it('wins over promote, asked before it or after', async () => {
    for (const isFirst of [true, false]) {
      const world = modelWorld();
      await seedRegistry(world);
      const journal = await start(world.ports, id, startOf());
      while (journal.state().observations.length === 0) {
        const result = await tick(world.ports, journal);
        if (result.kind === 'again') world.advance(Math.max(1, result.at - world.ports.clock.now()));
      }
      const ask = {
        id: '1',
        at: world.ports.clock.now(),
        by: 'ana',
        reason: '',
        kind: 'promote',
        full: true,
      } as const;
      const store = openMemoryStore(world.place);
      const cause = { kind: 'abort', by: 'bob', sentence: 'aborted by bob' } as const;
      if (isFirst) {
        await store.post(id, ask);
        // The owner has read it, and died before it went on.
        await journal.append(ask.at, [
          { kind: 'request', request: ask, accepted: true, answer: 'promotes now' },
        ]);
      }
      const taken = await takeOver(world.ports, id, actor('bob'), { alias: 'live', rollBack: cause });
      if (!isFirst) await store.post(id, ask);
      await drive(world.ports, taken, { signal: never });
      await expectConsistent(world, 'rolled-back');
    }
  });
});

describe('taking over', () => {
  it('ends the old owner: its next write is fenced, and traffic stays home', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    const old = await start(world.ports, id, startOf());
    while (old.state().route?.kind !== 'split') {
      const result = await tick(world.ports, old);
      if (result.kind === 'again') world.advance(Math.max(1, result.at - world.ports.clock.now()));
    }
    const cause = { kind: 'abort', by: 'bob', sentence: 'aborted by bob' } as const;
    expect(await abort(world.ports, id, actor('bob'), cause, { alias: 'live', signal: never })).toMatchObject(
      {
        outcome: { kind: 'rolled-back' },
      },
    );
    expect(await tick(world.ports, old)).toMatchObject({ kind: 'lost' });
    await expectConsistent(world, 'rolled-back');
  });

  it('rolls back with the store out of reach, and writes the journal when it answers again', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    world.behaviour[v23] = { errors: 0.3, latencyMs: 20 };
    const journal = await start(world.ports, id, startOf());
    let outage = 0;
    world.fault = (_index, name) =>
      name === 'store.append' && world.entries.some((entry) => entry.kind === 'rolling-back') && outage++ < 4
        ? 'error-before'
        : null;
    await drive(world.ports, journal, { signal: never });
    expect(outage).toBeGreaterThan(3);
    await expectConsistent(world, 'rolled-back');
  });

  it('goes back by the alias alone where the store is lost, and a later resume repairs the journal', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    const journal = await start(world.ports, id, startOf());
    while (journal.state().route?.kind !== 'split') {
      const result = await tick(world.ports, journal);
      if (result.kind === 'again') world.advance(Math.max(1, result.at - world.ports.clock.now()));
    }
    expect(world.alias().target.functionVersion).not.toBe('7');
    expect(
      await rollBackBlind(world.ports.platform, { alias: 'live', green: null }, { writer: '0a0a0a0a' }),
    ).toMatchObject({
      kind: 'set',
    });
    expect(world.alias().target).toEqual({ functionVersion: '7', weights: {} });
    const late = world.alias().revisionId;
    // The old owner's carried revision is dead: it notices at its next write, and never moves traffic again.
    world.advance(20_000);
    const result = await drive(world.ports, journal, { signal: never });
    expect(result.kind).toBe('lost');
    expect(world.alias().revisionId).toBe(late);
    const again = await takeOver(world.ports, id, actor('cat'), { alias: 'live' });
    expect(await drive(world.ports, again, { signal: never })).toMatchObject({
      outcome: { kind: 'rolled-back' },
    });
    await expectConsistent(world, 'rolled-back');
  });
});
