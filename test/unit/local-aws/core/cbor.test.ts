import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeCbor, encodeCbor } from '../../../../src/local-aws/wire/cbor.ts';

// From RFC 8949, appendix A.
test.each<[string, unknown]>([
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['1903e8', 1000],
  ['1a000f4240', 1000000],
  ['1b000000e8d4a51000', 1000000000000],
  ['20', -1],
  ['3903e7', -1000],
  ['f90000', 0],
  ['f93c00', 1],
  ['f97bff', 65504],
  ['fa47c35000', 100000],
  ['f90001', 5.960464477539063e-8],
  ['fb3ff199999999999a', 1.1],
  ['f97c00', Infinity],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['c11a514b67b0', new Date(1363896240000)],
  ['c1fb41d452d9ec200000', new Date(1363896240500)],
  ['4401020304', Uint8Array.of(1, 2, 3, 4)],
  ['6449455446', 'IETF'],
  ['62c3bc', 'ü'],
  ['83010203', [1, 2, 3]],
  ['a26161016162820203', { a: 1, b: [2, 3] }],
  ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
  ['bf61610161629f0203ffff', { a: 1, b: [2, 3] }],
  ['7f657374726561646d696e67ff', 'streaming'],
])('decodes %s', (hex, value) => {
  expect(decodeCbor(Uint8Array.from(Buffer.from(hex, 'hex')))).toEqual(value);
});

test.each<[unknown, string]>([
  [1000000000000, '1b000000e8d4a51000'],
  [-1000, '3903e7'],
  [1.1, 'fb3ff199999999999a'],
  [{ a: 1, left: undefined, b: [2, 3] }, 'a26161016162820203'],
  [new Date(1363896240500), 'c1fb41d452d9ec200000'],
  [Uint8Array.of(1, 2, 3, 4), '4401020304'],
])('encodes %j', (value, hex) => {
  expect(Buffer.from(encodeCbor(value)).toString('hex')).toBe(hex);
});

test('what it encodes it decodes', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      fc.double({ noNaN: true }),
      fc.integer(),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      tie('list'),
      tie('map'),
    ),
    list: fc.array(tie('any'), { maxLength: 5 }),
    map: fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('any'),
      { maxKeys: 5 },
    ),
  })).any;
  fc.assert(
    fc.property(value, (given) => {
      expect(decodeCbor(encodeCbor(given))).toEqual(given);
    }),
  );
});

test.each(['61', '5a7fffffff00', 'a1', '9f01'])('refuses %s, which ends early', (hex) => {
  expect(() => decodeCbor(Buffer.from(hex, 'hex'))).toThrow();
});
