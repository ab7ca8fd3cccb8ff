import { describe, expect, test } from 'vitest';
import { readTerraform, terraformSection } from '../../../src/config/from-terraform.ts';
import { starterConfig } from '../../../src/config/starter.ts';
import { UserError } from '../../../src/domain/user-error.ts';
import { load, mistakesIn } from './loading.ts';

/** As the stack makes it with names of its own choice. */
const usual = {
  model: 'recommendation',
  environment: 'prod',
  region: 'eu-west-1',
  account: '012345678901',
  function: 'recommendation-inference-prod',
  alias: 'live',
  green: 'green',
  shadow_function: 'recommendation-shadow-prod',
  api_id: 'a1b2c3d4e5',
  api_name: 'recommendation-api-prod',
  stage: '$default',
  recommend_path: '/recommend',
  table: 'mlreg-prod',
  topic: 'mlreg-alerts-prod',
  model_role: 'arn:aws:iam::012345678901:role/recommendation-model-prod',
  controller: 'mlreg-rollout-prod',
};
const outputs = (made: object): string =>
  JSON.stringify({
    mlreg: { sensitive: false, type: ['object', {}], value: made },
    url: { value: 'https://x' },
  });

test('names that mlreg has by default are left out', () => {
  expect(readTerraform('stdin', outputs(usual))).toEqual({
    model: 'recommendation',
    environment: 'prod',
    section: {
      region: 'eu-west-1',
      account: '012345678901',
      api: { id: 'a1b2c3d4e5' },
      sagemaker: { role: 'arn:aws:iam::012345678901:role/recommendation-model-prod' },
    },
  });
});

test('the value alone will do, and absent parts are no mistake', () => {
  const made = { ...usual, shadow_function: null, controller: null };
  expect(readTerraform('f', JSON.stringify(made)).environment).toBe('prod');
});

test('other names are written, and mlreg reads them back', () => {
  const stack = readTerraform(
    'f',
    outputs({
      ...usual,
      environment: 'qa',
      table: 'shared-table',
      stage: 'v1',
      topic: 'pager',
      recommend_path: '/predict',
    }),
  );
  const text = starterConfig('recommendation', {
    withLocal: false,
    environments: new Map([['qa', terraformSection(stack)]]),
  });
  expect(mistakesIn(text)).toEqual([]);
  expect(load(text).environment('qa')).toMatchObject({
    region: 'eu-west-1',
    account: '012345678901',
    api: { id: 'a1b2c3d4e5', name: 'recommendation-api-prod', stage: 'v1' },
    lambda: { function: 'recommendation-inference-prod' },
    notifications: { sns: 'pager' },
    requests: { path: '/predict' },
    sagemaker: { role: 'arn:aws:iam::012345678901:role/recommendation-model-prod' },
  });
  // The others stay as they were.
  expect(load(text).environment('prod').approvals).toBe(2);
});

test('a person sees where the image goes', () => {
  expect(terraformSection(readTerraform('f', outputs(usual)))).toMatchSnapshot();
});

describe.each([
  ['no JSON', 'Error: no state', /^f is not JSON/],
  ['no object', '[]', /^f holds no output/],
  ['outputs of something else', '{"vpc_id":{"value":"vpc-1"}}', /^f holds no output/],
  ['a member that is missing', outputs({ ...usual, table: undefined }), /^f holds no output/],
])('%s', (_what, text, message) => {
  test('is told with the mend', () => {
    let error: unknown;
    try {
      readTerraform('f', text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
    expect((error as UserError).mend).toEqual(['terraform output -json | mlreg init --from-terraform -']);
  });
});
