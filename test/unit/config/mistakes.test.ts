import { expect, test } from 'vitest';
import { UserError } from '../../../src/domain/user-error.ts';
import { load, mistakesIn } from './loading.ts';

const inModel = (lines: string): string => `model: recommendation\n${lines}`;

test.each<readonly [string, string]>([
  ['nothing at all', ''],
  ['only a comment', '# model: recommendation\n'],
  ['a list', '- model: recommendation\n'],
  ['a word', 'recommendation\n'],
  ['model missing', 'routing: sticky\n'],
  ['model a number', 'model: 2.30\n'],
  ['model with a space', 'model: my model\n'],
  ['model nothing', 'model:\n'],
  ['routing', inModel('routing: random\n')],
  ['share in words', inModel('environments:\n  prod:\n    guardrails:\n      errorRate: five\n')],
  ['share as a percent number', inModel('guardrails: { errorRate: 5 }\n')],
  ['share of nothing', inModel('guardrails: { errorRate: 0%, throttleRate: 0 }\n')],
  ['latency without a unit', inModel('guardrails: { meanLatency: 1000 }\n')],
  ['latency zero', inModel('guardrails: { meanLatency: 0ms }\n')],
  ['count', inModel('guardrails: { endpointErrorsPerMinute: -1 }\n')],
  ['switched off by false', inModel('guardrails: { errorRate: false }\n')],
  ['duration number', inModel('maxHold: 900\n')],
  ['duration with decimals', inModel('maxHold: 2.30\n')],
  ['duration like a clock', inModel("maxHold: '1:30'\n")],
  ['duration zero', inModel('maxHold: 0s\n')],
  ['duration of years', inModel('keepPrevious: 4000d\n')],
  ['duration list', inModel('keepPrevious: [1h]\n')],
  ['a step', inModel('strategies:\n  canary:\n    steps: [10, fifty, 100]\n')],
  ['a step beyond all', inModel('strategies: { canary: { steps: [10, 101] } }\n')],
  ['a step too fine', inModel('strategies: { canary: { steps: [0.125, 10] } }\n')],
  ['falling steps', inModel('strategies: { canary: { steps: [10, 50, 50] } }\n')],
  ['no steps', inModel('strategies: { canary: { steps: [] } }\n')],
  ['a large first step', inModel('strategies: { canary: { steps: [50, 100] } }\n')],
  ['a large first share', inModel('strategies: { blueGreen: { percent: 25 } }\n')],
  [
    'a large first step in one environment',
    inModel('environments: { prod: { strategies: { canary: { steps: [30] } } } }\n'),
  ],
  ['too few users held back', inModel('strategies: { canary: { holdBack: 1% } }\n')],
  ['a step beyond those held back', inModel('strategies: { canary: { steps: [10, 99], holdBack: 2% } }\n')],
  ['a short bake', inModel('strategies: { canary: { bake: 2m } }\n')],
  ['a minimum beyond the default bake', inModel('environments: { dev: { judge: { minimumBake: 20m } } }\n')],
  ['too few ticks', inModel('environments: { dev: { strategies: { shadow: { tick: 6m } } } }\n')],
  ['a tick that CloudWatch has no period for', inModel('strategies: { canary: { tick: 15s } }\n')],
  ['a list inside a list', inModel('strategies: { canary: { steps: [[10]] } }\n')],
  ['alpha', inModel('judge: { alpha: 60%, alphaPromote: 0 }\n')],
  ['margins', inModel('judge: { rollbackMargin: { ratio: 0.9, slower: 10 } }\n')],
  ['yes and no', inModel('environments: { prod: { protected: yes } }\n')],
  ['approvals', inModel('environments: { prod: { approvals: 1.5 } }\n')],
  [
    'approvers',
    inModel(
      "environments: { prod: { approvers: { github: ['my-app[bot]', -x], roles: [deploy], repository: models, workflow: ../x.yml, issuer: 'http://x' } } }\n",
    ),
  ],
  [
    'fewer approvers than approvals',
    inModel(
      'environments: { prod: { approvals: 2, approvers: { github: [ana], repository: acme/models } } }\n',
    ),
  ],
  [
    'approvers on GitHub without a repository',
    inModel('environments: { prod: { approvals: 1, approvers: { github: [ana] } } }\n'),
  ],
  [
    'deploy windows',
    inModel(
      "environments: { prod: { deployWindows: { timeZone: Berlin, open: ['mon 9-16', tue], freezes: ['2026-02-30: x'] } } }\n",
    ),
  ],
  ['an account number', inModel('environments: { prod: { account: 012345678901 } }\n')],
  ['an alias number', inModel('environments: { prod: { lambda: { alias: 2.30 } } }\n')],
  ['a criterion without quotes', inModel('acceptance:\n  auc: >= 0.6\n')],
  ['a criterion without a sign', inModel('acceptance: { auc: 0.6 }\n')],
  ['a metric name', inModel("acceptance: { 'area under curve': '>= 0.6' }\n")],
  ['a variable that is a number', inModel('sagemaker: { environment: { API_KEY: 12345 } }\n')],
  ['a variable name', inModel("sagemaker: { environment: { 'A-B': x } }\n")],
  ['memory', inModel('sagemaker: { memoryMb: 2000 }\n')],
  [
    'a webhook',
    inModel('notifications: { slackWebhookEnv: https://hooks.slack.com/services/T0/B0/verysecret }\n'),
  ],
  [
    'a webhook under another key',
    inModel('notifications: { slackWebhook: https://hooks.slack.com/services/T0/B0/verysecret }\n'),
  ],
  [
    'a webhook in a wrong place',
    inModel('notifications: { sns: https://hooks.slack.com/services/T0/B0/verysecret }\n'),
  ],
  [
    'a URL with a password',
    inModel('environments: { dev: { endpointUrl: http://me:verysecret@example.org } }\n'),
  ],
  ['an environment name', inModel('environments: { Prod_EU: {} }\n')],
  ['an environment that is a word', inModel('environments: { prod: eu-west-1 }\n')],
  ['a section that is a list', inModel('guardrails: [errorRate]\n')],
  ['default environment', inModel('defaultEnvironment: prd\n')],
  ['a region', inModel('region: Ireland\n')],
  ['a container in local', inModel('environments: { local: { sagemaker: { image: example/image:1 } } }\n')],
  ['a script on AWS', inModel('sagemaker: { image: local://./serve.mjs }\n')],
  ['a table in local', inModel('environments: { local: { table: mlreg-local } }\n')],
  ['snake case', inModel('guardrails: { error_rate: 5% }\n')],
  ['a typing error', inModel('guardrial: { errorRate: 5% }\n')],
  ['two letters swapped', inModel('environments: { prod: { protetced: true } }\n')],
  ['a key of another section', inModel('alpha: 1%\n')],
  ["an environment's key at the top", inModel('approvals: 2\n')],
  ['a key that nothing is like', inModel('judge: { zebra: 1 }\n')],
  ['a key with control characters', inModel('"a\\u001b[31m\\nb": 1\n')],
  ['a value with control characters', inModel('routing: "a\\u001b[31m\\nb"\n')],
])('%s', (_, text) => {
  expect(mistakesIn(text).join('\n')).toMatchSnapshot();
});

