import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAuthorizer } from '../../../src/router/authorizer.ts';

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
      why: 'is not set',
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
    const authorizer = createAuthorizer({ env, emit: (line) => lines.push(line) });
    const event = {
      version: '2.0',
      type: 'REQUEST',
      ...(headers && { headers: headers as Record<string, string> }),
    };
    expect(await authorizer(event)).toEqual({ isAuthorized });
    expect(lines).toEqual(why === undefined ? [] : [expect.stringContaining(why)]);
  });

  it('lets in nobody without an event', async () => {
    const authorizer = createAuthorizer({ env: keys, emit: () => undefined });
    expect(await authorizer(undefined)).toEqual({ isAuthorized: false });
  });
});
