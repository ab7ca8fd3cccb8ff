import { beforeEach, describe, expect, it } from 'vitest';
import { guard } from '../../src/controller/guard.ts';
import { answerTo, createHandler, type LapAnswer } from '../../src/controller/handler.ts';
import { lap } from '../../src/controller/lap.ts';
import type { Lap, Post } from '../../src/controller/watched.ts';
import { controllerCommand } from '../../src/domain/controller.ts';
import { instant, later } from '../../src/domain/units.ts';
import { memorySightings } from '../../src/store/sightings.ts';
import { bad, type CliWorld, serving } from '../support/cli-world.ts';
import { type Fault, readOnlyStore, v22, v23 } from '../support/model-world.ts';

const home = { functionVersion: '7', weights: {} };
/** Of an outage: unreadableFor of the environment. */
const limitMs = 20_000;
/** Neither read nor written. */
const storeOut = (_index: number, name: string): Fault | null =>
  name.startsWith('store.') ? 'read-only' : null;

let cli: CliWorld;
let sightings: Post['sightings'];
/** Since when the laps before found the store out: what the state machine hands on. */
let outSince: Lap | null;

const post = (): Post => ({
  ports: { ...cli.model.ports, clock: cli.clock },
  sightings,
  actor: { name: 'controller', host: 'lambda', pid: 1, command: controllerCommand },
  silenceMs: 60_000,
  isAlive: () => 'unknown',
});

beforeEach(async () => {
  cli = await serving();
  cli.controller = { name: 'the controller', dispatch: async () => undefined };
  sightings = memorySightings();
  outSince = null;
  await cli.run('deploy --model-version v2.3.0 --detach');
});

/** A controller whose process lives on, or is new at each lap. */
function laps(kind: 'warm' | 'cold') {
  const warm = post();
  return async (until: (result: Lap) => boolean, most = 2_000): Promise<Lap> => {
    for (let count = 0; count < most; count++) {
      const since = outSince?.kind === 'cut-off' ? outSince.since : undefined;
      const result = await lap(kind === 'warm' ? warm : post(), true, kind === 'warm' ? undefined : since);
      outSince = result;
      if (until(result)) return result;
      const next = 'at' in result ? result.at : 0;
      await cli.clock.sleepUntil(later(instant(Math.max(next, cli.clock.now() + 999)), 1));
    }
    throw new Error(`${most} laps in vain`);
  };
}

const isBaking = (result: Lap): boolean => result.kind === 'again' && result.why === 'baking';
const isAtHome = (): boolean => cli.model.alias().target.functionVersion === '7';
const isOver = (result: Lap): boolean => result.kind === 'ended' || result.kind === 'rest';

/** Everything agrees, and the version that failed can not come back by itself. */
async function expectRolledBack(): Promise<void> {
  expect(await cli.ask('status')).toMatchObject({
    champion: v22,
    alias: { functionVersion: '7' },
    rollout: null,
  });
  expect(await cli.store.version(v23 as never)).toMatchObject({ status: 'rolled_back' });
  expect((await cli.run('audit verify')).code).toBe(0);
}

