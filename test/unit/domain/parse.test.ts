import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration, parsePercent, parseVersion } from '../../../src/domain/parse.ts';
import { instant, later, percent, unreachable } from '../../../src/domain/units.ts';
import { UserError } from '../../../src/domain/user-error.ts';

describe('durations', () => {
  it.each([
    ['0s', 0],
    ['250ms', 250],
    ['90s', 90_000],
    ['15m', 900_000],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['1m1ms', 60_001],
  ])('%s', (text, ms) => {
    expect(parseDuration(text, '--bake')).toBe(ms);
  });

  it.each(['', '15', 'm', '1.5h', '-5m', '15 m', '15M', '1h 30m', '1y', ' 15m', '15m '])('not %j', (text) => {
    expect(() => parseDuration(text, '--bake')).toThrow(`--bake: '${text}' is not a duration`);
  });

  it.each([
    [0, '0s'],
    [1, '1ms'],
    [999.6, '1s'],
    [1_000, '1s'],
    [1_234, '1.2s'],
    [59_999, '59.9s'],
    [60_000, '1m'],
    [61_900, '1m1s'],
    [5_400_000, '1h30m'],
    [90_061_000, '1d1h1m1s'],
    [86_400_000, '1d'],
  ])('%d ms reads well', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('come back as they were given', () => {
    for (const text of ['1s', '45s', '15m', '1h30m', '1d', '500ms']) {
      expect(formatDuration(parseDuration(text, ''))).toBe(text);
    }
  });
});

describe('shares', () => {
  it.each([
    ['10', 10],
    ['0.5', 0.5],
    ['0.01', 0.01],
    ['99.99', 99.99],
    ['100', 100],
  ])('%s', (text, share) => {
    expect(parsePercent(text, '--percent')).toBe(share);
  });

  it.each([
    '',
    '0',
    '0.00',
    '100.01',
    '101',
    '1000',
    '-1',
    '+5',
    '10%',
    '1e1',
    '.5',
    '5.',
    '0.001',
    'NaN',
    ' 5',
  ])('not %j', (text) => {
    expect(() => parsePercent(text, '--percent')).toThrow(`--percent: '${text}' is not a share of traffic`);
  });

  it('come from the program between 0 and 100, or it is a bug', () => {
    expect([percent(0), percent(100)]).toEqual([0, 100]);
    for (const value of [-0.01, 100.01, Number.NaN]) expect(() => percent(value)).toThrow(RangeError);
  });
});

describe('versions', () => {
  it.each(['v2.3.0', '1', 'A', '2025-06-01_rc.1+build', 'x'.repeat(48)])('%s', (text) => {
    expect(parseVersion(text, 'VERSION')).toBe(text);
  });

  it.each(['', '.5', '-v', 'v 2', "v'2", 'v/2', 'v..2', '$(id)', 'v2\n', 'é', 'x'.repeat(49)])(
    'not %j',
    (text) => {
      expect(() => parseVersion(text, 'VERSION')).toThrow(`VERSION: '${text}' is not a version`);
    },
  );
});

describe('a mistake that a person can mend', () => {
  it('says what, why, and what to type next', () => {
    const bare = new UserError('usage', 'what');
    expect([bare.message, bare.fault, bare.why, bare.mend, bare.cause]).toEqual([
      'what',
      'usage',
      undefined,
      [],
      undefined,
    ]);
    const cause = new Error('deeper');
    const whole = new UserError('conflict', 'what', { why: 'why', mend: 'one', cause });
    expect([whole.why, whole.mend, whole.cause, whole.name]).toEqual(['why', ['one'], cause, 'UserError']);
    expect(new UserError('usage', 'what', { mend: ['one', 'two'] }).mend).toEqual(['one', 'two']);
  });
});

it('adds to an instant', () => {
  expect(later(instant(5), 10)).toBe(15);
});

it('names what should not be', () => {
  expect(() => unreachable({ kind: 'sung' } as never)).toThrow('unreachable: {"kind":"sung"}');
});