test('all mistakes are told at once, in the order of the file', () => {
  const text = `model: 1.10
guardrails:
  errorRate: five
  errorrate: 5%
  meanLatency: 1000
guardrails:
  errorRate: 1%
strategies:
  canary:
    steps: [50, 100]
    bake: 2m
    __proto__: { polluted: true }
environments:
  prod:
    approvals: two
    strategies: { canary: { steps: [40, 50] } }
  Big:
    protected: true
defaultEnvironment: production
`;
  const error = thrownBy(() => load(text));
  expect(error.fault).toBe('usage');
  expect(error.message).toMatchSnapshot();
});

test('a wrong value does not hide what its neighbours contradict', () => {
  expect(mistakesIn('model: m\nstrategies: { canary: { steps: [50, 100], bake: 1x } }\n')).toEqual([
    'mlreg.yaml:2:32 strategies.canary.steps: the first step is 50 %, more than 20 %: begin smaller, or write allowLargeFirstStep: true',
    "mlreg.yaml:2:49 strategies.canary.bake: expected a duration such as 30s, 15m or 1h30m, got '1x'",
  ]);
});

test('hundreds of mistakes are counted, not listed', () => {
  const unknown = Array.from({ length: 200 }, (_, i) => `zebra${i}: 1`).join('\n');
  const lines = mistakesIn(inModel(unknown));
  expect(lines).toHaveLength(51);
  expect(lines.at(-1)).toBe('and 150 more');
});

test('secrets are shown nowhere', () => {
  const told = [
    'notifications: { slackWebhookEnv: https://hooks.slack.com/services/T0/B0/verysecret }',
    'notifications: { sns: https://hooks.slack.com/services/T0/B0/verysecret }',
    'environments: { dev: { endpointUrl: https://me:verysecret@example.org } }',
    'sagemaker: { environment: { TOKEN: [verysecret] } }',
    'notifications: { slackWebhookEnv: [verysecret] }',
    'notifications: { slackWebhookEnv: verysecret }',
    'slack: | verysecret',
    'slack: "verysecret',
  ].map((line) => mistakesIn(inModel(`${line}\n`)).join());
  expect(told.every((text) => text.length > 0)).toBe(true);
  expect(told.join()).not.toContain('verysecret');
});

function thrownBy(act: () => unknown): UserError {
  try {
    act();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
