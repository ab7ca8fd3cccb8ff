import { expect, test } from 'vitest';
import { UserError } from '../../../src/domain/user-error.ts';
import { formatOrigin } from '../../../src/config/sources.ts';
import type { LoadOptions } from '../../../src/config/load.ts';
import { load } from './loading.ts';

const text = `model: recommendation
defaultEnvironment: staging
region: eu-west-1
guardrails: { errorRate: 3%, meanLatency: off }
strategies: { canary: { bake: 20m, steps: [5, 100] } }
notifications: { slackWebhookEnv: SLACK_WEBHOOK_URL }
sagemaker: { image: registry.example.org/model:1, environment: { LOG_LEVEL: info, API_TOKEN: abc } }
acceptance: { auc: '>= 0.6', mae: '<= 12' }
environments:
  prod:
    region: eu-central-1
    guardrails: { errorRate: 1% }
    strategies: { canary: { steps: [10%, 20.5, 100] } }
    sagemaker: { environment: { LOG_LEVEL: error } }
    acceptance: { auc: '> 0.7', mae: off }
  local:
    sagemaker: { image: local://./serve.mjs }
    requests: { smoke: data/smoke.json }
`;

test.each<
  readonly [name: string, options: Partial<LoadOptions>, path: string, value: string | null, origin: string]
>([
  ['default', {}, 'environments.prod.judge.alpha', '1%', 'default'],
  ['top level', {}, 'environments.prod.strategies.canary.bake', '20m', 'mlreg.yaml:5:31'],
  ['environment over top level', {}, 'environments.prod.guardrails.errorRate', '1%', 'mlreg.yaml:12:30'],
  [
    'beside what an environment overrides',
    {},
    'environments.prod.guardrails.meanLatency',
    'off',
    'mlreg.yaml:4:43',
  ],
  ['the chosen environment', {}, 'guardrails.errorRate', '3%', 'mlreg.yaml:4:26'],
  ['region of the environment', {}, 'environments.prod.region', 'eu-central-1', 'mlreg.yaml:11:13'],
  ['region of the top level', {}, 'region', 'eu-west-1', 'mlreg.yaml:3:9'],
  [
    'AWS_REGION below the file',
    { env: { AWS_REGION: 'us-west-2' } },
    'region',
    'eu-west-1',
    'mlreg.yaml:3:9',
  ],
  [
    'MLREG_REGION over the file',
    { env: { MLREG_REGION: 'us-west-2' } },
    'environments.prod.region',
    'us-west-2',
    'MLREG_REGION',
  ],
  [
    'flag over MLREG_REGION',
    { env: { MLREG_REGION: 'us-west-2' }, flags: { region: 'ap-south-1' } },
    'environments.prod.region',
    'ap-south-1',
    'flag --region',
  ],
  ['an empty variable is none', { env: { MLREG_REGION: '' } }, 'region', 'eu-west-1', 'mlreg.yaml:3:9'],
  ['AWS_PROFILE', { env: { AWS_PROFILE: 'work' } }, 'profile', 'work', 'AWS_PROFILE'],
  [
    'MLREG_PROFILE',
    { env: { AWS_PROFILE: 'work', MLREG_PROFILE: 'own' } },
    'profile',
    'own',
    'MLREG_PROFILE',
  ],
  ['model of the file', {}, 'model', 'recommendation', 'mlreg.yaml:1:8'],
  ['model of the variable', { env: { MLREG_MODEL: 'fraud' } }, 'model', 'fraud', 'MLREG_MODEL'],
  [
    'model of the flag',
    { env: { MLREG_MODEL: 'fraud' }, flags: { model: 'rank' } },
    'model',
    'rank',
    'flag --model',
  ],
  [
    'names follow the model',
    { flags: { model: 'rank' } },
    'lambda.function',
    'rank-inference-staging',
    'default',
  ],
  [
    'a list is replaced whole',
    {},
    'environments.prod.strategies.canary.steps',
    '[10%, 20.5, 100]',
    'mlreg.yaml:13:36',
  ],
  [
    'a map is merged by key',
    {},
    'environments.prod.sagemaker.environment.LOG_LEVEL',
    'error',
    'mlreg.yaml:14:44',
  ],
  [
    'a secret by its name',
    {},
    'environments.prod.sagemaker.environment.API_TOKEN',
    '(not shown)',
    'mlreg.yaml:7:94',
  ],
  ["local's own times over the top level", {}, 'environments.local.strategies.canary.bake', '8s', 'default'],
  ['but not its own steps', {}, 'environments.local.strategies.canary.steps', '[5, 100]', 'mlreg.yaml:5:43'],
  [
    'local takes nothing from AWS settings',
    {
      env: { AWS_REGION: 'us-west-2', AWS_PROFILE: 'work', MLREG_REGION: 'eu-west-3' },
      flags: { profile: 'own' },
    },
    'environments.local.region',
    'us-east-1',
    'default',
  ],
  ['local tells Slack nothing', {}, 'environments.local.notifications.slackWebhookEnv', 'off', 'default'],
  ['a follower', {}, 'environments.prod.strategies.blueGreen.retireAfter', '24h', 'default'],
])('%s', (_, options, path, value, origin) => {
  const config = load(text, options);
  const found = config.origin(path);
  expect(found && formatOrigin(found)).toBe(origin);
  const [, name, rest] = /^environments\.([^.]+)\.(.+)$/.exec(path) ?? [];
  expect(config.settings(name).find((setting) => setting.path === (rest ?? path))?.value).toBe(value);
});

