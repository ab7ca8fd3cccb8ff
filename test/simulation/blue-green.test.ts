import { describe, expect, it } from 'vitest';
import { percent, rolloutId } from '../../src/domain/units.ts';
import { PlatformError } from '../../src/ports/platform.ts';
import { drive } from '../../src/runner/drive.ts';
import type { JournalWriter } from '../../src/runner/journal-writer.ts';
import { abort, start, takeOver } from '../../src/runner/own.ts';
import { replay } from '../../src/engine/fold-journal.ts';
import { rollBackBlind } from '../../src/runner/roll-back-blind.ts';
import { tick } from '../../src/runner/tick.ts';
import { openMemoryStore } from '../support/memory-store.ts';
import { blueGreen } from '../../src/strategies/blue-green.ts';
import { canary } from '../../src/strategies/canary.ts';
import { rollback } from '../../src/strategies/rollback.ts';
import type { BlueGreenSettings } from '../../src/strategies/settings.ts';
import {
  actor,
  blueGreenSettings,
  canarySettings,
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
const home = { functionVersion: '7', weights: {} };
const cause = { kind: 'abort', by: 'bob', sentence: 'aborted by bob' } as const;
const bad = { errors: 0.3, latencyMs: 20 };

const wanted = (over: Partial<BlueGreenSettings> = {}) => ({
  ...startOf(),
  plan: blueGreen(blueGreenSettings(over)),
  deploymentId: 'd-0',
});

async function seeded(): Promise<ModelWorld> {
  const world = modelWorld();
  await seedRegistry(world);
  return world;
}

async function run(world: ModelWorld, over: Partial<BlueGreenSettings> = {}) {
  const journal = await start(world.ports, id, wanted(over));
  return drive(world.ports, journal, { signal: never });
}

/** Ticks until the state is as wanted, or the rollout is over. */
async function until(
  world: ModelWorld,
  journal: JournalWriter,
  there: (state: ReturnType<JournalWriter['state']>) => boolean,
): Promise<void> {
  while (!there(journal.state())) {
    const result = await tick(world.ports, journal);
    if (result.kind !== 'again') throw new Error(`${result.kind} before it was there`);
    world.advance(Math.max(1, result.at - world.ports.clock.now()));
  }
}

const afterSwap = ({ serving }: { readonly serving: string }): boolean => serving === 'green';

function versionServedBy(world: ModelWorld, alias: 'live' | 'green'): string {
  const { functionVersion } = world.alias(alias).target;
  if (functionVersion === '7') return v22;
  const { MLREG_ROUTE = '', MODEL_VERSION = '' } = world.variablesOf(functionVersion);
  return MLREG_ROUTE === '' ? MODEL_VERSION : JSON.parse(MLREG_ROUTE).champion.version;
}

/** Registry, both aliases, stage and journal tell the same story, and a swap that comes late changes nothing. */
async function expectAtRest(world: ModelWorld, outcome: 'succeeded' | 'rolled-back') {
  const store = openMemoryStore(world.place);
  const state = replay(id, await store.journal(id));
  expect(state.outcome?.kind).toBe(outcome);
  const serves = outcome === 'succeeded' ? v23 : v22;
  for (const alias of ['live', 'green'] as const) {
    expect([alias, world.alias(alias).target.weights]).toEqual([alias, {}]);
    expect([alias, versionServedBy(world, alias)]).toEqual([alias, serves]);
  }
  expect(world.stage().alias).toBe('live');
  expect((await store.version(serves))?.status).toBe('champion');
  const other = outcome === 'succeeded' ? v22 : v23;
  expect((await store.version(other))?.status).toBe(outcome === 'succeeded' ? 'archived' : 'rolled_back');
  const lock = await store.lock();
  expect(lock.owner).toBeNull();
  for (const stamp of [world.alias('live').stamp, world.alias('green').stamp, world.stage().stamp])
    expect(stamp?.token ?? 0).toBeLessThanOrEqual(lock.token);
}

describe('a blue-green rollout', () => {
  for (const routing of ['sticky', 'weighted'] as const) {
    it(`promotes a healthy challenger, ${routing}: one swap there, one back, both aliases follow`, async () => {
      const world = await seeded();
      expect(await run(world, { routing })).toMatchObject({ outcome: { kind: 'succeeded' } });
      await expectAtRest(world, 'succeeded');
      expect(world.calls.filter((name) => name === 'writeStage')).toHaveLength(2);
      expect(world.stage().deploymentId).toBe('d-r-1');
    });

    it(`a challenger that fails in the first bake is rolled back with one alias write, ${routing}`, async () => {
      const world = await seeded();
      world.behaviour[v23] = bad;
      expect(await run(world, { routing })).toMatchObject({
        outcome: { kind: 'rolled-back', cause: { kind: 'verdict' } },
      });
      const written = world.entries.flatMap((entry) =>
        entry.kind === 'intent' && entry.effect.kind === 'set-alias' && entry.effect.purpose === 'roll-back'
          ? [entry.effect.alias]
          : [],
      );
      expect(written).toEqual(['live']);
      expect(world.calls).not.toContain('writeStage');
      await expectAtRest(world, 'rolled-back');
    });

    it(`one that fails behind the swap goes back by two, users' alias first, then the stage, ${routing}`, async () => {
      const world = await seeded();
      const journal = await start(world.ports, id, wanted({ routing }));
      await until(world, journal, afterSwap);
      expect([world.stage().alias, versionServedBy(world, 'green')]).toEqual(['green', v23]);
      world.behaviour[v23] = bad;
      const before = world.calls.length;
      expect(await drive(world.ports, journal, { signal: never })).toMatchObject({
        outcome: { kind: 'rolled-back', cause: { kind: 'verdict' } },
      });
      const back = world.entries.flatMap((entry) =>
        entry.kind === 'intent' && entry.token === 1 && entry.seq > 0
          ? entry.effect.kind === 'set-alias' && entry.effect.purpose === 'roll-back'
            ? [entry.effect.alias]
            : entry.effect.kind === 'swap-stage'
              ? [`stage ${entry.effect.to}`]
              : []
          : [],
      );
      expect(back).toEqual(['stage green', 'green', 'live', 'stage live']);
      expect(world.calls.slice(before)).toContain('writeStage');
      expect(world.stage().deploymentId).toBe('d-0');
      await expectAtRest(world, 'rolled-back');
    });
  }

  it('an abort takes over in each state, and always ends at rest', async () => {
    for (let ticks = 0; ; ticks++) {
      const world = await seeded();
      const journal = await start(world.ports, id, wanted());
      for (let done = 0; done < ticks; done++) {
        const result = await tick(world.ports, journal);
        if (result.kind === 'ended') {
          expect(ticks).toBeGreaterThan(10);
          return;
        }
        if (result.kind === 'again') world.advance(Math.max(1, result.at - world.ports.clock.now()));
      }
      await abort(world.ports, id, actor('bob'), cause, { alias: 'live', signal: never });
      await expectAtRest(world, 'rolled-back');
      expect(await tick(world.ports, journal)).toMatchObject({ kind: 'lost' });
    }
  });

  it('the share may be lowered behind the swap, on the alias that serves, and the rest still follows', async () => {
    const world = await seeded();
    const journal = await start(world.ports, id, wanted());
    await until(world, journal, (state) => state.plan.steps[state.step]?.kind === 'bake' && afterSwap(state));
    const store = openMemoryStore(world.place);
    const ask = { id: '1', at: world.ports.clock.now(), by: 'bob', reason: '' };
    await store.post(id, { ...ask, kind: 'traffic', percent: percent(50) });
    await tick(world.ports, journal);
    expect(journal.state().route).toMatchObject({ kind: 'split', percent: 50 });
    expect(
      JSON.parse(world.variablesOf(world.alias('green').target.functionVersion).MLREG_ROUTE ?? ''),
    ).toMatchObject({ percent: 50 });
    expect(await drive(world.ports, journal, { signal: never })).toMatchObject({
      outcome: { kind: 'succeeded' },
    });
    await expectAtRest(world, 'succeeded');
  });

  it('is followed by a canary, which moves the alias that serves; a rollback brings both aliases back', async () => {
    const world = await seeded();
    await run(world);
    const store = openMemoryStore(world.place);
    const v24 = 'v2.4.0' as typeof v23;
    await store.register({ ...(await store.version(v22))!, version: v24, status: 'candidate' });
    const next = {
      ...startOf(),
      plan: canary(canarySettings({ champion: v23, challenger: v24, green: 'green' })),
      home: world.alias().target,
      endpoints: {
        [v23]: { name: 'recommendation-local-v2-3-0-bbbbbbbb', generation: 1 },
        [v24]: { name: 'recommendation-local-v2-4-0-cccccccc', generation: 1 },
      },
    };
    const second = rolloutId('r-2');
    await drive(world.ports, await start(world.ports, second, next), { signal: never });
    expect([versionServedBy(world, 'live'), versionServedBy(world, 'green')]).toEqual([v24, v24]);
    const back = {
      ...next,
      plan: rollback(canarySettings({ champion: v24, challenger: v23, green: 'green' })),
      home: world.alias().target,
    };
    await drive(world.ports, await start(world.ports, rolloutId('r-3'), back), { signal: never });
    expect([versionServedBy(world, 'live'), versionServedBy(world, 'green')]).toEqual([v23, v23]);
  });
});

/** Runs with one fault at one call; a crash is followed by a new process that takes over and goes on. */
async function withFault(isBad: 'never' | 'at once' | 'swapped', index: number, fault: Fault) {
  const world = await seeded();
  if (isBad === 'at once') world.behaviour[v23] = bad;
  let hit = false;
  world.fault = (at) => {
    if (isBad === 'swapped' && world.stage().alias === 'green') world.behaviour[v23] = bad;
    if (at !== index) return null;
    hit = true;
    return fault;
  };
  try {
    await run(world, { bakeMs: 5_000, finalBakeMs: 5_000 });
  } catch (error) {
    const expected =
      error instanceof Crash || (error instanceof Error && /(no answer|is denied)$/.test(error.message));
    if (!expected) throw error;
  }
  if (!hit) return null;
  const store = openMemoryStore(world.place);
  const entries = await store.journal(id);
  if (entries.length === 0) {
    expect([world.alias('live').target, world.alias('green').target]).toEqual([home, home]);
    return world;
  }
  const state = replay(id, entries);
  if (state.phase !== 'ended' || state.outcome?.kind === 'stuck') {
    const journal = await takeOver(world.ports, id, actor('cat'), { alias: 'live' });
    await drive(world.ports, journal, { signal: never });
  } else {
    await store.release(state.token);
  }
  await expectAtRest(world, isBad === 'never' ? 'succeeded' : 'rolled-back');
  return world;
}

describe('exhaustive: one fault at every call, then one resume', () => {
  for (const isBad of ['never', 'at once', 'swapped'] as const) {
    for (const fault of ['crash-before', 'crash-after', 'error-before', 'lost', 'denied'] as const) {
      it(`${fault}, a challenger that is bad ${isBad}`, async () => {
        let calls = 0;
        while ((await withFault(isBad, calls, fault)) !== null) calls++;
        expect(calls).toBeGreaterThan(60);
      });
    }
  }
});

/** A process that stood still before one of its calls, and wakes up when all is over. */
function sleeper(world: ModelWorld, name: 'writeAlias' | 'writeStage', alias: string) {
  const { platform } = world.ports;
  const plain = { writeAlias: platform.writeAlias, writeStage: platform.writeStage };
  const pending: (() => Promise<unknown>)[] = [];
  if (name === 'writeAlias') {
    platform.writeAlias = (to, write) =>
      to === alias
        ? new Promise((resolve, reject) =>
            pending.push(() => plain.writeAlias(to, write).then(resolve, reject)),
          )
        : plain.writeAlias(to, write);
  } else {
    platform.writeStage = (write) =>
      write.alias === alias
        ? new Promise((resolve, reject) => pending.push(() => plain.writeStage(write).then(resolve, reject)))
        : plain.writeStage(write);
  }
  return { pending, wake: () => Object.assign(platform, plain) };
}

describe('a swap, or a write of green, that comes when its rollout has gone back', () => {
  for (const name of ['writeAlias', 'writeStage'] as const) {
    it(`${name} of an older owner reaches the champion`, async () => {
      const world = await seeded();
      const asleep = sleeper(world, name, 'green');
      const old = await start(world.ports, id, wanted());
      let ended: unknown;
      void drive(world.ports, old, { signal: never }).then((result) => (ended = result));
      while (asleep.pending.length === 0) await new Promise((resolve) => setImmediate(resolve));
      asleep.wake();
      await abort(world.ports, id, actor('bob'), cause, { alias: 'live', signal: never });
      await expectAtRest(world, 'rolled-back');
      for (const late of asleep.pending) await late();
      while (ended === undefined) await new Promise((resolve) => setImmediate(resolve));
      expect(ended).toMatchObject({ kind: 'lost' });
      // The swap can't be fenced: it happened. Whoever comes through green meets the champion all the same.
      expect(world.stage().alias).toBe(name === 'writeStage' ? 'green' : 'live');
      expect([versionServedBy(world, 'live'), versionServedBy(world, 'green')]).toEqual([v22, v22]);
    });
  }

  it('of a rollout that a new owner has promoted reaches the new champion', async () => {
    const world = await seeded();
    const asleep = sleeper(world, 'writeStage', 'green');
    const old = await start(world.ports, id, wanted());
    void drive(world.ports, old, { signal: never });
    while (asleep.pending.length === 0) await new Promise((resolve) => setImmediate(resolve));
    asleep.wake();
    const taken = await takeOver(world.ports, id, actor('cat'), { alias: 'live' });
    await drive(world.ports, taken, { signal: never });
    await expectAtRest(world, 'succeeded');
    for (const late of asleep.pending) await late();
    expect([versionServedBy(world, 'live'), versionServedBy(world, 'green')]).toEqual([v23, v23]);
  });
});

describe('a stage that will not go back', () => {
  const stubborn = async (failure: PlatformError['failure']) => {
    const world = await seeded();
    const journal = await start(world.ports, id, wanted());
    await until(world, journal, afterSwap);
    world.ports.platform.writeStage = () => Promise.reject(new PlatformError(failure));
    const taken = await takeOver(world.ports, id, actor('bob'), { alias: 'live', rollBack: cause });
    return { world, ended: await drive(world.ports, taken, { signal: never }) };
  };

  it('does not keep anybody from being safe: rolled back, and said what is left', async () => {
    const { world, ended } = await stubborn({
      kind: 'denied',
      action: 'apigateway:PATCH',
      message: 'denied',
    });
    expect(ended).toMatchObject({
      outcome: { kind: 'rolled-back', left: 'the stage may not name live: denied' },
    });
    expect([world.stage().alias, versionServedBy(world, 'live'), versionServedBy(world, 'green')]).toEqual([
      'green',
      v22,
      v22,
    ]);
  });

  it('to a deployment that is gone goes back without it', async () => {
    const world = await seeded();
    const journal = await start(world.ports, id, wanted());
    await until(world, journal, afterSwap);
    const { writeStage } = world.ports.platform;
    world.ports.platform.writeStage = (write) =>
      typeof write.deployment === 'object'
        ? Promise.reject(new PlatformError({ kind: 'missing', message: 'there is none' }))
        : writeStage(write);
    const taken = await takeOver(world.ports, id, actor('bob'), { alias: 'live', rollBack: cause });
    await drive(world.ports, taken, { signal: never });
    await expectAtRest(world, 'rolled-back');
  });
});

it('goes back by the aliases alone where the store is lost behind the swap; resume repairs the journal', async () => {
  const world = await seeded();
  const journal = await start(world.ports, id, wanted());
  await until(world, journal, afterSwap);
  const both = { alias: 'live', green: 'green' };
  expect(await rollBackBlind(world.ports.platform, both, { writer: '0a0a0a0a' })).toMatchObject({
    kind: 'set',
  });
  expect([world.alias('live').target, world.alias('green').target]).toEqual([home, home]);
  world.advance(20_000);
  expect(await drive(world.ports, journal, { signal: never })).toMatchObject({ kind: 'lost' });
  const again = await takeOver(world.ports, id, actor('cat'), { alias: 'live' });
  await drive(world.ports, again, { signal: never });
  await expectAtRest(world, 'rolled-back');
});
