import { describe, expect, it } from 'vitest';
import { lap } from '../../src/controller/lap.ts';
import type { Lap, Post } from '../../src/controller/watched.ts';
import { controllerCommand } from '../../src/domain/controller.ts';
import { percent, rolloutId } from '../../src/domain/units.ts';
import { drive } from '../../src/runner/drive.ts';
import { type Start, start } from '../../src/runner/own.ts';
import { replay } from '../../src/engine/fold-journal.ts';
import type { RolloutState } from '../../src/engine/state.ts';
import { openMemoryStore } from '../support/memory-store.ts';
import { blueGreen } from '../../src/strategies/blue-green.ts';
import {
  actor,
  blueGreenSettings,
  Crash,
  type Fault,
  type ModelWorld,
  modelWorld,
  policy,
  seedRegistry,
  startOf,
  v22,
  v23,
} from '../support/model-world.ts';
import { memorySightings } from '../../src/store/sightings.ts';
import { expectConsistent } from '../support/controller.ts';

const id = rolloutId('r-1');
const never = new AbortController().signal;
const controller = { ...actor('controller'), host: 'lambda', command: controllerCommand };

/** As a Lambda that starts cold each time: nothing but the store, and what was seen of the lock, lives on. */
const coldPost = (world: ModelWorld, sightings: Post['sightings']): Post => ({
  ports: world.ports,
  sightings,
  actor: controller,
  silenceMs: 12_000,
  isAlive: () => 'unknown',
});

const isExpected = (error: unknown): boolean =>
  error instanceof Crash || (error instanceof Error && /(no answer|is denied)$/.test(error.message));

/** Laps, each as late as the one before asked for, until there is nothing to drive; after a crash in a new process. */
async function laps(world: ModelWorld, most = 400): Promise<readonly Lap[]> {
  const sightings = memorySightings();
  const done: Lap[] = [];
  let post = coldPost(world, sightings);
  while (done.length < most) {
    try {
      const result = await lap(post, true);
      done.push(result);
      if (result.kind === 'rest') return done;
      const { at = 0 } = result as { at?: number };
      world.advance(Math.max(1_000, at - world.ports.clock.now()));
    } catch (error) {
      if (!isExpected(error)) throw error;
      // Step Functions tries again.
      world.advance(5_000);
      post = coldPost(world, sightings);
    }
  }
  throw new Error('the controller drives on and on');
}

/** Longer than the controller waits for an owner that died while it made the endpoint. */
const provisionTimeoutMs = 600_000;

/** Short, for it is gone some thousand times. */
const wanted = startOf({
  steps: [percent(50)],
  bakeMs: 4_000,
  provisionTimeoutMs,
  policy: { ...policy, minimumBakeMs: 2_000, minimumTicks: 2, steps: [{ percent: 50, ticks: 4 }] },
});

/** Swaps the stage, and swaps it back. */
const swapping: Start = {
  ...wanted,
  plan: blueGreen(
    blueGreenSettings({
      bakeMs: 4_000,
      provisionTimeoutMs,
      finalBakeMs: 4_000,
      policy: {
        ...policy,
        minimumBakeMs: 2_000,
        minimumTicks: 2,
        steps: [10, 100].map((share) => ({ percent: share, ticks: 4 })),
      },
    }),
  ),
  deploymentId: 'd-0',
};

/** Whoever comes by either alias meets the same version. */
function expectStageAtRest(world: ModelWorld): void {
  expect(world.stage().alias).toBe('live');
  const written = world.alias('green').stamp !== undefined;
  if (written)
    expect(world.alias('green').target.functionVersion).toBe(world.alias('live').target.functionVersion);
}

async function begun(bad: boolean): Promise<ModelWorld> {
  const world = modelWorld();
  await seedRegistry(world);
  if (bad) world.behaviour[v23] = { errors: 0.3, latencyMs: 20 };
  return world;
}

const stateIn = async (world: ModelWorld): Promise<RolloutState> =>
  replay(id, await openMemoryStore(world.place).journal(id));

/** A deploy that one fault befalls; whatever became of it, laps and nothing else bring it to its end. */
async function orphaned(bad: boolean, index: number, fault: Fault, what: Start = wanted): Promise<boolean> {
  const world = await begun(bad);
  let hit = false;
  world.fault = (at) => {
    if (at !== index) return null;
    hit = true;
    return fault;
  };
  try {
    await drive(world.ports, await start(world.ports, id, what), { signal: never });
  } catch (error) {
    if (!isExpected(error)) throw error;
  }
  if (!hit) return false;
  await laps(world);
  if ((await openMemoryStore(world.place).journal(id)).length > 0) {
    await expectConsistent(world, id, bad ? 'rolled-back' : 'succeeded', { mayKeepLock: true });
    expectStageAtRest(world);
  } else expect(world.alias().target).toEqual({ functionVersion: '7', weights: {} });
  return true;
}

/** A detached deploy, driven by laps alone, one of which a fault befalls. */
async function detached(
  bad: boolean,
  index: number,
  fault: Fault | null,
  what: Start = wanted,
): Promise<ModelWorld | null> {
  const world = await begun(bad);
  const journal = await start(world.ports, id, what);
  await world.ports.store.release(journal.token);
  const before = world.calls.length;
  let hit = fault === null;
  world.fault = (at) => {
    if (fault === null || at !== before + index) return null;
    hit = true;
    return fault;
  };
  await laps(world);
  if (!hit) return null;
  await expectConsistent(world, id, bad ? 'rolled-back' : 'succeeded');
  expectStageAtRest(world);
  return world;
}

