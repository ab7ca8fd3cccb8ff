import { expect, test } from 'vitest';
import type { BucketCounts } from '../../src/domain/observation.ts';
import { instant } from '../../src/domain/units.ts';
import type { UserCountsReading } from '../../src/ports/index.ts';
import { PlatformError } from '../../src/ports/platform.ts';
import { cliWorld, type CliWorld } from '../support/cli-world.ts';

/** Each bucket of `buckets` with so many requests, of which some fail. */
const counts = (
  buckets: readonly { readonly id: number; readonly requests: number; readonly errors?: number }[],
): UserCountsReading => {
  const of = (value: (one: (typeof buckets)[number]) => number): number[] => buckets.map(value);
  const zero = of(() => 0);
  const found: BucketCounts = {
    id: of(({ id }) => id),
    requests: of(({ requests }) => requests),
    errors: of(({ errors = 0 }) => errors),
    slow50: zero,
    slow95: zero,
    slow99: zero,
  };
  return { kind: 'read', counts: found };
};
/** v2.2.0 has served everybody for an hour. */
async function serving(): Promise<CliWorld> {
  const world = cliWorld();
  await world.register('v2.2.0', {
    status: 'champion',
    statusAt: instant(world.clock.now() - 3_600_000),
    functionVersion: '7',
    endpoint: { name: 'recommendation-dev-v2-2-0-76322e32', generation: 1 },
  });
  await world.register('v2.3.0');
  return world;
}

const even = (many: number, requests = 100) => Array.from({ length: many }, (_, id) => ({ id, requests }));

const usersIn = (text: string): string => text.slice(text.indexOf('users'), text.indexOf('\n  time'));

test('a rollout assigns users by bucket, and its plan says whom it can compare', async () => {
  const w = await serving();
  const ran = await w.run('deploy --model-version v2.3.0');
  expect(ran.code).toBe(0);
  const [id] = await w.store.rollouts();
  const [entry] = await w.store.journal(id!);
  expect(entry).toMatchObject({ plan: { policy: { users: { aside: [], slowerThanMs: [25, 25, 25] } } } });
  const routes = ['8', '9', '10'].map((version) => w.model.variablesOf(version).MLREG_ROUTE ?? '{}');
  const splits = routes.map((route) => JSON.parse(route)).filter(({ percent }) => percent > 0);
  expect(splits.length).toBeGreaterThan(0);
  for (const split of splits) expect(split).toMatchObject({ assign: 'buckets-1', salt: 'salt' });
  expect(ran.stderr).toContain('1000 user buckets of 1,000 active before the rollout');
});

test('a function whose code is an older router is left as it is, and the fix is named', async () => {
  const w = await serving();
  w.understands = [];
  for (const words of ['deploy --model-version v2.3.0', 'plan --model-version v2.3.0']) {
    const ran = await w.run(words);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('does not understand routes by user bucket');
    expect(ran.stderr).toContain('router.zip');
  }
  expect(w.model.calls.filter((call) => /publish|writeAlias|ensureEndpoint/.test(call))).toEqual([]);
});

test('who may not invoke the function may plan all the same, and is told what is not known', async () => {
  const w = await serving();
  w.understands = new PlatformError({ kind: 'denied', action: 'lambda:InvokeFunction', message: 'Allow it' });
  const ran = await w.run('plan --model-version v2.3.0');
  expect(ran.code).toBe(0);
  expect(ran.stderr).toContain('whether the router understands routes by user bucket is not known: Allow it');
});

test('a shadow compares no users, and asks no router whether it could', async () => {
  const w = await serving();
  w.understands = [];
  expect((await w.run('plan --model-version v2.3.0 --strategy shadow')).code).toBe(0);
});

test.each([
  { share: '0.05', code: 2 },
  { share: '12.34', code: 2 },
  { share: '0.1', code: 0 },
  { share: '12.3', code: 0 },
])('a share of $share %: exit $code', async ({ share, code }) => {
  const w = await serving();
  const ran = await w.run(`plan --model-version v2.3.0 --steps ${share},100`);
  expect(ran.code).toBe(code);
  if (code !== 0) expect(ran.stderr).toContain('a share is a multiple of 0.1 %');
});

test('what the plan says of users', async () => {
  const w = await serving();
  const say = async (reading: UserCountsReading): Promise<string> => {
    w.userCounts = async () => reading;
    const ran = await w.run('plan --model-version v2.3.0');
    expect(ran.code).toBe(0);
    return usersIn(ran.stdout);
  };
  const bot = even(200).map((one) => (one.id === 7 ? { ...one, requests: 8_000, errors: 900 } : one));
  expect({
    many: await say(counts(even(812))),
    aBot: await say(counts(bot)),
    fewCallers: await say(counts(even(5))),
    denied: await say({ kind: 'unreadable', why: 'Allow logs:StartQuery', denied: true }),
    olderRouter: await say(counts([])),
  }).toMatchSnapshot();
});

test('counts only the time in which the champion served everybody', async () => {
  const w = cliWorld();
  await w.register('v2.2.0', {
    status: 'champion',
    statusAt: instant(w.clock.now() - 20_000),
    functionVersion: '7',
    endpoint: { name: 'recommendation-dev-v2-2-0-76322e32', generation: 1 },
  });
  await w.register('v2.3.0');
  const asked: number[] = [];
  w.userCounts = async ({ from, to }) => {
    asked.push((to - from) / 1_000);
    return counts(even(100));
  };
  await w.run('plan --model-version v2.3.0');
  // 20 s less the second in which metrics settle.
  expect(asked).toEqual([19]);
});

test('requests without a user id are told, in the plan and before a rollout', async () => {
  const w = await serving();
  w.model.reading = ({ from, to, tickMs }) => ({
    kind: 'read',
    observations: Array.from({ length: Math.round((to - from) / tickMs) }, (_, i) => ({
      at: instant(from + (i + 1) * tickMs),
      tickMs,
      plannedPercent: 0,
      champion: { requests: 200, errors: 0, throttles: 0 },
      challenger: null,
      anonymous: { requests: 600, errors: 0 },
    })),
  });
  const ran = await w.run('plan --model-version v2.3.0');
  expect(usersIn(ran.stdout)).toContain('75 % of the requests carry no user id');
});