describe.each(['warm', 'cold'] as const)('a %s controller while the store can not be written', (kind) => {
  it('goes on judging, and rolls back on a breach under its own token', async () => {
    const go = laps(kind);
    await go(isBaking);
    const before = cli.model.alias().stamp!;
    const { token } = await cli.store.lock();
    cli.model.fault = readOnlyStore;
    const waiting = await go(({ kind: found }) => found === 'cut-off');
    expect(waiting).toMatchObject({
      alarm: null,
      why: expect.stringContaining('judging r-1 without the store'),
    });
    cli.model.behaviour[v23] = bad;
    const began = cli.clock.now();
    await go(isAtHome);
    expect(cli.clock.now() - began).toBeLessThan(limitMs - 3_000);
    expect(cli.model.alias().stamp).toMatchObject({ token, detail: { purpose: 'back' } });
    expect(token).toBeGreaterThanOrEqual(before.token);
    // Whatever laps come now, users stay where they are.
    let more = 0;
    await go(() => ++more > 10);
    expect(isAtHome()).toBe(true);
    cli.model.fault = () => null;
    // The first lap with the store looks at the alias before it judges anything.
    more = 0;
    await go((result) => ++more > 0 && isOver(result));
    expect(more).toBeLessThanOrEqual(2);
    await expectRolledBack();
  });

  it('rolls back at the limit of the outage', async () => {
    const go = laps(kind);
    await go(isBaking);
    cli.model.fault = readOnlyStore;
    const began = cli.clock.now();
    await go(isAtHome);
    expect(cli.clock.now() - began).toBeGreaterThanOrEqual(limitMs);
    cli.model.fault = () => null;
    await go(isOver);
    await expectRolledBack();
  });

  it('goes on where it can be written again in time', async () => {
    const go = laps(kind);
    await go(isBaking);
    cli.model.fault = readOnlyStore;
    let out = 0;
    await go(() => ++out > 10);
    cli.model.fault = () => null;
    expect(await go(isOver)).toMatchObject({ outcome: { kind: 'succeeded' } });
    expect(await cli.ask('status')).toMatchObject({ champion: v23 });
  });

  it('stops where somebody else has come meanwhile', async () => {
    const go = laps(kind);
    await go(isBaking);
    cli.model.fault = readOnlyStore;
    await go(({ kind: found }) => found === 'cut-off');
    cli.model.fault = () => null;
    const resumed = cli.run('resume', { as: 'bob' });
    while ((await cli.store.lock()).owner?.name !== 'bob')
      await cli.clock.sleepUntil(later(cli.clock.now(), 100));
    await cli.clock.sleepUntil(later(cli.clock.now(), 2_000));
    const bob = cli.model.alias().stamp!;
    cli.model.behaviour[v23] = bad;
    cli.model.fault = readOnlyStore;
    let more = 0;
    const results = new Set<string>();
    await go((result) => {
      results.add(result.kind);
      return ++more > 40;
    });
    expect([...results].filter((found) => !['watch', 'cut-off', 'lost'].includes(found))).toEqual([]);
    // Bob's process rolled back, and nobody else wrote.
    expect(isAtHome()).toBe(true);
    expect(cli.model.alias().stamp).toMatchObject({
      token: bob.token,
      detail: { writer: bob.detail!.writer, purpose: 'back' },
    });
    cli.model.fault = () => null;
    await resumed;
  });
});

describe('a controller while the store is out altogether', () => {
  it('judges on and rolls back where its process lives on', async () => {
    const go = laps('warm');
    await go(isBaking);
    cli.model.fault = storeOut;
    cli.model.behaviour[v23] = bad;
    const began = cli.clock.now();
    await go(isAtHome);
    expect(cli.clock.now() - began).toBeLessThan(limitMs - 3_000);
    cli.model.fault = () => null;
    await go(isOver);
    await expectRolledBack();
  });

  it('stops where the store, half back, says that somebody else has come', async () => {
    const go = laps('warm');
    await go(isBaking);
    cli.model.fault = (_index, name) => (/^store\.(lock|acquire)$/.test(name) ? 'read-only' : null);
    const owner = { name: 'bob', host: 'laptop', pid: 4711, command: 'mlreg resume' };
    await cli.store.acquire({ owner, rollout: 'r-1' as never, takeOver: true, at: cli.clock.now() });
    const { revisionId } = cli.model.alias();
    cli.model.behaviour[v23] = bad;
    expect(await go(({ kind }) => kind === 'lost')).toMatchObject({ by: expect.stringContaining('bob') });
    expect(cli.model.alias().revisionId).toBe(revisionId);
  });

  it('raises an alarm where its process is new: only a person can roll back', async () => {
    await laps('warm')(isBaking);
    cli.model.fault = storeOut;
    cli.model.behaviour[v23] = bad;
    const result = await lap(post(), true);
    expect(result).toMatchObject({
      kind: 'cut-off',
      rollout: null,
      alarm: 'whether a rollout is under way, and whether its owner lives, can not be known',
    });
    expect(isAtHome()).toBe(false);
    expect((await cli.run('rollback', { as: 'bob' })).code).toBe(0);
    expect(isAtHome()).toBe(true);
    cli.model.fault = () => null;
    expect([0, 9]).toContain((await cli.run('resume')).code);
    await expectRolledBack();
  });
});

