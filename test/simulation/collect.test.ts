import { describe, expect, it } from 'vitest';
import type { VersionRecord } from '../../src/domain/registry.ts';
import { tidy } from '../../src/controller/tidy.ts';
import { instant, rolloutId } from '../../src/domain/units.ts';
import { PlatformError } from '../../src/ports/platform.ts';
import { collect, type Collection } from '../../src/runner/collect.ts';
import { drive } from '../../src/runner/drive.ts';
import { start } from '../../src/runner/own.ts';
import { rollBackBlind } from '../../src/runner/roll-back-blind.ts';
import { openMemoryStore } from '../support/memory-store.ts';
import { blueGreen } from '../../src/strategies/blue-green.ts';
import { rollback } from '../../src/strategies/rollback.ts';
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

const blue = 'recommendation-local-v2-2-0-aaaaaaaa';
const green = 'recommendation-local-v2-3-0-bbbbbbbb';
const never = new AbortController().signal;
const keepMs = 3_600_000;
const versionsKept = { keepVersions: 10, mostVersions: 50 };

/** v2.3.0 promoted by blue-green: v2.2.0 is kept for an hour. Lambda version 7 asks its endpoint. */
async function promoted(): Promise<ModelWorld> {
  const world = modelWorld();
  await seedRegistry(world);
  world.publishAs('7', { SAGEMAKER_ENDPOINT: blue });
  const plan = blueGreen(blueGreenSettings());
  await drive(world.ports, await start(world.ports, rolloutId('r-1'), { ...startOf(), plan }), {
    signal: never,
  });
  return world;
}

const gc = (world: ModelWorld, rehearse = false): Promise<Collection> =>
  collect(world.ports, {
    environment: 'local',
    alias: 'live',
    green: 'green',
    keepMs,
    ...versionsKept,
    actor: actor('gc'),
    rehearse,
  });

const recordOf = async (world: ModelWorld, version: typeof v22): Promise<VersionRecord> => {
  const found = await openMemoryStore(world.place).version(version);
  if (found === undefined) throw new Error(`no ${version}`);
  return found;
};

