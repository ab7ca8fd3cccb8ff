import { describe, expect, it } from 'vitest';
import { createJudge, judge } from '../../../src/monitor/judge/judge.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import type { JudgePolicy } from '../../../src/domain/policy.ts';
import { arm, binomial, createRandom, poisson, policyOf, randomArm, tick } from './traffic.ts';

interface World {
  readonly rate: number;
  readonly championErrors: number;
  readonly challengerErrors: number;
  readonly championMs?: number;
  readonly challengerMs?: number;
  /** Ticks of history. */
  readonly history?: number;
  readonly policy?: Partial<JudgePolicy>;
}

/** The table of ticks of one rollout. */
function rollout(
  seed: number,
  world: World,
): { readonly policy: JudgePolicy; readonly table: readonly Observation[] } {
  const random = createRandom(seed);
  const [championMs, challengerMs] = [world.championMs, world.challengerMs];
  const one = (n: number, errors: number, ms: number | undefined) =>
    ms === undefined ? arm(n, binomial(random, n, errors)) : randomArm(random, n, errors, ms);
  const history = Array.from({ length: world.history ?? 0 }, () =>
    one(poisson(random, world.rate), world.championErrors, championMs),
  );
  const policy = policyOf({ history, ...world.policy });
  const table: Observation[] = [];
  for (const step of policy.steps) {
    for (let i = 0; i < step.ticks; i++) {
      const requests = poisson(random, world.rate);
      const own = step.percent === 100 ? requests : binomial(random, requests, step.percent / 100);
      const champion = step.percent === 100 ? null : one(requests - own, world.championErrors, championMs);
      const challenger = one(own, world.challengerErrors, challengerMs);
      table.push(tick(table.length + 1, champion, challenger, { plannedPercent: step.percent }));
    }
  }
  return { policy, table };
}

/** The tick at which it rolls back; null if it doesn't. */
function rollbackAt({ policy, table }: ReturnType<typeof rollout>): number | null {
  const judge = createJudge(policy);
  const at = table.findIndex((observation) => judge.push(observation).kind === 'fail');
  return at === -1 ? null : at + 1;
}

const healthy: Record<string, World> = {
  '1 % errors, 20 requests/s': { rate: 20, championErrors: 0.01, challengerErrors: 0.01 },
  '1 % errors with history': { rate: 30, championErrors: 0.01, challengerErrors: 0.01, history: 60 },
  '4 % errors, just below the limit': { rate: 20, championErrors: 0.04, challengerErrors: 0.04 },
  'three steps': {
    rate: 15,
    championErrors: 0.005,
    challengerErrors: 0.005,
    policy: { steps: [10, 50, 100].map((percent) => ({ percent, ticks: 15 })) },
  },
  'very low traffic': { rate: 0.3, championErrors: 0.05, challengerErrors: 0.05 },
  'with latencies': {
    rate: 10,
    championErrors: 0.01,
    challengerErrors: 0.01,
    championMs: 60,
    challengerMs: 60,
  },
};

describe('a healthy challenger', () => {
  it.each(Object.entries(healthy))('is rolled back in at most alpha of rollouts: %s', (_, world) => {
    const runs = world.championMs === undefined ? 120 : 40;
    const failed = Array.from({ length: runs }, (_, seed) => rollout(seed + 1, world)).filter(
      ({ policy, table }) => judge(policy, table).kind === 'fail',
    );
    expect(failed.length / runs).toBeLessThanOrEqual(0.01);
  });
});

const runs = 12;

describe('a bad challenger is found', () => {
  it.each<[string, World, number, number]>([
    ['15 % errors against 0.1 %', { rate: 80, championErrors: 0.001, challengerErrors: 0.15 }, 1, 12],
    ['five times the errors', { rate: 80, championErrors: 0.02, challengerErrors: 0.1 }, 0.95, 30],
    ['total failure', { rate: 20, championErrors: 0.001, challengerErrors: 1 }, 1, 5],
    [
      'total failure of a version that serves alone',
      { rate: 5, championErrors: 0, challengerErrors: 1, policy: { steps: [{ percent: 100, ticks: 60 }] } },
      1,
      5,
    ],
    [
      'five times as slow',
      { rate: 50, championErrors: 0.001, challengerErrors: 0.001, championMs: 60, challengerMs: 300 },
      1,
      12,
    ],
  ])('%s', (_, world, least, within) => {
    const at = Array.from({ length: runs }, (_, seed) => rollbackAt(rollout(seed + 1, world)));
    const failed = at.filter((t) => t !== null).sort((a, b) => a - b);
    expect(failed.length / runs).toBeGreaterThanOrEqual(least);
    expect(failed[failed.length >> 1]).toBeLessThanOrEqual(within);
  });
});