const fences = (world: ModelWorld): number =>
  world.entries.filter(
    (entry) =>
      entry.kind === 'intent' && entry.effect.kind === 'set-alias' && entry.effect.purpose === 'fence',
  ).length;

describe('the controller, and a rollout that swaps the stage', () => {
  for (const bad of [false, true]) {
    const end = bad ? 'rolls back' : 'promotes';
    it.each(['crash-before', 'crash-after', 'lost'] as const)(
      `${end} what an owner left after a %s at any call`,
      async (fault) => {
        let calls = 0;
        while (await orphaned(bad, calls, fault, swapping)) calls++;
        expect(calls).toBeGreaterThan(60);
      },
    );
  }

  it.each(['crash-after', 'denied'] as const)(
    'promotes it though a %s befalls any call of its laps',
    async (fault) => {
      let calls = 0;
      while ((await detached(false, calls, fault, swapping)) !== null) calls++;
      expect(calls).toBeGreaterThan(80);
    },
  );
});

describe('the controller', () => {
  for (const bad of [false, true]) {
    const end = bad ? 'rolls back' : 'promotes';
    it(`${end} what was detached, with one fence for all its laps`, async () => {
      const world = await detached(bad, 0, null);
      expect(world === null ? 0 : fences(world)).toBe(1);
      const owners = world?.entries.filter(({ kind }) => kind === 'owned');
      expect(owners).toHaveLength(1);
      // Each lap under a token of its own.
      expect(new Set(world?.entries.map(({ token }) => token)).size).toBeGreaterThan(3);
    });

    for (const fault of ['crash-before', 'crash-after', 'error-before', 'lost'] as const) {
      it(`${end} what an owner left after a ${fault} at any call`, async () => {
        let calls = 0;
        while (await orphaned(bad, calls, fault)) calls++;
        expect(calls).toBeGreaterThan(60);
      });

      it(`${end} though a ${fault} befalls any call of its laps`, async () => {
        let calls = 0;
        while ((await detached(bad, calls, fault)) !== null) calls++;
        expect(calls).toBeGreaterThan(80);
      });
    }
  }

  it('leaves a rollout to whoever came between its looking and its taking', async () => {
    const world = await begun(false);
    const journal = await start(world.ports, id, wanted);
    await world.ports.store.release(journal.token);
    const { store } = world.ports;
    const seen = await store.lock();
    const bob = actor('bob');
    const racing: Post = {
      ...coldPost(world, memorySightings()),
      ports: {
        ...world.ports,
        store: {
          ...openMemoryStore(world.place),
          lock: async () => {
            const now = await openMemoryStore(world.place).lock();
            if (now.token === seen.token)
              await store.acquire({ owner: bob, rollout: id, takeOver: true, at: world.ports.clock.now() });
            return now;
          },
        },
      },
    };
    expect(await lap(racing, true)).toMatchObject({ kind: 'lost', by: 'bob' });
    expect(await openMemoryStore(world.place).lock()).toMatchObject({ owner: bob, token: seen.token + 1 });
  });

  it('of two laps at once one writes, and the other stops', async () => {
    const world = await begun(false);
    const journal = await start(world.ports, id, wanted);
    await world.ports.store.release(journal.token);
    const one = memorySightings();
    for (let pairs = 0; pairs < 200; pairs++) {
      const results = await Promise.all([
        lap(coldPost(world, one), true).catch((error: unknown) => error),
        lap(coldPost(world, one), true).catch((error: unknown) => error),
      ]);
      for (const result of results) if (result instanceof Error) throw result;
      if ((results as Lap[]).every(({ kind }) => kind === 'rest')) break;
      world.advance(1_000);
    }
    await expectConsistent(world, id, 'succeeded');
  });

  it('holds what a person paused: judges on, and rolls back, but moves nobody up', async () => {
    for (const bad of [false, true]) {
      const world = await begun(false);
      const journal = await start(world.ports, id, wanted);
      await world.ports.store.release(journal.token);
      const store = openMemoryStore(world.place);
      const sightings = memorySightings();
      while ((await stateIn(world)).route?.kind !== 'split') {
        await lap(coldPost(world, sightings), true);
        world.advance(1_000);
      }
      await store.post(id, { id: 'q', at: world.ports.clock.now(), by: 'ana', reason: '', kind: 'pause' });
      if (bad) world.behaviour[v23] = { errors: 0.3, latencyMs: 20 };
      for (let seconds = 0; seconds < 40; seconds++) {
        await lap(coldPost(world, sightings), true);
        world.advance(1_000);
      }
      const state = await stateIn(world);
      if (bad) {
        expect(state.outcome).toMatchObject({ kind: 'rolled-back', cause: { kind: 'verdict' } });
      } else {
        expect(state).toMatchObject({ outcome: null, route: { percent: 50 } });
        expect(state.observations.length).toBeGreaterThan(30);
        expect(world.alias().target.functionVersion).not.toBe('7');
      }
      expect((await store.version(v22))?.status).toBe('champion');
    }
  });
});
