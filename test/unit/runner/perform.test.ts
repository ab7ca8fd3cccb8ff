import { describe, expect, it } from 'vitest';
import type { Effect } from '../../../src/domain/journal.ts';
import { UserError } from '../../../src/domain/user-error.ts';
import { type Platform, PlatformError, type PlatformFailure } from '../../../src/ports/platform.ts';
import { perform } from '../../../src/runner/perform.ts';
import { rollback } from '../../../src/strategies/rollback.ts';
import {
  actor,
  canarySettings,
  type ModelWorld,
  modelWorld,
  seedRegistry,
  v22,
  v23,
} from '../../support/model-world.ts';
import {
  atStep,
  did,
  ensure,
  home,
  on,
  plan,
  publish,
  setAlias,
  single,
  smoke,
  split,
  stepOf,
  stepsTo,
  tell,
  weightedPlan,
} from '../engine/story.ts';

/** A serving stack that differs in this from one where all is well. */
async function stack(over: Partial<Platform> = {}): Promise<ModelWorld> {
  const world = modelWorld();
  await seedRegistry(world);
  const at = world.ports.clock.now();
  await world.ports.store.acquire({ owner: actor(), rollout: state.id, takeOver: false, at });
  Object.assign(world.ports.platform, over);
  return world;
}

const failing = (kind: PlatformFailure['kind']) => () =>
  Promise.reject(new PlatformError({ kind, action: 'x', message: `${kind}!` }));
const { state } = tell(plan);
const done = (outcome: object) => ({ kind: 'done', outcome });

