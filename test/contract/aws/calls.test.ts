import { describe, expect, test } from 'vitest';
import { backCalls } from '../../../bench/calls.ts';
import { countedRollout, type Course } from '../../../bench/counted-rollout.ts';

const back = async (strategy: 'canary' | 'blue-green', course: Course) =>
  backCalls(await countedRollout(strategy, course));

describe('the way back, in calls', () => {
  test('is one until users are back, and one that looks whether they are', async () => {
    expect(await back('canary', 'fails')).toEqual(['UpdateAlias', 'GetAlias']);
    expect(await back('blue-green', 'fails')).toEqual(['UpdateAlias', 'GetAlias']);
  });

  test('is one behind a swap too, and two writes before a swap that comes late is harmless; the stage comes after', async () => {
    const asked = await back('blue-green', 'fails behind the swap');
    expect(asked.slice(0, 4)).toEqual(['UpdateAlias', 'GetAlias', 'UpdateAlias', 'GetAlias']);
    expect(asked.slice(4)).toContain('UpdateStage');
    expect(asked.slice(4)).not.toContain('UpdateAlias');
  });

  test('from another process begins with what that must know first: the token, the newest revision, and whether the champion answers', async () => {
    expect(await back('canary', 'aborted')).toEqual([
      ...['GetAlias', 'DescribeEndpoint', 'GetAlias'],
      ...['UpdateAlias', 'GetAlias'],
    ]);
  });
});

test('a rollout asks no more than it did: one look a tick, one write a step, each read back once', async () => {
  const { calls, ticks } = await countedRollout('canary', 'healthy');
  const of = (phase: string): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const each of calls)
      if (each.phase === phase) counts[each.call.operation] = (counts[each.call.operation] ?? 0) + 1;
    return counts;
  };
  // Two looks more: while no tick is final an owner looks every 10 s whether a person brought users back.
  expect(of('bake')).toEqual({ GetMetricData: ticks, GetAlias: ticks + 2 });
  expect(of('route')).toEqual({ UpdateAlias: 2, GetAlias: 2 });
  expect(of('promote')).toEqual({ UpdateAlias: 1, GetAlias: 1 });
  expect(of('preflight')).toEqual({
    UpdateAlias: 1,
    GetProvisionedConcurrencyConfig: 1,
    GetMetricData: 1,
    ListEndpoints: 1,
    // What the account's total concurrency leaves for one more endpoint.
    'GET account-settings': 1,
    'GET concurrency': 1,
    DescribeEndpointConfig: 1,
  });
});