describe('a dead owner while the store can not be written', () => {
  const orphan = async (): Promise<ReturnType<typeof laps>> => {
    const go = laps('warm');
    await go(isBaking);
    // A person took it, and died.
    const at = cli.clock.now();
    const owner = { name: 'ana', host: 'laptop', pid: 4711, command: 'mlreg resume' };
    await cli.store.acquire({ owner, rollout: 'r-1' as never, takeOver: true, at });
    cli.model.fault = readOnlyStore;
    return go;
  };

  it('raises an alarm, and takes nothing from an owner that may live', async () => {
    const go = await orphan();
    const { revisionId } = cli.model.alias();
    cli.model.behaviour[v23] = bad;
    // Also the process that drove it before, for longer than an outage may last.
    let count = 0;
    const result = await go(({ kind }) => ++count > 80 && kind === 'cut-off');
    expect(result).toMatchObject({
      rollout: 'r-1',
      alarm: 'r-1: ana on laptop can not show whether it lives',
    });
    expect(cli.model.alias().revisionId).toBe(revisionId);
  });

  it('is told by the Lambda function as one line of JSON, which is a metric, and the state machine waits', async () => {
    await orphan();
    const lines: string[] = [];
    const handler = createHandler({
      environment: 'dev',
      models: ['recommendation'],
      clock: cli.clock,
      say: (line) => lines.push(line),
      watched: async () => ({
        post: { ...post(), isAlive: () => 'dead' },
        dispatcher: null,
        tidy: async () => ({ kind: 'nothing' }),
        settle: async () => undefined,
      }),
    });
    const event = { kind: 'lap', environment: 'dev', model: 'recommendation', rollout: 'r-1', lap: 3 };
    const answer = (await handler(event)) as LapAnswer;
    expect(answer).toMatchObject({ next: 'wait', outSince: cli.clock.now() });
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[1]!)).toMatchObject({
      _aws: {
        CloudWatchMetrics: [
          {
            Namespace: 'Mlreg/Controller',
            Dimensions: [['environment']],
            Metrics: [{ Name: 'RolloutsUnwatched', Unit: 'Count' }],
          },
        ],
      },
      event: 'rollouts.unwatched',
      environment: 'dev',
      rollout: 'r-1',
      fix: 'mlreg rollback --environment dev',
      RolloutsUnwatched: 1,
    });
    // The next lap is told since when; once the store answers the state machine carries it no more.
    cli.model.fault = () => null;
    expect(await handler(answer)).not.toHaveProperty('outSince');
  });

  it('is told by the local controller once, and taken back when it is over', async () => {
    await orphan();
    const lines: string[] = [];
    const alarms: (string | null)[] = [];
    const stop = new AbortController();
    let looks = 0;
    const mine: Post = { ...post(), isAlive: () => 'dead' };
    await guard({
      watched: async () => ({ post: mine, tidy: async () => ({ kind: 'nothing' }) }),
      clock: cli.clock,
      signal: stop.signal,
      say: (line) => lines.push(line),
      onAlarm: (why) => {
        alarms.push(why);
        if (++looks === 5) cli.model.fault = () => null;
        if (looks === 7) stop.abort();
      },
    });
    expect(lines.filter((line) => line.startsWith('ALARM'))).toEqual([
      expect.stringContaining('only a person can roll back now: mlreg rollback'),
    ]);
    expect(alarms.slice(0, 5).every((why) => why !== null)).toBe(true);
    expect(alarms.at(-1)).toBeNull();
  });
});

describe('an execution without the store', () => {
  it('renews itself under a name of its own', () => {
    const now = Date.UTC(2026, 0, 1);
    const event = { kind: 'lap', environment: 'dev', model: 'm', rollout: 'r-1', lap: 1_999 } as const;
    const result: Lap = {
      kind: 'cut-off',
      rollout: null,
      at: instant(now + 10_000),
      since: instant(now - 60_000),
      why: 'x',
      alarm: 'y',
    };
    expect(answerTo(event, result, now)).toMatchObject({
      next: 'renew',
      execution: `r-1-out-${now}`,
      outSince: now - 60_000,
    });
  });
});
