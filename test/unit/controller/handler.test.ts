import { beforeEach, describe, expect, it } from 'vitest';
import {
  answerTo,
  createHandler,
  type LapAnswer,
  lapsPerExecution,
} from '../../../src/controller/handler.ts';
import type { Lap } from '../../../src/controller/watched.ts';
import type { Tidied } from '../../../src/controller/tidy.ts';
import { controllerCommand } from '../../../src/domain/controller.ts';
import { instant, percent, rolloutId } from '../../../src/domain/units.ts';
import { start } from '../../../src/runner/own.ts';
import { memorySightings } from '../../../src/store/sightings.ts';
import { openMemoryStore } from '../../support/memory-store.ts';
import {
  actor,
  type ModelWorld,
  modelWorld,
  policy,
  seedRegistry,
  startOf,
  v22,
  v23,
} from '../../support/model-world.ts';

const id = rolloutId('r-1');
const lapOf = (lap: number) =>
  ({ kind: 'lap', environment: 'prod', model: 'flights', rollout: 'r-1', lap }) as const;
const alarm = (value: string) => ({
  version: '0',
  source: 'aws.cloudwatch',
  'detail-type': 'CloudWatch Alarm State Change',
  resources: ['arn:aws:cloudwatch:eu-west-1:123456789012:alarm:mlreg-prod-errors'],
  detail: { alarmName: 'mlreg-prod-errors', state: { value, reason: 'Threshold Crossed' } },
});

let world: ModelWorld;
let lines: string[];
let dispatched: string[];
let hasMachine: boolean;
let tidied: () => Promise<Tidied>;
let handler: ReturnType<typeof createHandler>;
beforeEach(async () => {
  world = modelWorld();
  await seedRegistry(world);
  [lines, dispatched, hasMachine] = [[], [], true];
  const sightings = memorySightings();
  handler = createHandler({
    environment: 'prod',
    models: ['flights'],
    clock: world.ports.clock,
    say: (line) => lines.push(line),
    watched: async () => ({
      post: {
        ports: world.ports,
        sightings,
        actor: { name: 'controller', host: 'mlreg-controller-prod', pid: 1, command: controllerCommand },
        silenceMs: 60_000,
        isAlive: () => 'unknown',
      },
      dispatcher: hasMachine
        ? { name: 'c', dispatch: async (rollout, token) => void dispatched.push(`${rollout}-${token}`) }
        : null,
      tidy: () => tidied(),
      settle: async () => undefined,
    }),
  });
});

/** A rollout whose owner lives, or has let go. */
async function begun(letGo: boolean, bakeMs = 4_000): Promise<void> {
  const wanted = startOf({
    steps: [percent(50)],
    bakeMs,
    provisionTimeoutMs: 600_000,
    policy: { ...policy, minimumBakeMs: 2_000 },
  });
  const journal = await start(world.ports, id, { ...wanted, actor: actor('ana') });
  if (letGo) await world.ports.store.release(journal.token);
}
const lap = (event: object) => handler(event) as Promise<LapAnswer>;
const kinds = async (event: object) =>
  ((await handler(event)) as { looks: Lap[] }).looks.map(({ kind }) => kind);

describe('an execution', () => {
  it('laps until its rollout ends', async () => {
    await begun(true);
    let answer = await lap(lapOf(0));
    for (let count = 1; answer.next === 'wait' && count < 100; count++) {
      expect(answer).toMatchObject({ lap: count, model: 'flights', rollout: 'r-1' });
      world.advance(Date.parse(answer.at) - world.ports.clock.now());
      answer = await lap(answer);
    }
    expect(answer).toMatchObject({ next: 'stop', why: 'ended' });
    expect(lines).toEqual([
      'flights in prod: took up r-1: nobody drives it',
      'flights in prod: r-1 succeeded',
    ]);
  });

  it('stops where a person drives: the schedule watches them', async () => {
    await begun(true);
    await lap(lapOf(0));
    const { store, clock } = world.ports;
    await store.acquire({ owner: actor('bob'), rollout: id, takeOver: true, at: clock.now() });
    expect(await lap(lapOf(1))).toMatchObject({ next: 'stop', why: 'watch' });
    expect(await openMemoryStore(world.place).lock()).toMatchObject({ owner: { name: 'bob' } });
  });

  it('takes no event of another environment', async () => {
    await expect(handler({ ...lapOf(0), environment: 'dev' })).rejects.toThrow('looks after prod, not dev');
  });
});

describe('what the state machine does next', () => {
  const again = (at: number): Lap => ({
    kind: 'again',
    rollout: id,
    at: instant(at),
    why: 'baking',
    adopted: null,
    token: 7,
  });
  const now = Date.UTC(2026, 0, 1);
  const iso = (ms: number) => new Date(now + ms).toISOString();
  it.each<[string, Lap, number, object]>([
    ['waits', again(now + 10_000), 0, { next: 'wait', at: iso(10_000), lap: 1 }],
    ['never less than a second', again(now - 5_000), 4, { next: 'wait', at: iso(1_000), lap: 5 }],
    ['nor more than a minute', again(now + 3_600_000), 0, { next: 'wait', at: iso(60_000) }],
    ['renews itself', again(now), lapsPerExecution - 1, { next: 'renew', execution: 'r-1-7' }],
    ['stops at another rollout', { ...again(now), rollout: rolloutId('r-2') } as Lap, 0, { next: 'stop' }],
    ['stops where it is lost', { kind: 'lost', rollout: id, by: 'bob' }, 0, { next: 'stop', why: 'lost' }],
    [
      'stops where there is nothing',
      { kind: 'rest', why: 'r-1 has ended' },
      0,
      { next: 'stop', why: 'r-1 has ended' },
    ],
  ])('%s', (_name, result, lapNumber, expected) => {
    expect(answerTo(lapOf(lapNumber), result, now)).toMatchObject(expected);
  });
});

