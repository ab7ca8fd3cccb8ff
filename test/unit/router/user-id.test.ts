import { describe, expect, it } from 'vitest';
import { asId, parseUserKey, userIdOf } from '../../../src/router/user-id.ts';

const body = (text: string) => ({ text, value: JSON.parse(text) as Record<string, unknown> });

describe('userIdOf', () => {
  const cases: readonly [key: string, text: string, id: string | undefined][] = [
    ['userId', '{"userId":"u1"}', 'u1'],
    ['userId', '{"userId":"  u1 "}', '  u1 '],
    ['userId', '{"userId":12}', '12'],
    ['userId', '{"userId":9007199254740993}', '9007199254740993'],
    ['userId', '{"userId":1e21}', '1e21'],
    ['userId', '{"userId":{"id":1}}', undefined],
    ['userId', '{"userId":[1]}', undefined],
    ['userId', '{"userId":true}', undefined],
    ['userId', '{"userId":null}', undefined],
    ['userId', '{}', undefined],
    ['user.id', '{"user":{"id":"u7"}}', 'u7'],
    ['user.id', '{"user":{"id":9007199254740993}}', '9007199254740993'],
    ['user.id', '{"user.id":"flat","user":{"id":"u7"}}', 'flat'],
    ['user.id', '{"user":"u7"}', undefined],
    ['user.id', '{"user":null}', undefined],
    ['constructor.name', '{}', undefined],
    ['__proto__', '{}', undefined],
  ];
  it.each(cases)('%s in %s: %s', (key, text, id) => {
    expect(userIdOf(parseUserKey(key), {}, body(text))).toBe(id);
  });

  it('spells one id in one way, whatever Unicode form it came in', () => {
    const [composed, decomposed] = ['zo\u00eb', 'zoe\u0308'];
    expect(composed).not.toBe(decomposed);
    expect(asId(decomposed)).toBe(asId(composed));
  });

  it.each([
    { key: 'header:X-User-Id', event: { headers: { 'x-user-id': 'u1' } }, id: 'u1' },
    { key: 'header:x-user-id', event: { headers: { 'X-USER-ID': 'u1' } }, id: 'u1' },
    { key: 'header:x-user-id', event: { headers: {} }, id: undefined },
    { key: 'header:x-user-id', event: { headers: { 'x-user-id': 'null' } }, id: undefined },
    { key: 'cookie:uid', event: { cookies: ['a=b', 'uid=u1'] }, id: 'u1' },
    { key: 'cookie:uid', event: { cookies: ['uid="u1=="'] }, id: 'u1==' },
    { key: 'cookie:uid', event: { headers: { cookie: 'a=b; uid=u1' } }, id: 'u1' },
    { key: 'cookie:uid', event: { cookies: ['xuid=u1', 'UID=u2'] }, id: undefined },
    { key: 'cookie:uid', event: {}, id: undefined },
  ])('$key of $event: $id', ({ key, event, id }) => {
    expect(userIdOf(parseUserKey(key), event, body('{"userId":"other"}'))).toBe(id);
  });

  it('takes the header where the body has none, or is no JSON object', () => {
    const event = { headers: { 'x-user-id': 'u1' } };
    expect(userIdOf(parseUserKey('userId'), event, body('{"userId":"undefined"}'))).toBe('u1');
    expect(userIdOf(parseUserKey('userId'), event, undefined)).toBe('u1');
  });

  it.each(['header:', 'cookie:a b', 'header:x\r\ny'])('refuses %j', (text) => {
    expect(() => parseUserKey(text)).toThrow('MLREG_USER_KEY');
  });
});

describe('placeholders', () => {
  it.each([
    ...['', ' ', 'null', 'NULL', 'undefined', 'None', 'nil', 'NaN', 'anonymous', 'Unknown', 'true', 'false'],
    ...['0', '-0', '0.0', '-1', '[object Object]', '(null)'],
    '00000000-0000-0000-0000-000000000000',
    '{00000000-0000-0000-0000-000000000000}',
    '00000000000000000000000000000000',
    'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
  ])('%j is no id', (text) => {
    expect(asId(text)).toBeUndefined();
  });

  it.each(['1', '10', '00000000-0000-0000-0000-000000000001', 'nan', 'nullable', 'u-0', 'x'.repeat(5_000)])(
    '%j is one',
    (text) => {
      expect(asId(text)).toBe(text);
    },
  );

  it('are told from ids in the same time, however long the text', () => {
    expect(asId(`${'0'.repeat(1_000_000)}x`)).toHaveLength(1_000_001);
  });
});
