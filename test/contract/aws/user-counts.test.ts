import { expect, test } from 'vitest';
import { createUserCounts } from '../../../src/aws/logs-user-counts.ts';
import { instant } from '../../../src/domain/units.ts';
import { bucketOf } from '../../../src/domain/user-bucket.ts';
import type { UserCounts } from '../../../src/ports/index.ts';
import { answered, post } from '../../unit/router/harness.ts';
import { classify, failed } from '../../../src/router/classify.ts';
import { createHandler } from '../../../src/router/handler.ts';
import { START } from '../../unit/local-aws/core/bench.ts';
import { functionName, type Stack, stack } from './stack.ts';

const options = (made: Stack, environment = 'prod') => ({
  clients: made.clients,
  clock: made.port,
  environment,
  model: 'recommendation',
  functionName,
});

const thresholds = [20, 50, 100] as const;
const query = (more: Partial<Parameters<UserCounts['read']>[0]> = {}): Parameters<UserCounts['read']>[0] => ({
  from: instant(START),
  to: instant(START + 60_000),
  slowerThanMs: thresholds,
  ...more,
});

const route = {
  rollout: 'r-abc',
  token: 5,
  champion: { version: 'v1', endpoint: 'rec-v1' },
  challenger: { version: 'v2', endpoint: 'rec-v2' },
  percent: 50,
  salt: 'salt',
  assign: 'buckets-1',
  aside: [bucketOf('user-3')],
};

interface Sent {
  readonly user: string | undefined;
  readonly at: number;
  readonly latencyMs: number;
  readonly fails: boolean;
  readonly refused?: true;
}

const rejected = classify(424, 'ModelError', '{"OriginalStatusCode":400,"OriginalMessage":"no such column"}');

/** What the router itself prints of these requests, so that its lines and the query can't drift apart. */
async function routed(sent: readonly Sent[], environment = 'prod') {
  const lines: string[] = [];
  const arms: string[] = [];
  let now: Sent = sent[0]!;
  let elapsed = 0;
  const handler = createHandler({
    env: {
      MLREG_ROUTE: JSON.stringify(route),
      MLREG_ENVIRONMENT: environment,
      MLREG_MODEL: 'recommendation',
    },
    now: () => now.at,
    monotonicMs: () => elapsed,
    client: {
      async invoke(endpoint) {
        elapsed += now.latencyMs;
        arms.push(endpoint);
        if (now.refused) return rejected;
        return now.fails ? failed('model', '424') : answered();
      },
      warm: async () => true,
    },
    copiesTo: () => async () => 'sent',
    emit: (line) => lines.push(line),
    wait: async () => undefined,
    environmentId: 'e',
    readsKeys: () => async () => ({ kind: 'read', keys: [] }),
    readsReceiptKeys: () => async () => ({ kind: 'failed', why: 'not to be asked', passing: false }),
    iv: () => Buffer.alloc(12),
    random: () => 0.5,
  });
  for (now of sent) await handler(post({ userId: now.user }));
  return { lines, arms };
}

function traffic(): Sent[] {
  // A small generator of its own, so that what is true is known without what is tested.
  let state = 7;
  const dice = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return Array.from({ length: 3_000 }, () => ({
    user: dice() < 0.1 ? undefined : `user-${Math.floor(200 * dice() ** 2)}`,
    at: START - 5_000 + Math.floor(70_000 * dice()),
    latencyMs: Math.round(1_000 * (5 + 150 * dice())) / 1_000,
    fails: dice() < 0.05,
  }));
}

const print = ({ local }: Stack, lines: readonly string[]): void =>
  local.putLogLines({ functionName } as never, lines);

