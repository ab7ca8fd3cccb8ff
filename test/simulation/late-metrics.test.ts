import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { observationLines } from '../../src/commands/export-observations.ts';
import { readRecording } from '../../src/commands/observations.ts';
import { lap } from '../../src/controller/lap.ts';
import type { Post } from '../../src/controller/watched.ts';
import { controllerCommand } from '../../src/domain/controller.ts';
import type { ArmTick } from '../../src/domain/observation.ts';
import { instant, rolloutId } from '../../src/domain/units.ts';
import type { ArmServed, Metrics, MetricsQuery, ServedCount } from '../../src/ports/index.ts';
import type { PendingStore } from '../../src/ports/pending.ts';
import { drive } from '../../src/runner/drive.ts';
import { start, takeOver } from '../../src/runner/own.ts';
import { replay } from '../../src/engine/fold-journal.ts';
import type { RolloutState } from '../../src/engine/state.ts';
import { tick } from '../../src/runner/tick.ts';
import { openMemoryStore } from '../support/memory-store.ts';
import { memoryPending } from '../../src/store/pending.ts';
import { memorySightings } from '../../src/store/sightings.ts';
import { actor, type ModelWorld, modelWorld, seedRegistry, startOf } from '../support/model-world.ts';

const id = rolloutId('r-1');
const never = new AbortController().signal;

interface Lag {
  readonly champion: number;
  readonly challenger: number;
}

/** Metrics that show each tick so long after its end; `errors` is the challenger's share of failed requests. */
function lateWorld(lag: Lag, errors: number): ModelWorld {
  const world = modelWorld();
  const arm = (query: MetricsQuery, at: number, of: keyof Lag): ArmTick | null => {
    if (query[of] === null) return null;
    const share = Number(query.plannedPercent) / 100;
    const all = Math.round(400 * (of === 'challenger' ? share : 1 - share));
    const requests = at + lag[of] <= world.ports.clock.now() ? all : 0;
    const failed = of === 'challenger' ? Math.round(requests * errors) : 0;
    return { requests, errors: failed, throttles: 0 };
  };
  world.reading = (query) => ({
    kind: 'read',
    observations: Array.from({ length: (query.to - query.from) / query.tickMs }, (_, i) => {
      const at = instant(query.from + (i + 1) * query.tickMs);
      return {
        at,
        tickMs: query.tickMs,
        plannedPercent: Number(query.plannedPercent),
        champion: arm(query, at, 'champion'),
        challenger: arm(query, at, 'challenger'),
      };
    }),
  });
  return world;
}

const horizonMs = 60_000;
const lags: readonly [string, Lag][] = [
  ['nothing is late', { champion: 0, challenger: 0 }],
  ['both arms are late', { champion: 20_000, challenger: 20_000 }],
  ['the challenger is late', { champion: 0, challenger: 30_000 }],
  ['the champion is late', { champion: 30_000, challenger: 0 }],
];

describe.each(lags)('%s', (_name, lag) => {
  it('a challenger that fails all requests is rolled back by its verdict', async () => {
    const world = lateWorld(lag, 1);
    await seedRegistry(world);
    const journal = await start(world.ports, id, startOf({ horizonMs }));
    expect(await drive(world.ports, journal, { signal: never })).toMatchObject({
      kind: 'ended',
      outcome: {
        kind: 'rolled-back',
        cause: { kind: 'verdict', sentence: expect.stringContaining('fail') as string },
      },
    });
    expect(world.alias().target).toEqual({ functionVersion: '7', weights: {} });
  });

  it('a healthy one is promoted on whole ticks alone, however often another process takes it up', async () => {
    const [whole, parts] = [lateWorld(lag, 0), lateWorld(lag, 0)];
    for (const world of [whole, parts]) await seedRegistry(world);
    const journal = await start(whole.ports, id, startOf({ horizonMs }));
    expect(await drive(whole.ports, journal, { signal: never })).toMatchObject({
      outcome: { kind: 'succeeded' },
    });

    let own = await start(parts.ports, id, startOf({ horizonMs }));
    for (let looks = 1; ; looks++) {
      const result = await tick(parts.ports, own);
      if (result.kind === 'ended') {
        expect(result.outcome.kind).toBe('succeeded');
        break;
      }
      if (result.kind !== 'again' || looks > 3_000) throw new Error(`${result.kind} after ${looks} looks`);
      await parts.ports.clock.sleepUntil(result.at);
      if (looks % 40 === 0) {
        // What a process remembers of its looks dies with it.
        Object.assign(parts.ports, { metrics: { ...parts.ports.metrics } });
        own = await takeOver(parts.ports, id, actor(), { alias: 'live' });
      }
    }
    const tableOf = async (world: ModelWorld) =>
      replay(id, await openMemoryStore(world.place).journal(id)).observations;
    for (const world of [whole, parts]) {
      for (const { champion, challenger, straddlesChange } of await tableOf(world)) {
        if (straddlesChange === true) continue;
        expect((champion?.requests ?? 0) + (challenger?.requests ?? 0)).toBeGreaterThanOrEqual(
          champion === null ? 1 : 400,
        );
      }
    }
  });
});