test.each<readonly [string, Partial<LoadOptions>, string, string]>([
  ['the file', {}, 'staging', 'mlreg.yaml:2:21'],
  ['the variable', { env: { MLREG_ENVIRONMENT: 'prod' } }, 'prod', 'MLREG_ENVIRONMENT'],
  [
    'the flag',
    { env: { MLREG_ENVIRONMENT: 'prod' }, flags: { environment: 'local' } },
    'local',
    'flag --environment',
  ],
])('the environment is chosen by %s', (_, options, chosen, origin) => {
  const config = load(text, options);
  expect(config.chosen).toBe(chosen);
  expect(config.environment().name).toBe(chosen);
  expect(formatOrigin(config.origin('environment')!)).toBe(origin);
});

test('dev is chosen where nobody says anything', () => {
  expect(load('model: m').chosen).toBe('dev');
  expect(load('model: m').origin('environment')).toEqual({ kind: 'default' });
});

test.each([
  ['AWS_REGION', { AWS_REGION: 'us-west-2', AWS_DEFAULT_REGION: 'us-west-1' }, 'us-west-2'],
  ['AWS_DEFAULT_REGION, which the SDK does not know', { AWS_DEFAULT_REGION: 'us-west-1' }, 'us-west-1'],
  ['nothing', {}, null],
])('a file without a region takes it from %s', (_, env, region) => {
  expect(load('model: m', { env }).environment('prod').region).toBe(region);
});

test('settings come in the units of the domain', () => {
  const prod = load(text).environment('prod');
  expect(prod.guardrails).toEqual({
    errorRate: 0.01,
    meanLatencyMs: null,
    endpointErrorRate: 0.05,
    endpointErrorsPerMinute: null,
    throttleRate: 0.1,
    alarm: null,
  });
  expect(prod.strategies.canary).toMatchObject({ steps: [10, 20.5, 100], bakeMs: 1_200_000 });
  expect(prod.acceptance).toEqual([{ metric: 'auc', comparison: '>', limit: 0.7 }]);
  expect(prod.sagemaker.environment).toEqual({ LOG_LEVEL: 'error', API_TOKEN: 'abc' });
  expect(prod.notifications).toMatchObject({
    sns: 'mlreg-alerts-prod',
    slackWebhookEnv: 'SLACK_WEBHOOK_URL',
  });
});

