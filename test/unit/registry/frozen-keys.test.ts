import { describe, expect, it } from 'vitest';
import { keyPlace, keysOnReturn } from '../../../src/registry/frozen-keys.ts';

const [a, b, c] = ['a', 'b', 'c'].map((letter) => letter.repeat(64)) as [string, string, string];
const frozen = (...digests: string[]) => ({ MLREG_API_KEYS_SHA256: digests.join(',') });
const parameter = { MLREG_API_KEYS_PARAMETER: '/mlreg/prod/api-keys' };

describe('keyPlace', () => {
  it.each([
    { variables: {}, place: { kind: 'none' } },
    { variables: { MLREG_MODEL: 'm' }, place: { kind: 'none' } },
    { variables: frozen(b, a), place: { kind: 'frozen', digests: [a, b] } },
    { variables: frozen(` ${b.toUpperCase()} `, a, a), place: { kind: 'frozen', digests: [a, b] } },
    { variables: { MLREG_API_KEYS_SHA256: '' }, place: { kind: 'frozen', digests: [] } },
    { variables: parameter, place: { kind: 'parameter', name: '/mlreg/prod/api-keys' } },
    {
      variables: { ...frozen(a), ...parameter },
      place: { kind: 'parameter', name: '/mlreg/prod/api-keys' },
    },
  ])('of $variables is $place.kind', ({ variables, place }) => {
    expect(keyPlace(variables as Record<string, string>)).toEqual(place);
  });
});

describe('a rollback to a recorded Lambda version', () => {
  it.each([
    { what: 'no keys, then and now', recorded: {}, today: {} },
    { what: 'the same parameter', recorded: parameter, today: parameter },
    {
      what: 'the same parameter beside other frozen keys',
      recorded: { ...parameter, ...frozen(a) },
      today: parameter,
    },
    {
      what: 'the same keys in another order and spelling',
      recorded: frozen(a, b),
      today: frozen(b.toUpperCase(), a),
    },
    {
      what: 'variables that only the route differs in',
      recorded: { ...frozen(a), MLREG_ROUTE: '{}' },
      today: frozen(a),
    },
    { what: 'a recorded version that cannot be read', recorded: undefined, today: frozen(a) },
    { what: 'a $LATEST that cannot be read', recorded: frozen(a), today: undefined },
  ])('returns to it with $what', ({ recorded, today }) => {
    expect(keysOnReturn(recorded, today)).toEqual({ kind: 'same' });
  });

  it.each([
    {
      recorded: frozen(a, b),
      today: frozen(b, c),
      why: 'holds 2 API keys of its own, and today 2 keys are valid: 1 key that was revoked since would be valid again',
    },
    {
      recorded: frozen(a),
      today: parameter,
      why: 'holds 1 API key of its own, and today they are read from the parameter /mlreg/prod/api-keys: a key that was revoked since would be valid again',
    },
    {
      recorded: frozen(a),
      today: frozen(a, b),
      why: 'holds 1 API key of its own, and today 2 keys are valid',
    },
    { recorded: frozen(a), today: {}, why: 'holds 1 API key of its own, and today none is asked for' },
    { recorded: {}, today: frozen(a), why: 'asks callers for no API key, and today 1 key is valid' },
    {
      recorded: {},
      today: parameter,
      why: 'asks callers for no API key, and today they are read from the parameter /mlreg/prod/api-keys',
    },
    {
      recorded: { MLREG_API_KEYS_PARAMETER: '/old' },
      today: parameter,
      why: 'reads its API keys from the parameter /old, and today they are read from the parameter /mlreg/prod/api-keys',
    },
  ])('publishes first where it $why', ({ recorded, today, why }) => {
    const found = keysOnReturn(recorded as Record<string, string>, today as Record<string, string>);
    expect(found).toEqual({ kind: 'differ', why });
    expect(why).not.toMatch(/[abc]{64}/);
  });
});