describe('metrics that arrive after their tick was entered as silent', () => {
  const settings = { horizonMs: 20_000, settleMs: 4_000, extendMs: 3_600_000, maxHoldMs: 3_600_000 };
  const driven = async (world: ModelWorld): Promise<RolloutState> => {
    await seedRegistry(world);
    const journal = await start(world.ports, id, startOf(settings));
    const until = instant(world.ports.clock.now() + 600_000);
    await drive(world.ports, journal, { signal: never, until });
    return replay(id, await openMemoryStore(world.place).journal(id));
  };
  /** Of the challenger, by the journal alone: in ticks, and of what came late. */
  const requestsOf = ({ observations }: RolloutState) => ({
    inTicks: observations.reduce((sum, { challenger }) => sum + (challenger?.requests ?? 0), 0),
    late: observations.reduce(
      (sum, { late = [] }) =>
        sum + late.reduce((all, { challenger }) => all + (challenger?.requests ?? 0), 0),
      0,
    ),
  });

  it.each([
    ['all requests fail, the challenger is late', 1, { champion: 0, challenger: 40_000 }],
    ['all requests fail, both arms are late', 1, { champion: 40_000, challenger: 40_000 }],
    ['30 % of requests fail, the challenger is late', 0.3, { champion: 0, challenger: 40_000 }],
    ['30 % of requests fail, both arms are late', 0.3, { champion: 40_000, challenger: 40_000 }],
  ] as const)('roll back where %s', async (_name, errors, lag) => {
    const state = await driven(lateWorld(lag, errors));
    expect(requestsOf(state).inTicks).toBe(0);
    expect(state.rollback?.cause).toMatchObject({
      kind: 'verdict',
      sentence: expect.stringMatching(/fail/) as string,
    });
    const moved = state.stepsDone.find(({ step }) => state.plan.steps[step]?.kind === 'route')?.at ?? NaN;
    expect((state.rollback?.at ?? Infinity) - moved).toBeLessThanOrEqual(80_000);
  });

  it('count each request once, in the order of arrival, and roll a healthy version not back', async () => {
    const state = await driven(lateWorld({ champion: 0, challenger: 40_000 }, 0.001));
    expect(state.rollback).toBeNull();
    const { inTicks, late } = requestsOf(state);
    expect(inTicks).toBe(0);
    const ticks = state.observations.flatMap(({ late: arrived = [] }) => arrived.map(({ at }) => at));
    expect(new Set(ticks).size).toBe(ticks.length);
    expect(late).toBe(40 * ticks.length);
    expect(ticks.length).toBeGreaterThan(300);
    for (const { at, late: arrived = [] } of state.observations)
      for (const tick of arrived) expect(at - tick.at).toBeGreaterThanOrEqual(20_000);
  });

  it('are the same observations when they are exported and read again', async () => {
    const world = lateWorld({ champion: 0, challenger: 40_000 }, 0.3);
    const { observations } = await driven(world);
    const lines = [...observationLines(id, await openMemoryStore(world.place).journal(id))];
    const { ticks } = await readRecording(Readable.from(lines), 'recorded');
    const read = [];
    for await (const { observation } of ticks) read.push(observation);
    expect(read).toEqual(observations);
    expect(read.some(({ late }) => late !== undefined)).toBe(true);
  });
});

/**
 * Passes of a controller, each as late as the one before asked for, and each in a new process: it remembers nothing but
 * what lies in the store and beside it.
 */
