import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ReadKeys } from '../../../src/router/key-parameter.ts';
import { createAuthorizer } from '../../../src/router/authorizer.ts';

const deps = (env: object, emit: (line: string) => void, readKeys?: ReadKeys) => ({
  env: env as Record<string, string>,
  emit,
  now: () => 0,
  monotonicMs: () => 0,
  random: () => 0.5,
  wait: async () => undefined,
  readsKeys: () => readKeys ?? (async () => ({ kind: 'failed', why: 'not to be asked', passing: false })),
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const keys = { MLREG_API_KEYS_SHA256: `${sha256('first')},${sha256('second')}` };

describe('the authorizer', () => {
  it.each([
    { what: 'the first key', env: keys, headers: { 'x-api-key': 'first' }, isAuthorized: true },
    { what: 'the second key', env: keys, headers: { 'x-api-key': 'second' }, isAuthorized: true },
    { what: 'a header in capitals', env: keys, headers: { 'X-API-Key': 'second' }, isAuthorized: true },
    { what: 'another key', env: keys, headers: { 'x-api-key': 'third' }, isAuthorized: false },
    { what: 'a digest as key', env: keys, headers: { 'x-api-key': sha256('first') }, isAuthorized: false },
    { what: 'no key', env: keys, headers: {}, isAuthorized: false },
    { what: 'no headers', env: keys, headers: undefined, isAuthorized: false },
    {
      what: 'no keys configured',
      env: {},
      headers: { 'x-api-key': 'x' },
      isAuthorized: false,
      why: 'neither MLREG_API_KEYS_PARAMETER nor MLREG_API_KEYS_SHA256 is set',
    },
    {
      what: 'a wrong configuration',
      env: { MLREG_API_KEYS_SHA256: 'first' },
      headers: { 'x-api-key': 'first' },
      isAuthorized: false,
      why: 'entry 1 is no SHA-256 digest',
    },
  ])('$what: $isAuthorized', async ({ env, headers, isAuthorized, why }) => {
    const lines: string[] = [];
    const authorizer = createAuthorizer(deps(env, (line) => lines.push(line)));
    const event = {
      version: '2.0',
      type: 'REQUEST',
      ...(headers && { headers: headers as Record<string, string> }),
    };
    expect(await authorizer(event)).toEqual({ isAuthorized });
    expect(lines).toEqual(why === undefined ? [] : [expect.stringContaining(why)]);
  });

  it('lets in nobody without an event', async () => {
    const authorizer = createAuthorizer(deps(keys, () => undefined));
    expect(await authorizer(undefined)).toEqual({ isAuthorized: false });
  });

  describe('with a parameter', () => {
    const env = { MLREG_API_KEYS_PARAMETER: '/mlreg/prod/api-keys', MLREG_API_KEYS_SHA256: sha256('frozen') };
    const event = (key: string) => ({ headers: { 'x-api-key': key } });

    it('takes its keys and none that are frozen into the version', async () => {
      const parameter = { kind: 'read', keys: [Buffer.from(sha256('first'), 'hex')] } as const;
      const authorizer = createAuthorizer(
        deps(
          env,
          () => undefined,
          async () => parameter,
        ),
      );
      expect(await authorizer(event('first'))).toEqual({ isAuthorized: true });
      expect(await authorizer(event('frozen'))).toEqual({ isAuthorized: false });
    });

    it('throws where nobody can tell which keys are valid, and does not fall back on frozen ones', async () => {
      const failing = { kind: 'failed', why: 'AccessDeniedException', passing: false } as const;
      const authorizer = createAuthorizer(
        deps(
          env,
          () => undefined,
          async () => failing,
        ),
      );
      await expect(authorizer(event('frozen'))).rejects.toThrow(
        'the API keys could not be read: AccessDeniedException',
      );
    });

    it('asks nobody before the first event: other functions load the bundle as well', async () => {
      let asked = 0;
      createAuthorizer(
        deps(
          env,
          () => undefined,
          async () => {
            asked++;
            return { kind: 'read', keys: [] };
          },
        ),
      );
      expect(asked).toBe(0);
    });
  });
});