test('files are found beside the configuration, wherever mlreg is called', () => {
  const local = load(text, { cwd: '/repo/deep/down' }).environment('local');
  expect(local.sagemaker.image).toBe('local:///repo/serve.mjs');
  expect(local.requests.smokeFile).toBe('/repo/data/smoke.json');
  expect(local.store).toEqual({ kind: 'embedded', directory: '/repo/.mlreg/local' });
});

test('origins are given as seen from where mlreg is called', () => {
  const config = load(text, { cwd: '/repo/deep' });
  expect(formatOrigin(config.origin('model')!)).toBe('../mlreg.yaml:1:8');
  expect(() => load('model: 1', { cwd: '/repo/deep' })).toThrow('../mlreg.yaml:1:8 model: expected');
});

test('local takes no account, role or image from the top level, which means AWS', () => {
  const top = `model: m
profile: work
sagemaker: { image: registry.example.org/model:1, role: 'arn:aws:iam::123456789012:role/m', memoryMb: 4096 }
`;
  const local = load(top).environment('local');
  expect(local.profile).toBeNull();
  expect(local.sagemaker).toMatchObject({
    image: null,
    role: 'arn:aws:iam::000000000000:role/mlreg-local',
    memoryMb: 4096,
  });
});

test("an environment of the user's own is treated as staging is", () => {
  const config = load('model: m\nenvironments: { prod-eu: { approvals: 3 } }');
  expect(config.environmentNames).toEqual(['dev', 'staging', 'prod', 'local', 'prod-eu']);
  expect(config.environment('prod-eu')).toMatchObject({
    kind: 'aws',
    approvals: 3,
    protected: false,
    lambda: { function: 'm-inference-prod-eu' },
    store: { table: 'mlreg-prod-eu' },
  });
});

test.each<readonly [string, Partial<LoadOptions>, { message: string; mend?: readonly string[] }]>([
  [
    'an unknown environment',
    { flags: { environment: 'prd' } },
    { message: "there is no environment 'prd'", mend: ['--environment prod'] },
  ],
  [
    'an empty flag, as of an empty workflow input',
    { flags: { environment: '' } },
    { message: "there is no environment ''" },
  ],
  [
    'an inherited name',
    { flags: { environment: 'constructor' } },
    { message: "there is no environment 'constructor'" },
  ],
  [
    'a wrong region',
    { flags: { region: 'Ireland' } },
    { message: "--region: expected an AWS Region such as eu-west-1, got 'Ireland'" },
  ],
  [
    'a wrong variable',
    { env: { MLREG_REGION: 'x' } },
    { message: "MLREG_REGION: expected an AWS Region such as eu-west-1, got 'x'" },
  ],
  [
    'a wrong model',
    { flags: { model: 'a b' } },
    { message: "--model: 'a b' is not the name of a model", mend: ['--model recommendation'] },
  ],
  [
    'a wrong model in a variable',
    { env: { MLREG_MODEL: '-' } },
    { message: "MLREG_MODEL: '-' is not the name of a model", mend: ['MLREG_MODEL=recommendation'] },
  ],
])('%s', (_, options, expected) => {
  let thrown: unknown;
  try {
    load(text, options).environment();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(UserError);
  expect(thrown).toMatchObject({ fault: 'usage', ...expected });
});

test('a file that cannot be read says so', () => {
  const readFile = (): string => {
    throw Object.assign(new Error('EACCES: /repo/mlreg.yaml'), { code: 'EACCES' });
  };
  expect(() => load('', { readFile })).toThrow("mlreg.yaml can't be read (EACCES)");
});

test('an environment is resolved once', () => {
  const config = load(text);
  expect(config.environment('prod')).toBe(config.environment('prod'));
});

test('origin of what is no setting', () => {
  const config = load(text);
  expect(config.origin('guardrails')).toBeUndefined();
  expect(config.origin('environments.nowhere.region')).toBeUndefined();
});