describe('gc', () => {
  it('leaves blue alone until its time is over, then takes it down, tombstone first', async () => {
    const world = await promoted();
    expect(await gc(world)).toMatchObject({
      retired: [],
      kept: [{ version: v22, why: expect.stringMatching(/^until /) }],
    });
    expect(world.endpoints.has(blue)).toBe(true);
    world.advance(keepMs);
    const rehearsed = await gc(world, true);
    expect([rehearsed.retired, world.endpoints.has(blue)]).toEqual([
      [{ version: v22, endpoint: blue }],
      true,
    ]);
    let buried: VersionRecord['tombstone'];
    const { deleteEndpoint } = world.ports.platform;
    world.ports.platform.deleteEndpoint = async (name) => {
      buried = (await recordOf(world, v22)).tombstone;
      await deleteEndpoint(name);
    };
    expect(await gc(world)).toEqual({
      retired: [{ version: v22, endpoint: blue }],
      kept: [],
      unfinished: [],
      tidied: [],
      stale: { functionVersions: [] },
    });
    expect(buried?.endpoint).toBe(blue);
    expect([...world.endpoints.keys()]).toEqual([green]);
    expect(await gc(world)).toMatchObject({ retired: [], kept: [] });
    expect((await openMemoryStore(world.place).lock()).owner).toBeNull();
  });

  it('never takes down what an alias reaches, whoever made that alias', async () => {
    const world = await promoted();
    world.advance(keepMs);
    world.makeAlias('debug', { functionVersion: '9', weights: { 7: 0.1 } });
    expect(await gc(world)).toMatchObject({
      retired: [],
      kept: [{ endpoint: blue, why: 'alias debug reaches it' }],
    });
    expect(world.endpoints.has(blue)).toBe(true);
    expect((await recordOf(world, v22)).tombstone).toBeUndefined();
  });

  it('brings to rest what a late swap, or a tail that failed, has left: then nothing leads to what goes', async () => {
    const world = await promoted();
    world.advance(keepMs);
    const { stamp } = world.alias('green');
    world.makeAlias('green', { functionVersion: '7', weights: {} }, stamp);
    world.swap('green', stamp);
    const { tidied, retired } = await gc(world);
    expect(tidied).toEqual([
      'alias green follows: it served Lambda version 7',
      'the stage names live again, and not green',
    ]);
    expect(retired).toEqual([{ version: v22, endpoint: blue }]);
    expect([world.stage().alias, world.alias('green').target]).toEqual(['live', world.alias('live').target]);
  });

  it('leaves no way back, not even the one without the store, that leads to what is gone', async () => {
    const world = await promoted();
    world.advance(keepMs);
    const serving = world.alias('live').target;
    expect(world.alias('live').stamp?.back).toBe('7');
    await gc(world);
    await rollBackBlind(world.ports.platform, { alias: 'live', green: 'green' }, { writer: '0a0a0a0a' });
    expect([world.alias('live').target, world.alias('green').target]).toEqual([serving, serving]);
  });

  it('keeps the way back without the store where blue is kept', async () => {
    const world = await promoted();
    await gc(world);
    expect(world.alias('live').stamp?.back).toBe('7');
  });

  it('ends the right to write of whoever wrote last: a late write changes nothing', async () => {
    const world = await promoted();
    const { revisionId, stamp } = world.alias('live');
    world.advance(keepMs);
    await gc(world);
    if (stamp === undefined) throw new Error('no stamp');
    const late = { target: { functionVersion: '7', weights: {} }, stamp, revisionId };
    expect(await world.ports.platform.writeAlias('live', late)).toEqual({ kind: 'precondition' });
  });

  it('waits for a rollout to end, and refuses where the alias does not serve the champion', async () => {
    const world = await promoted();
    world.advance(keepMs);
    world.meddle({ functionVersion: '7', weights: {} });
    await expect(gc(world)).rejects.toMatchObject({
      fault: 'conflict',
      message: expect.stringContaining('nothing is retired'),
    });
    const running = modelWorld();
    await seedRegistry(running);
    await start(running.ports, rolloutId('r-1'), startOf());
    await expect(gc(running)).rejects.toMatchObject({
      message: 'rollout r-1 is not over in local; nothing is retired',
    });
    expect([...running.endpoints.keys()]).toEqual([blue]);
  });

  it('says what AWS has not finished, and goes on with it the next time', async () => {
    const world = await promoted();
    world.advance(keepMs);
    const { deleteEndpoint } = world.ports.platform;
    world.ports.platform.deleteEndpoint = () =>
      Promise.reject(new PlatformError({ kind: 'throttled', message: 'still being deleted' }));
    expect(await gc(world)).toMatchObject({
      retired: [],
      unfinished: [{ endpoint: blue, why: 'still being deleted' }],
    });
    world.ports.platform.deleteEndpoint = deleteEndpoint;
    expect(await gc(world)).toMatchObject({ retired: [{ endpoint: blue }], unfinished: [] });
  });

  it('is overtaken by a rollback, which finds the version either whole or under a tombstone', async () => {
    const world = await promoted();
    world.advance(keepMs);
    const back = {
      ...startOf(),
      plan: rollback(canarySettings({ champion: v23, challenger: v22, green: 'green' })),
      home: world.alias('live').target,
    };
    const { aliases } = world.ports.platform;
    world.ports.platform.aliases = async () => {
      world.ports.platform.aliases = aliases;
      const seen = await aliases();
      await drive(world.ports, await start(world.ports, rolloutId('r-2'), back), { signal: never });
      return seen;
    };
    await expect(gc(world)).rejects.toMatchObject({ fault: 'conflict' });
    expect(world.endpoints.get(blue)).toBe('in-service');
    expect((await recordOf(world, v22)).status).toBe('champion');
    expect(world.calls).not.toContain('deleteEndpoint');
  });

  it('a plan that was made before the tombstone does not begin after it', async () => {
    const world = await promoted();
    world.advance(keepMs);
    const plan = rollback(canarySettings({ champion: v23, challenger: v22 }));
    const made = { ...startOf(), plan, home: world.alias('live').target };
    await gc(world);
    await expect(start(world.ports, rolloutId('r-2'), made)).rejects.toMatchObject({
      fault: 'conflict',
      message: expect.stringContaining('was retired'),
    });
  });
});