async function coldPasses(world: ModelWorld, pending: PendingStore, most = 400): Promise<RolloutState> {
  const sightings = memorySightings();
  const { metrics, ...ports } = world.ports;
  for (let passes = 0; passes < most; passes++) {
    const post: Post = {
      ports: { ...ports, metrics: { ...metrics }, pending },
      sightings,
      actor: { ...actor('controller'), host: 'lambda', command: controllerCommand },
      silenceMs: 12_000,
      isAlive: () => 'unknown',
    };
    const result = await lap(post, true);
    if (result.kind === 'rest') break;
    world.advance(Math.max(1_000, ('at' in result ? result.at : 0) - world.ports.clock.now()));
  }
  return replay(id, await openMemoryStore(world.place).journal(id));
}

describe('a controller whose process is new at every pass', () => {
  const settings = { settleMs: 20_000, horizonMs: 900_000, bakeMs: 60_000, extendMs: 1_800_000 };
  const detached = async (errors: number, lag = 0): Promise<ModelWorld> => {
    const world = lateWorld({ champion: lag, challenger: lag }, errors);
    await seedRegistry(world);
    const { token } = await start(world.ports, id, startOf(settings));
    await world.ports.store.release(token);
    return world;
  };
  /** How long the failing version had users, in seconds. */
  const exposedFor = ({ rollback, stepsDone, plan }: RolloutState): number => {
    const moved = stepsDone.find(({ step }) => plan.steps[step]?.kind === 'route')?.at ?? NaN;
    return rollback === null ? Infinity : (rollback.at - moved) / 1_000;
  };

  it.each([
    ['nothing is late', 0],
    ['metrics are 15 s late', 15_000],
  ])('rolls a version that fails 30 percent of requests back within a minute: %s', async (_when, lag) => {
    const state = await coldPasses(await detached(0.3, lag), memoryPending());
    expect(state.outcome).toMatchObject({ kind: 'rolled-back', cause: { kind: 'verdict' } });
    expect(exposedFor(state)).toBeLessThanOrEqual(60);
    // The share of users at that time.
    expect(state.observations.at(-1)?.plannedPercent).toBe(10);
  });

  it('waits for the horizon where nothing can be kept for the next process, and rolls back then', async () => {
    const broken: PendingStore = {
      last: () => Promise.reject(new Error('out')),
      keep: () => Promise.reject(new Error('out')),
    };
    const state = await coldPasses(await detached(0.3), broken, 1_200);
    expect(state.outcome).toMatchObject({ kind: 'rolled-back' });
    expect(exposedFor(state)).toBeGreaterThan(900);
  });

  it('promotes a healthy one on the same evidence as one process that lives on', async () => {
    const [warm, cold] = [await detached(0, 15_000), await detached(0, 15_000)];
    const own = await takeOver(warm.ports, id, actor(), { alias: 'live' });
    await drive(warm.ports, own, { signal: never });
    const lived = replay(id, await openMemoryStore(warm.place).journal(id));
    const state = await coldPasses(cold, memoryPending(), 1_200);
    expect([lived.outcome?.kind, state.outcome?.kind]).toEqual(['succeeded', 'succeeded']);
    const whole = (each: RolloutState) =>
      each.observations
        .filter(({ straddlesChange, champion }) => straddlesChange !== true && champion !== null)
        .map(({ champion, challenger, plannedPercent }) => ({ champion, challenger, plannedPercent }));
    const length = Math.min(whole(lived).length, whole(state).length);
    expect(length).toBeGreaterThan(100);
    for (const { champion, challenger } of whole(state))
      expect((champion?.requests ?? 0) + (challenger?.requests ?? 0)).toBe(400);
  });
});

/** What AWS itself counts, by ten seconds: the function's invocations, and what each endpoint was asked and failed. */
type Counts = (
  at: number,
  champion: boolean,
) => { readonly function: number; readonly endpoint: number; readonly failed: number };

