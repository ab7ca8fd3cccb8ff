import { expect, test } from 'vitest';
import { contradictions } from '../../../src/config/contradictions.ts';
import { judgePolicy } from '../../../src/config/judge-policy.ts';
import { load } from './loading.ts';

const config = load('model: recommendation\n');
const minutes = (count: number): number => count * 60_000;

test.each([
  ['dev', { approvals: 0, protected: false, onInterrupt: 'hold', bakeMs: minutes(15) }],
  ['staging', { approvals: 1, protected: false, onInterrupt: 'hold', bakeMs: minutes(15) }],
  ['prod', { approvals: 2, protected: true, onInterrupt: 'rollback', bakeMs: minutes(60) }],
])('%s', (name, { bakeMs, ...rest }) => {
  const environment = config.environment(name);
  expect(environment).toMatchObject({
    ...rest,
    name,
    kind: 'aws',
    model: 'recommendation',
    routing: 'sticky',
    region: null,
    strategies: {
      canary: {
        steps: [10, 50, 100],
        bakeMs,
        tickMs: 10_000,
        onInconclusive: 'promote',
        extendMs: minutes(15),
      },
      blueGreen: { percent: 10, bakeMs, finalBakeMs: bakeMs, retireAfterMs: minutes(24 * 60) },
      shadow: { sample: 25, bakeMs },
    },
    guardrails: {
      errorRate: 0.05,
      meanLatencyMs: 1000,
      endpointErrorRate: 0.05,
      endpointErrorsPerMinute: null,
      throttleRate: 0.1,
      alarm: null,
    },
    notifications: { sns: `mlreg-alerts-${name}`, slackWebhookEnv: null },
    lambda: { function: `recommendation-inference-${name}`, alias: 'live' },
    api: { id: null, name: `recommendation-api-${name}`, stage: '$default' },
    store: { kind: 'dynamodb', table: `mlreg-${name}` },
    keepPreviousMs: minutes(24 * 60),
    maxHoldMs: minutes(24 * 60),
    settleMs: minutes(2),
  });
  expect(contradictions(environment)).toEqual([]);
});

test('local', () => {
  const local = config.environment('local');
  expect(local).toMatchSnapshot();
  expect(contradictions(local)).toEqual([]);
});

test('the whole of prod', () => {
  expect(config.environment('prod')).toMatchSnapshot();
});

test("the judge's policy holds the environment's settings and the plan's facts", () => {
  const plan = { steps: [{ percent: 10, ticks: 90 }], tickMs: 10_000, history: [], historyTickMs: 60_000 };
  expect(judgePolicy(config.environment('dev'), plan)).toEqual({
    ...plan,
    alpha: 0.01,
    alphaPromote: 0.05,
    rollbackMargin: { ratio: 1.1, difference: 0.0002, slower: 0.1 },
    refusedMore: 0.005,
    promoteMargin: { ratio: 1.25, difference: 0.001, slower: 0.2 },
    warmUpMs: minutes(5),
    minimumBakeMs: minutes(5),
    minimumTicks: 3,
    noise: 'robust',
    scope: 'attributable',
    detectableRatio: 5,
    detectableSlower: 2,
    guardrails: {
      errorRate: 0.05,
      meanLatencyMs: 1000,
      endpointErrorRate: 0.05,
      endpointErrorsPerMinute: null,
      throttleRate: 0.1,
      alarm: null,
    },
  });
});
