import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { EnvironmentConfig } from '../../src/config/index.ts';
import { findSmoke } from '../../src/host/smoke-requests.ts';

const directory = mkdtempSync(join(tmpdir(), 'mlreg-smoke-'));
afterAll(() => rmSync(directory, { recursive: true }));

function read(text: string | null) {
  const file = join(directory, 'smoke.json');
  if (text !== null) writeFileSync(file, text);
  return findSmoke({ requests: { smokeFile: text === null ? null : file } } as EnvironmentConfig).requests;
}

it.each([
  ['no file', null, []],
  ['bodies', '[{"a":1},[2]]', [{ body: '{"a":1}' }, { body: '[2]' }]],
  [
    'bodies with what is expected',
    '[{"body":{"a":1},"expect":{"b":2}}]',
    [{ body: '{"a":1}', expect: { b: 2 } }],
  ],
  // A model whose requests have such members.
  ['a body that has more', '[{"body":"x","expect":1,"id":2}]', [{ body: '{"body":"x","expect":1,"id":2}' }]],
  ['a body that has less', '[{"body":"x"}]', [{ body: '{"body":"x"}' }]],
])('%s', (_case, text, expected) => {
  expect(read(text)).toEqual(expected);
});

it.each([
  ['no JSON', '{', /can't be read/],
  ['no array', '{}', /holds no array/],
])('%s is a mistake', (_case, text, message) => {
  expect(() => read(text)).toThrow(message);
});