describe('a step becomes calls', () => {
  const route10: Effect = { kind: 'publish', route: split(10) };
  const cases: readonly (readonly [string, Effect, Partial<Platform>, object])[] = [
    ['endpoint, asked for', ensure, {}, done({ kind: 'endpoint', state: 'creating' })],
    [
      'endpoint in service',
      ensure,
      { ensureEndpoint: async () => ({ kind: 'in-service' }) },
      done({ kind: 'endpoint', state: 'in-service' }),
    ],
    [
      'endpoint being deleted: not there yet',
      ensure,
      { ensureEndpoint: async () => ({ kind: 'deleting' }) },
      done({ kind: 'endpoint', state: 'creating' }),
    ],
    [
      'endpoint that failed: for good',
      ensure,
      { ensureEndpoint: async () => ({ kind: 'failed', why: 'no ping' }) },
      { kind: 'failed', error: 'endpoint new-endpoint failed: no ping', final: true },
    ],
    [
      'endpoint of a version that nobody registered: for good',
      { ...ensure, version: 'v9' } as Effect,
      {},
      { kind: 'failed', error: 'v9 is not registered', final: true },
    ],
    ['publication, read back', route10, {}, done({ kind: 'published', functionVersion: '8' })],
    [
      "publication with somebody else's variables: tried again",
      route10,
      { variables: async () => ({ MLREG_ROUTE: '{}' }) },
      { kind: 'failed', error: 'Lambda version 8 was published with another MLREG_ROUTE', final: false },
    ],
    [
      'publication of other code: refused for good',
      route10,
      { publish: failing('refused') },
      { kind: 'failed', error: 'refused!', final: true },
    ],
    [
      'publication, throttled: tried again',
      route10,
      { publish: failing('throttled') },
      { kind: 'failed', error: 'throttled!', final: false },
    ],
    [
      'publication, denied: tried again, for a permission may come, and never taken for absent',
      route10,
      { publish: failing('denied') },
      { kind: 'failed', error: 'denied!', final: false },
    ],
    ['smoke requests', smoke, {}, done({ kind: 'smoked', passed: true, requests: 3 })],
    [
      'smoke requests that fail: for good',
      smoke,
      { smoke: async () => ({ passed: false, requests: 1, why: 'status 500' }) },
      { kind: 'failed', error: 'smoke request failed: status 500', final: true },
    ],
    [
      'smoke requests that fail without a word',
      smoke,
      { smoke: async () => ({ passed: false, requests: 1 }) },
      { kind: 'failed', error: 'smoke request failed: no reason given', final: true },
    ],
    [
      'a mistake of the user: for good',
      smoke,
      { smoke: () => Promise.reject(new UserError('usage', 'no smoke file')) },
      { kind: 'failed', error: 'no smoke file', final: true },
    ],
    ['a notice', { kind: 'notify', subject: 's', body: 'b' }, {}, done({ kind: 'done' })],
  ];
  it.each(cases)('%s', async (_name, effect, over, expected) => {
    const { ports } = await stack(over);
    expect(await perform(ports, state, effect, 5)).toEqual(expected);
  });

  it('lets a bug through', async () => {
    const { ports } = await stack({ smoke: () => Promise.reject(new TypeError('a bug')) });
    await expect(perform(ports, state, smoke, 5)).rejects.toThrow('a bug');
    await expect(perform(ports, state, { ...smoke, version: 'v9' } as Effect, 5)).rejects.toThrow(
      'r-1 knows no endpoint of v9',
    );
    await expect(perform(ports, state, { kind: 'sing' } as never, 5)).rejects.toThrow('unreachable');
  });

  it('warms every Lambda version of a route, as many as are busy now, and the endpoint whose share grows', async () => {
    const warmed: unknown[] = [];
    const { ports } = await stack({
      load: async () => ({ inFlight: 8, most: 20 }),
      warmEndpoint: async (endpoint, count) => {
        warmed.push([endpoint, count]);
        return { requests: count, warm: count - 1, throttled: true };
      },
      concurrency: async () => 3,
      warm: async (version, count) => {
        warmed.push([version, count]);
        return count;
      },
    });
    const ready = tell(weightedPlan, publish(single(v22), '8'), publish(single(v23), '9')).state;
    const effect: Effect = { kind: 'warm-up', route: split(10) };
    expect(await perform(ports, ready, effect, 5)).toEqual(
      done({
        kind: 'warmed',
        environments: 6,
        endpoints: [
          { version: v23, endpoint: state.endpoints[v23]?.name, requests: 6, warm: 5, throttled: true },
        ],
      }),
    );
    expect(warmed).toEqual([
      ['8', 3],
      ['9', 3],
      [state.endpoints[v23]?.name, 6],
    ]);
    await expect(perform(ports, state, effect, 5)).rejects.toThrow('is not published');
  });

  it('tells under an id that is the same at each try', async () => {
    const sent: string[] = [];
    const world = await stack();
    const ports = {
      ...world.ports,
      notifier: { send: async ({ eventId }: { eventId: string }) => void sent.push(eventId) },
    };
    await perform(ports, state, { kind: 'notify', subject: 's', body: '' }, 5);
    await perform(ports, state, { kind: 'notify', subject: 's', body: '' }, 5);
    expect(sent).toEqual(['r-1/5', 'r-1/5']);
  });
});