test('counts by bucket are those of the traffic, on both arms, set aside or not', async () => {
  const made = await stack();
  const sent = traffic();
  const { lines, arms } = await routed(sent);
  print(made, ['START RequestId: 1', 'no JSON {', '{"bucket":3}', ...lines, 'END RequestId: 1']);
  const other = await routed(sent, 'stage');
  print(made, other.lines);
  await made.clock.advance(1_000);
  made.asked.length = 0;

  const truth = new Map<number, number[]>();
  sent.forEach(({ user, at, latencyMs, fails }, i) => {
    if (user === undefined || at < START || at >= START + 60_000) return;
    const bucket = bucketOf(user);
    const counts = truth.get(bucket) ?? [0, 0, 0, 0, 0];
    const limit = arms[i] === 'rec-v2' ? 1.1 : 1;
    const slow = thresholds.map((ms) => (!fails && latencyMs > ms * limit ? 1 : 0));
    truth.set(
      bucket,
      [1, fails ? 1 : 0, ...slow].map((count, k) => count + counts[k]!),
    );
  });
  const reading = await createUserCounts(options(made)).read(query());
  if (reading.kind !== 'read') throw new Error(reading.why);
  const { id, requests, errors, slow50, slow95, slow99 } = reading.counts;
  expect(new Set(arms)).toEqual(new Set(['rec-v1', 'rec-v2']));
  expect(id).toEqual([...truth.keys()].sort((a, b) => a - b));
  const found = id.map((_, i) => [requests[i], errors[i], slow50[i], slow95[i], slow99[i]]);
  expect(found).toEqual(id.map((bucket) => truth.get(bucket)));
  expect(id, 'buckets set aside are counted too').toContain(bucketOf('user-3'));
  // One query, whatever the traffic, and each answer to it.
  expect(made.asked.map((line) => line.split('.')[1])).toEqual([
    undefined,
    'StartQuery',
    'GetQueryResults',
    'GetQueryResults',
  ]);
});

test('requests that the model called bad are counted beside those that failed', async () => {
  const made = await stack();
  const request = { at: START, latencyMs: 9, fails: false };
  const { lines } = await routed([
    { ...request, user: 'user-1' },
    { ...request, user: 'user-1', refused: true },
    { ...request, user: 'user-1', refused: true },
    { ...request, user: 'user-2', fails: true },
  ]);
  print(made, lines);
  await made.clock.advance(1_000);
  const reading = await createUserCounts(options(made)).read(query());
  const order = [bucketOf('user-1'), bucketOf('user-2')].sort((a, b) => a - b);
  const of = (...counts: readonly [number, number]) =>
    order[0] === bucketOf('user-1') ? counts : counts.toReversed();
  expect(reading).toMatchObject({
    counts: { id: order, requests: of(3, 1), errors: of(0, 1), refused: of(2, 0) },
  });
});

test('without limits nobody is slow', async () => {
  const made = await stack();
  print(made, (await routed([{ user: 'user-1', at: START, latencyMs: 900, fails: false }])).lines);
  await made.clock.advance(1_000);
  expect(await createUserCounts(options(made)).read(query({ slowerThanMs: null }))).toEqual({
    kind: 'read',
    counts: { id: [bucketOf('user-1')], requests: [1], errors: [0], slow50: [0], slow95: [0], slow99: [0] },
  });
});

const nothing = { id: [], requests: [], errors: [], slow50: [], slow95: [], slow99: [] };

test('a time in which nobody asked has no counts, and an empty one is not asked for', async () => {
  const made = await stack();
  print(made, ['START']);
  const counts = createUserCounts(options(made));
  expect(await counts.read(query())).toEqual({ kind: 'read', counts: nothing });
  made.asked.length = 0;
  expect(await counts.read(query({ to: instant(START) }))).toEqual({ kind: 'read', counts: nothing });
  expect(made.asked).toEqual([]);
});

test.each([
  ['logs:StartQuery', 'Allow logs:StartQuery'],
  ['logs:GetQueryResults', 'Allow logs:GetQueryResults'],
])('a missing permission for %s is told', async (action, words) => {
  const made = await stack();
  print(made, ['START']);
  made.local.inject({ deny: { [action]: true } });
  expect(await createUserCounts(options(made)).read(query())).toEqual({
    kind: 'unreadable',
    why: expect.stringContaining(words),
    denied: true,
  });
});

test('a log that is not there yet is unreadable, not empty', async () => {
  const made = await stack();
  expect(await createUserCounts(options(made)).read(query())).toMatchObject({
    kind: 'unreadable',
    why: expect.stringContaining(`log group /aws/lambda/${functionName}`),
    denied: false,
  });
});

test('a query that does not end is stopped after 25 s', async () => {
  const made = await stack();
  print(made, ['START']);
  // A clock of its own: the emulator's stands still, so the query is never done there.
  let now = START;
  const clock = {
    now: () => instant(now),
    sleepUntil: async (at: number) => {
      now = at;
    },
  };
  expect(await createUserCounts({ ...options(made), clock }).read(query())).toMatchObject({
    kind: 'unreadable',
    why: expect.stringContaining('took longer than 25 s'),
    denied: false,
  });
  expect(now - START).toBe(25_000);
  expect(made.asked.at(-1)).toContain('StopQuery');
});