describe('the schedule', () => {
  it('adopts an orphan when it was silent for a minute, and starts an execution for it', async () => {
    await begun(false);
    expect(await kinds({ kind: 'sweep' })).toEqual(['watch']);
    world.advance(59_999);
    expect(await kinds({ kind: 'sweep' })).toEqual(['watch']);
    world.advance(1);
    expect(await kinds({ kind: 'sweep' })).toEqual(['again']);
    expect(dispatched).toEqual(['r-1-2']);
    expect(lines[0]).toBe(
      'flights in prod: took up r-1: ana on here (pid 1) has given no sign of life for 60 s',
    );
  });

  it('lets an owner live who beats', async () => {
    await begun(false);
    for (let minutes = 0; minutes < 5; minutes++) {
      expect(await kinds({ kind: 'sweep' })).toEqual(['watch']);
      world.advance(60_000);
      await world.ports.store.beat(1);
    }
    expect(dispatched).toEqual([]);
  });

  it('leaves laps to the execution that drives, and starts one where that has died', async () => {
    await begun(true, 600_000);
    await handler({ kind: 'sweep' });
    for (let minutes = 0; minutes < 3; minutes++) {
      await lap(lapOf(minutes));
      expect(await kinds({ kind: 'sweep' })).toEqual(['watch']);
      world.advance(1_000);
    }
    world.advance(60_000);
    expect(await kinds({ kind: 'sweep' })).toEqual(['again']);
    expect(dispatched).toHaveLength(2);
  });

  it('drives itself where there is no state machine', async () => {
    hasMachine = false;
    await begun(true);
    expect(await kinds({ kind: 'sweep' })).toEqual(['again']);
    world.advance(1_000);
    expect(await kinds({ kind: 'sweep' })).toEqual(['again']);
  });

  it('tells which look failed, after all were tried', async () => {
    const both = createHandler({
      environment: 'prod',
      models: ['broken', 'flights'],
      clock: world.ports.clock,
      say: (line) => lines.push(line),
      watched: async (model) => {
        if (model === 'broken') throw new Error('no table');
        return {
          post: {
            ports: world.ports,
            sightings: memorySightings(),
            actor: { ...actor('controller'), command: controllerCommand },
            silenceMs: 60_000,
            isAlive: () => 'unknown',
          },
          dispatcher: null,
          tidy: () => tidied(),
          settle: async () => undefined,
        };
      },
    });
    await begun(true);
    await expect(both({ kind: 'sweep' })).rejects.toThrow('could not look at broken: Error: no table');
    expect(lines).toEqual(['flights in prod: took up r-1: nobody drives it']);
  });
});

describe('an alarm', () => {
  it('is a lap at once: a breach need not wait for the next', async () => {
    await begun(true);
    let answer = await lap(lapOf(0));
    while (!/baking/.test(answer.why)) {
      world.advance(1_000);
      answer = await lap(lapOf(1));
    }
    world.behaviour[v23] = { errors: 0.5, latencyMs: 20 };
    // The execution sleeps on; no lap of its own comes.
    world.advance(3_000);
    expect(await kinds(alarm('ALARM'))).toEqual(['ended']);
    expect(world.alias().target).toEqual({ functionVersion: '7', weights: {} });
    expect(lines).toContain('alarm mlreg-prod-errors');
  });

  it('that is over, or has no data, is none', async () => {
    await begun(true);
    for (const value of ['OK', 'INSUFFICIENT_DATA']) expect(await kinds(alarm(value))).toEqual([]);
  });
});

describe('the hourly clean-up', () => {
  const collect = () => handler({ kind: 'collect' });

  it.each<[string, Tidied, readonly string[]]>([
    ['nothing due is not worth a line', { kind: 'nothing' }, []],
    [
      'a rollout under way is no failure',
      { kind: 'later', why: 'rollout r-1 is not over' },
      ['flights in prod: retired nothing: rollout r-1 is not over'],
    ],
    [
      'what went, and what AWS has not finished',
      {
        kind: 'done',
        collection: {
          retired: [{ version: v22, endpoint: 'blue' }],
          kept: [],
          unfinished: [{ version: v23, endpoint: 'green', why: 'still deleting' }],
          tidied: [],
          stale: { functionVersions: ['11', '12'] },
        },
      },
      ['flights in prod: retired blue; green is not gone yet: still deleting; deleted 2 Lambda versions'],
    ],
  ])('%s', async (_what, result, said) => {
    tidied = () => Promise.resolve(result);
    expect(await collect()).toEqual({ collections: [result] });
    expect(lines).toEqual(said);
  });

  it('that fails is a failed invocation: the alarm on the controller goes by that', async () => {
    tidied = () => Promise.reject(new Error('no table'));
    await expect(collect()).rejects.toThrow('could not look at flights: Error: no table');
  });
});

it.each([{}, null, { kind: 'lap' }, { ...lapOf(0), lap: -1 }, { kind: 'other' }])(
  '%j is no event',
  async (event) => {
    await expect(handler(event)).rejects.toThrow('not an event of the rollout controller');
  },
);
