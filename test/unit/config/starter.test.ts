import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { jsonSchema, jsonText } from '../../../src/config/json-schema.ts';
import { isSection, leaves, valueAt } from '../../../src/config/layers.ts';
import { defaultsOf } from '../../../src/config/defaults.ts';
import { starterConfig } from '../../../src/config/starter.ts';
import { load, mistakesIn } from './loading.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe.each([true, false])('the file that mlreg init writes, with local: %s', (withLocal) => {
  const text = starterConfig('recommendation', { withLocal, smoke: 'smoke.json' });

  test('loads without a mistake, and changes no default but those that it shows', () => {
    expect(mistakesIn(text)).toEqual([]);
    const bare = load('model: recommendation\nrequests: { smoke: smoke.json }\n');
    for (const name of ['dev', 'staging', 'prod']) {
      expect(load(text).environment(name)).toEqual(bare.environment(name));
    }
    expect(load(text).chosen).toBe(withLocal ? 'local' : 'dev');
  });

  test('loads without a mistake with every setting uncommented', () => {
    const uncommented = text.replaceAll(/^(\s*)#(?=[a-z]| {2,})/gm, '$1');
    expect(uncommented).not.toBe(text);
    expect(mistakesIn(uncommented)).toEqual([]);
    expect(load(uncommented).environment('prod')).toMatchObject({
      account: '123456789012',
      acceptance: [{ metric: 'auc' }, { metric: 'mae' }],
    });
  });

  test('names its schema in the first line', () => {
    expect(text.split('\n')[0]).toBe(
      '# yaml-language-server: $schema=./node_modules/mlreg/schema/mlreg.schema.json',
    );
  });
});

test.each(['null', 'true', 'on'])('a model named %s is written so that it stays text', (model) => {
  expect(load(starterConfig(model, { withLocal: false })).model).toBe(model);
});

test('the example loads without a mistake', () => {
  const config = load(read('examples/flights/mlreg.yaml'));
  expect(config.environment()).toMatchObject({
    name: 'local',
    model: 'recommendation',
    sagemaker: { image: 'local:///repo/serve.mjs' },
    requests: { smokeFile: '/repo/smoke.json', path: '/recommend', userKey: 'userId' },
  });
});

describe('JSON Schema', () => {
  const schema = jsonSchema();

  /** After a change of the schema: `npx vitest run test/unit/config -u`. */
  test('schema/mlreg.schema.json is fresh', async () => {
    await expect(`${jsonText(schema)}\n`).toMatchFileSnapshot(join(root, 'schema', 'mlreg.schema.json'));
  });

  test('is of draft 7, demands the model alone and takes no other keys', () => {
    expect(schema).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      required: ['model'],
      additionalProperties: false,
    });
  });

  test('describes every setting, and names its default', () => {
    const properties = valueAt(schema, [
      'properties',
      'environments',
      'anyOf',
      0,
      'additionalProperties',
      'anyOf',
      0,
    ]);
    for (const [path, value] of leaves(defaultsOf('ENV', 'MODEL'))) {
      let node: unknown = properties;
      for (const key of path)
        node = valueAt(
          valueAt(node, ['anyOf', 0, 'properties']) === undefined ? node : valueAt(node, ['anyOf', 0]),
          ['properties', key],
        );
      const description = isSection(node) ? String(node['description']) : 'nothing';
      expect(description, path.join('.')).toMatch(value === null ? /\w{3}/ : /\. Default \S/);
    }
  });

  test('shows how defaults differ', () => {
    expect(JSON.stringify(schema)).toContain(
      'How long each step is watched. Default 15m (prod 1h, local 8s).',
    );
    expect(JSON.stringify(schema)).toContain('The inference function. Default MODEL-inference-ENV.');
  });
});