/** Whatever fails: nothing that is reachable is gone, and one more run ends it. */
async function withFault(index: number, fault: Fault): Promise<boolean> {
  const world = await promoted();
  world.advance(keepMs);
  const first = world.calls.length;
  let hit = false;
  world.fault = (at) => {
    if (at !== first + index) return null;
    hit = true;
    return fault;
  };
  await gc(world).catch((error: unknown) => {
    const isExpected =
      error instanceof Crash ||
      error instanceof PlatformError ||
      (error instanceof Error && error.message.endsWith('no answer'));
    if (!isExpected) throw error;
  });
  const { tombstone } = await recordOf(world, v22);
  if (!world.endpoints.has(blue)) expect(tombstone?.endpoint).toBe(blue);
  // A lock that a dead gc has left is nobody's after a minute.
  world.advance(61_000);
  world.fault = () => null;
  await gc(world);
  expect([...world.endpoints.keys()]).toEqual([green]);
  const after = await recordOf(world, v22);
  expect(after.retiredAt).toBeGreaterThanOrEqual(after.tombstone?.at ?? instant(Infinity));
  expect(world.alias('live').target).toEqual(world.alias('green').target);
  return hit;
}

describe('the controller', () => {
  const controller = (world: ModelWorld) =>
    tidy(world.ports, {
      environment: 'local',
      alias: 'live',
      green: 'green',
      keepMs,
      ...versionsKept,
      actor: actor('gc'),
    });

  it('takes blue down when its time is over, and before that disturbs nobody', async () => {
    const world = await promoted();
    const before = world.calls.length;
    expect(await controller(world)).toEqual({ kind: 'nothing' });
    expect(
      world.calls
        .slice(before)
        .filter((name) => !/^(store\.(versions|rollouts|journal)|endpoint|publishedVersions)$/.test(name)),
    ).toEqual([]);
    world.advance(keepMs);
    expect(await controller(world)).toMatchObject({
      kind: 'done',
      collection: { retired: [{ version: v22, endpoint: blue }] },
    });
    expect(world.endpoints.has(blue)).toBe(false);
    expect(await controller(world)).toEqual({ kind: 'nothing' });
  });

  it('comes again later where a rollout is under way', async () => {
    const world = await promoted();
    world.advance(keepMs);
    await start(world.ports, rolloutId('r-2'), {
      ...startOf(),
      plan: rollback(canarySettings({ champion: v23, challenger: v22, green: 'green' })),
      home: world.alias().target,
    });
    expect(await controller(world)).toMatchObject({ kind: 'later', why: expect.stringContaining('r-2') });
    expect(world.endpoints.has(blue)).toBe(true);
  });
});

