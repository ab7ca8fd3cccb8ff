import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatStamp, parseStamp } from '../../../src/aws/stamp.ts';
import { rolloutId } from '../../../src/domain/units.ts';

const stamp = { environment: 'prod', token: 5, seq: 12, rollout: rolloutId('r-abc'), back: '7' };
const text = 'mlreg/1 env=prod token=5 seq=12 rollout=r-abc back=7';

test('has the form that people see in the console', () => {
  expect(formatStamp(stamp)).toBe(text);
  expect(parseStamp(text)).toEqual(stamp);
});

test('what is written is read back, within 256 characters', () => {
  const stamps = fc.record({
    environment: fc.stringMatching(/^[a-z](-?[a-z0-9]){0,19}$/),
    token: fc.maxSafeNat(),
    seq: fc.maxSafeNat(),
    rollout: fc.stringMatching(/^r-[a-z0-9]{1,40}$/).map(rolloutId),
    back: fc.oneof(fc.integer({ min: 1 }).map(String), fc.constant('$LATEST')),
  });
  fc.assert(
    fc.property(stamps, (each) => {
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