/** Metrics that come half an hour late, but for those of test requests and AWS's own counts. */
function blindWorld(counts: Counts, errors: number): ModelWorld {
  const lag = 1_800_000;
  const world = lateWorld({ champion: lag, challenger: lag }, errors);
  const { now } = world.ports.clock;
  const periodMs = 10_000;
  const seen: Pick<Metrics, 'probe' | 'probeSeen' | 'served'> = {
    probe: async () => ({ kind: 'sent', at: now() }),
    probeSeen: async () => true,
    served: async ({ champion, challenger, to }) => {
      const end = Math.floor(to / periodMs) * periodMs;
      return Array.from({ length: 180 }, (_, i): ServedCount => {
        const at = end - (179 - i) * periodMs;
        const arm = (of: unknown, isChampion: boolean): ArmServed | null => {
          const { endpoint, failed } = counts(at, isChampion);
          return of === null ? null : { endpoint, failed, compared: 0, apart: 0 };
        };
        return {
          at: instant(at),
          periodMs,
          function: counts(at, true).function,
          turnedAway: 0,
          champion: arm(champion, true),
          challenger: arm(challenger, false),
        };
      });
    },
  };
  Object.assign(world.ports, { metrics: { ...world.ports.metrics, ...seen } });
  return world;
}

describe('metrics half an hour late, while test requests and AWS’s own counts are in time', () => {
  const settings = {
    settleMs: 4_000,
    horizonMs: 60_000,
    unreadableMs: 30_000,
    extendMs: 30_000,
    maxHoldMs: 86_400_000,
  };
  const users =
    (failing: number): Counts =>
    (_, isChampion) => ({
      function: 4_000,
      endpoint: isChampion ? 3_600 : 400,
      failed: isChampion ? 0 : 400 * failing,
    });
  const driven = async (world: ModelWorld, forMs: number): Promise<RolloutState> => {
    await seedRegistry(world);
    const journal = await start(world.ports, id, startOf(settings));
    await drive(world.ports, journal, {
      signal: never,
      until: instant(world.ports.clock.now() + forMs),
    });
    return replay(id, await openMemoryStore(world.place).journal(id));
  };
  const movedAt = ({ stepsDone, plan }: RolloutState): number =>
    stepsDone.find(({ step }) => plan.steps[step]?.kind === 'route')?.at ?? NaN;

  it.each([0.4, 0])('roll back once the patience is over: %d of requests fail', async (failing) => {
    const state = await driven(blindWorld(users(failing), failing), 600_000);
    expect(state.rollback?.cause).toMatchObject({
      kind: 'verdict',
      sentence: expect.stringMatching(
        /^metrics could not be read for 30s .*show no request of v2.3.0 .*AWS counted/,
      ) as string,
    });
    expect(state.rollback!.at - movedAt(state)).toBeLessThanOrEqual(120_000);
    expect(state.outcome).toMatchObject({ kind: 'rolled-back', harm: 'not known' });
  });

  it('roll back within a minute where the endpoint answers everybody with 5xx', async () => {
    const state = await driven(blindWorld(users(1), 1), 600_000);
    expect(state.rollback?.cause).toMatchObject({
      sentence: expect.stringMatching(/endpoint answered .* with 5xx, the champion’s 0 of/) as string,
    });
    expect(state.rollback!.at - movedAt(state)).toBeLessThanOrEqual(60_000);
    expect(state.outcome).toMatchObject({ harmedRequests: 1_200 });
  });

  it('are a controller’s as well, whose process is new at every pass', async () => {
    const world = blindWorld(users(0.4), 0.4);
    await seedRegistry(world);
    const { token } = await start(world.ports, id, startOf(settings));
    await world.ports.store.release(token);
    const state = await coldPasses(world, memoryPending());
    expect(state.rollback?.cause).toMatchObject({
      sentence: expect.stringContaining('show no request of v2.3.0') as string,
    });
  });

  it.each<[string, Counts]>([
    ['nobody calls', () => ({ function: 0, endpoint: 0, failed: 0 })],
    ['a batch job calls the endpoints', () => ({ function: 0, endpoint: 100, failed: 100 })],
    ['the function is asked for its health', () => ({ function: 10, endpoint: 0, failed: 0 })],
  ])('send nobody back in a quiet night in which %s', async (_what, counts) => {
    const world = blindWorld(counts, 0);
    const state = await driven(world, 900_000);
    expect([state.rollback, state.unreadable]).toEqual([null, null]);
    expect(state.observations.at(-1)?.quiet).toBe(true);
    expect(state.heldWhy).toContain('nobody calls either version');
  });
});