describe('Lambda versions', () => {
  const keep = { environment: 'local', alias: 'live', green: 'green', keepMs, actor: actor('gc') } as const;
  const withMany = async (count = 40): Promise<ModelWorld> => {
    const world = await promoted();
    for (let i = 0; i < count; i++)
      await world.ports.platform.publish({
        variables: { N: `${i}` },
        codeSha256: 'code',
        description: 'mlreg',
      });
    return world;
  };
  const collected = (world: ModelWorld, over: object = {}): Promise<Collection> =>
    collect(world.ports, { ...keep, keepVersions: 3, mostVersions: 50, rehearse: false, ...over });

  it('that nothing refers to are deleted, but for the newest, and those of others', async () => {
    const world = await withMany();
    const before = world.functionVersions();
    const rehearsed = (await collected(world, { rehearse: true })).stale.functionVersions;
    expect(world.functionVersions()).toEqual(before);
    const { stale } = await collected(world);
    expect(stale).toEqual({ functionVersions: rehearsed });
    expect(rehearsed).toHaveLength(37);
    // 7 served before and is no publication of mlreg's; the rollout's own stand in its journal.
    const journaled = before.filter((version) => Number(version) <= Number(before.at(-41)));
    expect(world.functionVersions()).toEqual([...journaled, ...before.slice(-3)]);
    expect((await collected(world)).stale).toEqual({ functionVersions: [] });
  });

  it.each<[string, (world: ModelWorld, one: string) => void | Promise<void>]>([
    ['an alias serves it', (world, one) => world.makeAlias('debug', { functionVersion: one, weights: {} })],
    [
      'an alias gives it a share',
      (world, one) => world.makeAlias('debug', { functionVersion: '7', weights: { [one]: 0.1 } }),
    ],
    [
      "an alias's marker leads back to it",
      (world, one) => {
        const { target, stamp } = world.alias('live');
        if (stamp !== undefined) world.makeAlias('other', target, { ...stamp, back: one });
      },
    ],
    [
      "an alias's marker says that it was pointed at it",
      (world, target) => {
        const { target: served, stamp } = world.alias('live');
        if (stamp?.detail === undefined) throw new Error('a marker of format 1');
        world.makeAlias('other', served, { ...stamp, detail: { ...stamp.detail, target } });
      },
    ],
    [
      "the stage's marker leads back to it",
      (world, one) => {
        const { stamp } = world.alias('live');
        if (stamp !== undefined) world.swap('live', { ...stamp, back: one });
      },
    ],
    [
      'a record knows it to be good',
      async (world, functionVersion) => {
        const record = await recordOf(world, v22);
        const store = openMemoryStore(world.place);
        const services = [
          ...(record.services ?? []),
          { functionVersion, endpoint: blue, since: record.statusAt },
          { functionVersion: '7', endpoint: blue, since: record.statusAt },
        ];
        const { token } = await store.lock();
        await store.change(token, [{ version: v22, set: { services } }]);
      },
    ],
  ])('stay where %s', async (_what, refer) => {
    const world = await withMany();
    const one = world.functionVersions().at(-20) ?? '';
    await refer(world, one);
    const { stale } = await collected(world);
    expect(stale.functionVersions).not.toContain(one);
    expect(stale.functionVersions).toHaveLength(36);
    expect(world.functionVersions()).toContain(one);
  });

  it('are deleted some at a time where the owner must not be long', async () => {
    const world = await withMany();
    expect((await collected(world, { mostVersions: 10 })).stale.functionVersions).toHaveLength(10);
    expect((await collected(world, { mostVersions: 50 })).stale.functionVersions).toHaveLength(27);
  });

  it('are left, and said to be, where AWS denies it, and endpoints go all the same', async () => {
    const world = await withMany();
    world.advance(keepMs);
    world.fault = (_index, name) => (name === 'deleteFunctionVersion' ? 'denied' : null);
    expect(await collected(world)).toMatchObject({
      retired: [{ version: v22 }],
      stale: { functionVersions: [], left: 'deleteFunctionVersion is denied' },
    });
  });

  it('are left where the stage, whose marker may name one, can not be read', async () => {
    const world = await withMany();
    world.fault = (_index, name) => (name === 'readStage' ? 'error-before' : null);
    const before = world.functionVersions();
    const result = await collected(world, { rehearse: true });
    expect(result.stale).toEqual({ functionVersions: [], left: 'readStage: no answer' });
    expect(world.functionVersions()).toEqual(before);
  });

  it('are left from the moment that somebody takes the environment over', async () => {
    const world = await withMany();
    const { platform, store } = world.ports;
    const { deleteFunctionVersion } = platform;
    let deleted = 0;
    platform.deleteFunctionVersion = async (version) => {
      if (++deleted === 1) {
        const request = { owner: actor('ben'), rollout: null, takeOver: true, at: world.ports.clock.now() };
        await store.acquire(request);
      }
      await deleteFunctionVersion(version);
    };
    const { stale } = await collected(world);
    expect(stale.left).toBe('somebody else took over');
    expect(stale.functionVersions.length).toBeLessThanOrEqual(10);
  });
});

describe('exhaustive: one fault at every call of gc, then gc once more', () => {
  for (const fault of ['crash-before', 'crash-after', 'error-before', 'lost', 'denied'] as const) {
    it(fault, async () => {
      let calls = 0;
      while (await withFault(calls, fault)) calls++;
      expect(calls).toBeGreaterThan(15);
    });
  }
});