describe('the alias', () => {
  const route = setAlias('route', on('8'), split(10));
  const fence = setAlias('fence', home, null);
  const back = setAlias('roll-back', home, single(v22));

  it('is fenced as it is, under our stamp', async () => {
    const { ports, alias } = await stack();
    expect(await perform(ports, state, fence, 5)).toMatchObject(done({ kind: 'alias', target: home }));
    expect(alias()).toMatchObject({ target: home, stamp: { token: 1, seq: 5, rollout: 'r-1', back: '7' } });
  });

  it('says that a rollback leads to what served before, but to nothing that has still to pass its smoke test', async () => {
    const settings = {
      ...canarySettings({ champion: v23, challenger: v22 }),
      returnsTo: { functionVersion: '5' },
    };
    for (const [smokeFirst, step, backTo] of [
      [false, 0, '5'],
      [true, 0, '7'],
      [true, 1, '5'],
    ] as const) {
      const { ports, alias } = await stack();
      const told = tell(rollback({ ...settings, smokeFirst }), ...stepsTo(step));
      expect(await perform(ports, told.state, fence, 5)).toMatchObject(done({ kind: 'alias' }));
      expect([smokeFirst, step, alias().stamp?.back]).toEqual([smokeFirst, step, backTo]);
    }
  });

  it('is written forward from our own last write, or not at all', async () => {
    const { ports, alias, meddle } = await stack();
    await expect(perform(ports, state, route, 5)).rejects.toThrow('alias live was not fenced before route');
    const fenced = await perform(ports, state, fence, 5);
    if (fenced.kind !== 'done') throw new Error('not fenced');
    const known = tell(plan, did(fence, fenced.outcome)).state;
    meddle(on('9'));
    expect(await perform(ports, known, route, 6)).toEqual({
      kind: 'foreign',
      sentence: 'alias live was changed by something else than mlreg: it serves Lambda version 9',
    });
    expect(alias().target).toEqual(on('9'));
    meddle(home);
    const again = await perform(ports, state, fence, 7);
    if (again.kind !== 'done') throw new Error('not fenced');
    expect(await perform(ports, tell(plan, did(fence, again.outcome)).state, route, 8)).toMatchObject(
      done({ kind: 'alias', target: on('8') }),
    );
  });

  it('on the way back is taken whoever moved it, and whether or not anything is known of it', async () => {
    for (const story of [atStep(stepOf.bake10), tell(plan)]) {
      const { ports, alias, meddle } = await stack();
      meddle({ functionVersion: '9', weights: { 3: 0.5 } });
      expect(await perform(ports, story.state, back, 30)).toMatchObject(
        done({ kind: 'alias', target: home }),
      );
      expect(alias().target).toEqual(home);
    }
  });

  it('on the way back is written though it is home', async () => {
    const { ports, alias } = await stack();
    const { revisionId } = alias();
    await perform(ports, state, back, 30);
    expect(alias().revisionId).not.toBe(revisionId);
  });

  it.each(['denied', 'throttled', 'missing'] as const)(
    'that cannot be written (%s) is tried again',
    async (kind) => {
      const { ports } = await stack({ writeAlias: failing(kind) });
      expect(await perform(ports, state, fence, 5)).toEqual({
        kind: 'failed',
        error: `alias live of local: ${kind}!`,
        final: false,
        ...(kind === 'denied' ? { denied: true } : {}),
      });
    },
  );

  it('under a newer token is touched no more', async () => {
    const { ports } = await stack();
    await perform(ports, { ...state, token: 9 }, fence, 5);
    for (const effect of [fence, back])
      expect(await perform(ports, state, effect, 6)).toEqual({ kind: 'fenced', token: 9 });
  });
});

describe('an endpoint is taken down', () => {
  const retire: Effect = { kind: 'retire', version: v23, endpoint: 'new-endpoint' };
  const left = (error: string) => ({ kind: 'failed', error, final: true });
  const named = (version: typeof v22) => ({ MLREG_ROUTE: JSON.stringify({ [version]: 'new-endpoint' }) });

  it.each<[string, (world: ModelWorld) => Promise<void> | void, object, boolean]>([
    ['where nobody needs it', () => undefined, done({ kind: 'done' }), false],
    [
      'not where the alias of users reaches it',
      (world) => world.publishAs('7', named(v22)),
      left('alias live reaches it'),
      true,
    ],
    [
      'not where an alias that is none of the plan reaches it',
      (world) => {
        world.publishAs('3', named(v23));
        world.makeAlias('nightly', on('3'));
      },
      left('alias nightly reaches it'),
      true,
    ],
    [
      'not where another version has it',
      async ({ ports: { store } }) => {
        const { token } = await store.lock();
        const endpoint = { name: 'new-endpoint', generation: 1 };
        await store.change(token, [{ version: v22, set: { endpoint } }]);
      },
      left('it is the endpoint of v2.2.0, too'),
      true,
    ],
    [
      'not where what the aliases reach can not be read',
      (world) => {
        world.ports.platform.aliases = failing('denied');
      },
      { kind: 'failed', error: 'denied!', final: false },
      true,
    ],
  ])('%s', async (_, prepare, outcome, stays) => {
    const world = await stack();
    world.endpoints.set('new-endpoint', 'in-service');
    await prepare(world);
    expect(await perform(world.ports, state, retire, 3)).toEqual(outcome);
    expect(world.endpoints.has('new-endpoint')).toBe(stays);
  });
});
