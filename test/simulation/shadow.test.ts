import { describe, expect, it } from 'vitest';
import { instant, rolloutId } from '../../src/domain/units.ts';
import { PlatformError } from '../../src/ports/platform.ts';
import { drive } from '../../src/runner/drive.ts';
import { abort, start, takeOver } from '../../src/runner/own.ts';
import { replay } from '../../src/engine/fold-journal.ts';
import { tick } from '../../src/runner/tick.ts';
import { openMemoryStore } from '../support/memory-store.ts';
import type { ShadowSettings } from '../../src/strategies/settings.ts';
import { shadow } from '../../src/strategies/shadow.ts';
import {
  actor,
  Crash,
  type Fault,
  type ModelWorld,
  modelWorld,
  seedRegistry,
  shadowSettings,
  startOf,
  v22,
  v23,
} from '../support/model-world.ts';

const id = rolloutId('r-1');
const never = new AbortController().signal;
const endpoint = 'recommendation-local-v2-3-0-bbbbbbbb';

async function seeded(): Promise<ModelWorld> {
  const world = modelWorld();
  await seedRegistry(world);
  world.differences = [
    {
      requestId: 'q-1',
      at: instant(0),
      direction: 'up',
      champion: 'a',
      challenger: 'b',
      distance: 0.4,
      shown: {},
    },
  ];
  return world;
}

const startShadow = (world: ModelWorld, over: Partial<ShadowSettings> = {}) =>
  start(world.ports, id, { ...startOf(), plan: shadow(shadowSettings(over)) });

async function run(world: ModelWorld, over: Partial<ShadowSettings> = {}) {
  return drive(world.ports, await startShadow(world, over), { signal: never });
}

const stateOf = async (world: ModelWorld) => replay(id, await openMemoryStore(world.place).journal(id));

/** The champion serves alone, as it did before; the challenger was nobody's answer, and its label says how it fared. */
async function expectOver(world: ModelWorld, passed: boolean, kept = false) {
  const store = openMemoryStore(world.place);
  const state = await stateOf(world);
  expect(state.outcome?.kind).toBe(passed ? 'succeeded' : 'rolled-back');
  expect(world.alias().target).toEqual({ functionVersion: '7', weights: {} });
  expect(await store.version(v22)).toMatchObject({ status: 'champion', functionVersion: '7' });
  const challenger = await store.version(v23);
  expect(challenger?.status).toBe(passed ? 'candidate' : 'rolled_back');
  const isRetired = passed && !kept;
  expect(challenger?.tombstone?.endpoint).toBe(isRetired ? endpoint : undefined);
  // What could not be taken down is left to gc, which finds it by this.
  if (isRetired)
    expect(challenger?.retiredAt !== undefined).toBe(world.endpoints.get(endpoint) === undefined);
  expect((await store.lock()).owner).toBeNull();
  return state;
}

