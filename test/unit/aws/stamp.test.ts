import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatStamp, parseStamp } from '../../../src/aws/stamp.ts';
import type { Stamp } from '../../../src/domain/journal.ts';
import { rolloutId } from '../../../src/domain/units.ts';

const stamp = { environment: 'prod', token: 5, seq: 12, rollout: rolloutId('r-abc'), back: '7' };
const text = 'mlreg/1 env=prod token=5 seq=12 rollout=r-abc back=7';

test('has the form that people see in the console', () => {
  expect(formatStamp(stamp)).toBe(text);
  expect(parseStamp(text)).toEqual(stamp);
});

const detail = {
  store: { id: '9f3c21ab', epoch: 3 },
  purpose: 'back',
  writer: '7d20e1c4',
  target: '12',
} as const;
/** What every version of mlreg has read since the first. */
const format1 =
  /^mlreg\/1 env=([^\s=]+) token=(0|[1-9]\d*) seq=(0|[1-9]\d*) rollout=(r-[a-z0-9]+) back=(\d+|\$LATEST)$/;

test('format 2 rides inside the environment, so that format 1 still reads token, seq, rollout and way back', () => {
  const marker = {
    environment: 'production-eu',
    token: 1_234_567,
    seq: 123_456,
    rollout: rolloutId('r-d0d08f93'),
    back: '1234',
    detail,
  };
  const written =
    'mlreg/1 env=production-eu;2;9f3c21ab;3;back;7d20e1c4;12 token=1234567 seq=123456 rollout=r-d0d08f93 back=1234';
  expect(formatStamp(marker)).toBe(written);
  expect(written).toHaveLength(109);
  expect(parseStamp(written)).toEqual(marker);
  expect(format1.exec(written)?.slice(2)).toEqual(['1234567', '123456', 'r-d0d08f93', '1234']);
});

test.each([
  'prod;2;9f3c21ab;3;back;7d20e1c4',
  'prod;2;9f3c21ab;3;back;7d20e1c4;12;13',
  'prod;3;9f3c21ab;3;back;7d20e1c4;12',
  'prod;2;9F3C21AB;3;back;7d20e1c4;12',
  'prod;2;9f3c21ab;03;back;7d20e1c4;12',
  'prod;2;9f3c21ab;3;sideways;7d20e1c4;12',
  'prod;2;9f3c21ab;3;back;7d20e1c;12',
  `prod;2;9f3c21ab;${2 ** 40 + 1};back;7d20e1c4;12`,
  ';2;9f3c21ab;3;back;7d20e1c4;12',
])('%j is no environment of format 2', (env) => {
  expect(parseStamp(text.replace('env=prod', `env=${env}`))).toBeUndefined();
});

test.each(['token=5', 'seq=12'])('%s up to 2^40 is read, and no further', (field) => {
  const [name] = field.split('=');
  expect(parseStamp(text.replace(field, `${name}=${2 ** 40}`))).toBeDefined();
  expect(parseStamp(text.replace(field, `${name}=${2 ** 40 + 1}`))).toBeUndefined();
  expect(parseStamp(text.replace(field, `${name}=9007199254740991`))).toBeUndefined();
});

const hex8 = fc.stringMatching(/^[0-9a-f]{8}$/);
const number = fc.integer({ min: 0, max: 2 ** 40 });

test('what is written is read back, within 256 characters', () => {
  const stamps = fc.record({
    environment: fc.stringMatching(/^[a-z](-?[a-z0-9]){0,19}$/),
    token: number,
    seq: number,
    rollout: fc.stringMatching(/^r-[a-z0-9]{1,40}$/).map(rolloutId),
    back: fc.oneof(fc.integer({ min: 1 }).map(String), fc.constant('$LATEST')),
  });
  const details = fc.record({
    store: fc.record({ id: hex8, epoch: number }),
    purpose: fc.constantFrom('forward', 'fence', 'back', 'blind', 'restored'),
    writer: hex8,
    target: fc.oneof(fc.integer({ min: 1 }).map(String), fc.constant('$LATEST')),
  });
  const both = fc.oneof(
    stamps,
    fc.tuple(stamps, details).map(([each, more]): Stamp => ({ ...each, detail: more })),
  );
  fc.assert(
    fc.property(both, (each) => {
      const written = formatStamp(each);
      expect(written.length).toBeLessThanOrEqual(256);
      expect(parseStamp(written)).toEqual(each);
    }),
  );
});

test('whatever is read as a stamp would be written just so', () => {
  const near = fc
    .array(fc.constantFrom(...text.split(/(?<=[ =])/), ' ', '0', '-1', '1e3', '9'.repeat(17), 'x'))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (any) => {
      const parsed = parseStamp(any);
      if (parsed !== undefined) expect(formatStamp(parsed)).toBe(any);
    }),
  );
});

test.each([
  '',
  'Managed by Terraform',
  ` ${text}`,
  `${text} `,
  `${text}\n`,
  text.replace('mlreg/1', 'mlreg/2'),
  text.replace('token=5', 'token=05'),
  text.replace('token=5', 'token=-5'),
  text.replace('token=5', 'token=5.0'),
  text.replace('token=5', `token=${'9'.repeat(17)}`),
  text.replace('back=7', 'back='),
  text.replace('seq=12 ', ''),
  text.replace('env=prod', 'env=pr od'),
])('%j is not a stamp', (other) => {
  expect(parseStamp(other)).toBeUndefined();
});

test.each([
  { ...stamp, environment: 'a b' },
  { ...stamp, token: 1.5 },
  { ...stamp, rollout: rolloutId('abc') },
  { ...stamp, environment: 'x'.repeat(250) },
])('a stamp that could not be read back is a bug: %j', (bad) => {
  expect(() => formatStamp(bad)).toThrow(RangeError);
});