describe('a shadow', () => {
  it('that agrees enough passes at its end, with a report, and its challenger is taken down', async () => {
    const world = await seeded();
    expect(await run(world)).toMatchObject({
      outcome: { kind: 'succeeded', sentence: 'v2.3.0 passed in shadow: 10 % of 1000 answers differ' },
    });
    const state = await expectOver(world, true);
    expect(state.report?.rows).toEqual([{ direction: 'up', champion: 'a', challenger: 'b', count: 1 }]);
    expect(world.endpoints.get(endpoint)).toBeUndefined();
    // No early end: nobody is exposed, and whoever wants eight hours of copies gets them.
    expect(
      state.stepsDone.find(({ step }) => state.plan.steps[step]?.kind === 'bake')?.tookMs,
    ).toBeGreaterThanOrEqual(10_000);
  });

  it('keeps its challenger where that was asked for', async () => {
    const world = await seeded();
    await run(world, { keep: true });
    await expectOver(world, true, true);
    expect(world.endpoints.get(endpoint)).toBe('in-service');
  });

  it.each<[string, (world: ModelWorld) => void, RegExp]>([
    [
      'differs too often',
      (world) => (world.disagreement = 0.6),
      /^6\d % of the answers differ, 30 % allowed: 1 in /,
    ],
    ['fails', (world) => (world.behaviour[v23] = { errors: 0.3, latencyMs: 20 }), /errors/],
    [
      'is slow',
      (world) => (world.behaviour[v23] = { errors: 0, latencyMs: 300 }),
      /(slower|latency|p50|p95|p99|ms)/,
    ],
  ])('whose challenger %s fails, with a report, and has harmed nobody', async (_, spoil, why) => {
    const world = await seeded();
    spoil(world);
    const result = await run(world);
    expect(result).toMatchObject({
      outcome: { kind: 'rolled-back', cause: { kind: 'verdict' }, harmedRequests: 0 },
    });
    expect(
      result.kind === 'ended' && result.outcome.kind === 'rolled-back' && result.outcome.cause.sentence,
    ).toMatch(why);
    const state = await expectOver(world, false);
    expect(state.report?.read).toBe(1);
  });

  it('without a limit counts what differs, and ends on errors and latency', async () => {
    const world = await seeded();
    world.disagreement = 0.9;
    const { policy } = shadowSettings();
    const { disagreement: _, ...unlimited } = policy;
    expect(await run(world, { policy: unlimited })).toMatchObject({
      outcome: {
        sentence:
          'v2.3.0 ran in shadow to the end, and no limit was set on how many answers may differ: 90 % of 1000 answers differ',
      },
    });
    await expectOver(world, true);
  });

  it('of which nothing was compared never passes: it holds, and fails when nobody answers', async () => {
    const world = await seeded();
    const metrics = world.ports.metrics.read.bind(world.ports.metrics);
    world.ports.metrics.read = async (query) => {
      const reading = await metrics(query);
      if (reading.kind === 'unreadable') return reading;
      const none = { sent: 100, dropped: 0, compared: 0, disagreed: 0, distance: 0, duplicates: 0 };
      return { kind: 'read', observations: reading.observations.map((tick) => ({ ...tick, copies: none })) };
    };
    expect(await run(world)).toMatchObject({
      outcome: {
        kind: 'rolled-back',
        cause: { kind: 'held-too-long', sentence: expect.stringContaining('no answers were compared') },
      },
    });
    await expectOver(world, false);
  });

  it.each(['differences', 'deleteEndpoint'])(
    'that can’t do %s at its end says so, and ends',
    async (name) => {
      const world = await seeded();
      world.fault = (_, called) => (called === name ? 'error-before' : null);
      expect(await run(world)).toMatchObject({ outcome: { kind: 'succeeded' } });
      const state = await expectOver(world, true);
      expect(state.stepsDone.map(({ note }) => note)).toContainEqual(
        expect.stringMatching(
          name === 'differences'
            ? /can't be read: differences: no answer/
            : /is left to mlreg gc: deleteEndpoint/,
        ),
      );
    },
  );

  it('whose report and tidying are refused for good has passed all the same', async () => {
    const world = await seeded();
    const refuse = () => Promise.reject(new PlatformError({ kind: 'refused', message: 'never' }));
    world.ports.comparisons.differences = refuse;
    world.ports.platform.deleteEndpoint = refuse;
    expect(await run(world)).toMatchObject({ outcome: { kind: 'succeeded' } });
    await expectOver(world, true);
  });

  it('is given up at a word, and nobody waits for its report', async () => {
    const world = await seeded();
    const journal = await startShadow(world);
    while (journal.state().observations.length === 0) {
      const result = await tick(world.ports, journal);
      if (result.kind === 'again') world.advance(Math.max(1, result.at - world.ports.clock.now()));
    }
    const cause = { kind: 'abort', by: 'bob', sentence: 'aborted by bob' } as const;
    await abort(world.ports, id, actor('bob'), cause, { alias: 'live', signal: never });
    await expectOver(world, false);
    expect(world.calls).not.toContain('differences');
  });

  it('moves users at nobody’s word', async () => {
    const world = await seeded();
    const journal = await startShadow(world);
    const store = openMemoryStore(world.place);
    while (journal.state().route?.kind !== 'shadow') {
      const result = await tick(world.ports, journal);
      if (result.kind === 'again') world.advance(Math.max(1, result.at - world.ports.clock.now()));
    }
    const ask = { at: world.ports.clock.now(), by: 'bob', reason: '' };
    await store.post(id, { ...ask, id: '1', kind: 'traffic', percent: shadowSettings().sample });
    await store.post(id, { ...ask, id: '2', kind: 'promote', full: true });
    await drive(world.ports, journal, { signal: never });
    expect(
      (await store.journal(id)).flatMap((entry) =>
        entry.kind === 'request' ? [[entry.accepted, entry.answer]] : [],
      ),
    ).toEqual([
      [false, 'a shadow moves no traffic: the champion answers everybody'],
      [true, 'ends the shadow; nothing is promoted'],
    ]);
    await expectOver(world, true);
  });
});

/** Every alias write of the rollout so far has the champion answer everybody. */
function expectNobodyServedByChallenger(world: ModelWorld): void {
  for (const entry of world.entries) {
    if (entry.kind !== 'intent' || entry.effect.kind !== 'set-alias') continue;
    const published = world.variablesOf(entry.effect.target.functionVersion).MLREG_ROUTE;
    const route = published === undefined ? { percent: 0 } : JSON.parse(published);
    expect([route.percent, entry.effect.target.weights]).toEqual([0, {}]);
  }
}

async function withFault(bad: boolean, index: number, fault: Fault): Promise<boolean> {
  const world = await seeded();
  if (bad) world.disagreement = 0.7;
  let hit = false;
  world.fault = (at) => {
    if (at !== index) return null;
    hit = true;
    return fault;
  };
  try {
    await run(world);
  } catch (error) {
    const expected =
      error instanceof Crash ||
      error instanceof PlatformError ||
      (error as Error).message.endsWith('no answer');
    if (!expected) throw error;
  }
  if (!hit) return false;
  expectNobodyServedByChallenger(world);
  const entries = await openMemoryStore(world.place).journal(id);
  if (entries.length === 0) {
    expect(world.alias().target).toEqual({ functionVersion: '7', weights: {} });
    return true;
  }
  const state = replay(id, entries);
  if (state.phase !== 'ended') {
    const journal = await takeOver(world.ports, id, actor('cat'), { alias: 'live' });
    await drive(world.ports, journal, { signal: never });
  } else {
    await openMemoryStore(world.place).release(state.token);
  }
  expectNobodyServedByChallenger(world);
  await expectOver(world, !bad);
  return true;
}

describe('exhaustive: one fault at every call, then one resume', () => {
  for (const bad of [false, true]) {
    for (const fault of [
      'crash-before',
      'crash-after',
      'error-before',
      'lost',
      'denied',
      'expired',
    ] as const) {
      it(`${fault} in a shadow that ${bad ? 'fails' : 'passes'}`, async () => {
        let calls = 0;
        while (await withFault(bad, calls, fault)) calls++;
        expect(calls).toBeGreaterThan(60);
      });
    }
  }
});
