import * as z from 'zod';
import { parseDuration } from '../domain/parse.ts';
import { percent } from '../domain/units.ts';

/** What a mistake says about a setting, beside what zod knows. */
export interface LeafNote {
  /** Ends the sentence `expected …` and shows what to write. */
  readonly expected: string;
  /** What is allowed, where `expected` does not say it. */
  readonly range?: string;
  /** Only text is right here, so a number was meant as text: `quote it`. */
  readonly text?: true;
  /** What an element of a list must be. */
  readonly element?: string;
  /** A bare number was meant in these units, most likely. */
  readonly units?: readonly string[];
  /** What stands here may be a secret: never shown. */
  readonly secret?: true;
}

// Compiling validators costs more than it saves a command that reads one small file.
z.config({ jitless: true });

export const leafNotes = z.registry<LeafNote>();

export function noted<Schema extends z.ZodType>(schema: Schema, description: string, note: LeafNote): Schema {
  const described = schema.meta({ description });
  leafNotes.add(described, note);
  return described;
}

export function text(description: string, pattern: RegExp, expected: string, secret?: 'secret') {
  const note: LeafNote = { expected, text: true };
  return noted(z.string().regex(pattern), description, secret ? { ...note, secret: true } : note);
}

/** `15m`; milliseconds inside. */
export function duration(description: string, least: '0s' | '1s' = '1s') {
  const leastMs = parseDuration(least, 'least');
  const within = (written: string): boolean => {
    if (!durationPattern.test(written)) return true; // the pattern has complained already
    const ms = parseDuration(written, 'duration');
    return ms >= leastMs && ms <= mostMs;
  };
  const schema = z
    .string()
    .regex(durationPattern)
    .refine(within, { error: `expected a duration between ${least} and 90d` })
    .transform((written) => parseDuration(written, 'duration'));
  return noted(schema, description, {
    expected: 'a duration such as 30s, 15m or 1h30m',
    range: `${least} to 90d`,
    units: ['s', 'm'],
  });
}

/** Time between two looks: a period that CloudWatch has; milliseconds inside. */
export function tick() {
  const schema = z
    .string()
    .regex(durationPattern)
    .refine((written) => {
      if (!durationPattern.test(written)) return true;
      const ms = parseDuration(written, 'tick');
      return [1_000, 5_000, 10_000, 30_000].includes(ms) || (ms > 0 && ms % 60_000 === 0 && ms <= 3_600_000);
    })
    .transform((written) => parseDuration(written, 'tick'));
  return noted(schema, 'Time between two looks.', {
    expected: '1s, 5s, 10s, 30s or whole minutes up to 1h, the periods that CloudWatch has',
    units: ['s', 'm'],
  });
}

/** `5%` or `0.05`; 0 to 1 inside. */
export function share(description: string, expected = 'a share such as 5% or 0.05') {
  return noted(writtenShare(true).transform(shareValue), description, { expected });
}

/** A list of texts, `[a, b]`; may be empty. */
export function texts(description: string, pattern: RegExp, expected: string, element: string) {
  return noted(z.array(z.string().regex(pattern)).max(20).readonly(), description, { expected, element });
}

/** A share above 0, or `off`, which is null inside. */
export function shareLimit(description: string) {
  const schema = z
    .union([z.literal('off'), writtenShare(false)])
    .transform((written) => (written === 'off' ? null : shareValue(written)));
  return noted(schema, description, { expected: 'a share such as 5% or 0.05, or off' });
}

/** `1000ms`, or `off`, which is null inside. */
export function durationLimit(description: string) {
  const schema = z
    .union([
      z.literal('off'),
      z
        .string()
        .regex(durationPattern)
        .refine((written) => !/^[0a-z]+$/.test(written)),
    ])
    .transform((written) => (written === 'off' ? null : parseDuration(written, 'duration')));
  return noted(schema, description, { expected: 'a duration such as 1000ms or 1s, or off', units: ['ms'] });
}

/** A number above 0, or `off`, which is null inside. */
export function countLimit(description: string) {
  const schema = z
    .union([z.literal('off'), z.number().gt(0)])
    .transform((written) => (written === 'off' ? null : written));
  return noted(schema, description, { expected: 'a number above 0 such as 10, or off' });
}

/** `3 of 5`, or `off`, which is null inside. */
export function minutesOf(description: string) {
  const schema = z
    .union([z.literal('off'), z.string().regex(/^[1-9]\d? of [1-9]\d?$/)])
    .transform((written) => {
      const [m, of] = written.split(' of ').map(Number);
      return m === undefined || of === undefined ? null : { m, of };
    })
    .refine((value) => value === null || value.m <= value.of, {
      error: 'expected no more minutes than there are',
    });
  return noted(schema, description, {
    expected: 'minutes of the last minutes, such as 3 of 5, or off',
    text: true,
  });
}

/** A share of traffic from `least` to `most`, or `off`, which is null inside. */
export function trafficOrOff(description: string, least: number, most: number) {
  const schema = z
    .union([z.literal('off'), writtenTraffic()])
    .transform((written) => (written === 'off' ? null : trafficValue(written)))
    .refine((value) => value === null || (value >= least && value <= most), {
      error: `expected ${least} to ${most} % of traffic, or off`,
    });
  return noted(schema, description, {
    expected: `${least} to ${most} % of traffic such as ${least}%, or off`,
  });
}

/** A share of traffic, `10` or `10%`; Percent inside. */
export function traffic(description: string) {
  return noted(writtenTraffic().transform(trafficValue), description, { expected: trafficExpected });
}

/** Growing shares of traffic, `[10, 50, 100]`; the first may be 0, for testers alone. */
export function trafficSteps(description: string) {
  const grow = (steps: readonly number[]): boolean =>
    steps.every((step, i) => i === 0 || step > (steps[i - 1] ?? 0)) && (steps.at(-1) ?? 0) > 0;
  const nobody = z.literal([0, '0%']).transform(() => percent(0));
  const schema = z
    .array(z.union([nobody, writtenTraffic().transform(trafficValue)]))
    .min(1)
    .max(20)
    .refine(grow, { error: 'expected growing shares such as [10, 50, 100]' })
    .readonly();
  return noted(schema, description, {
    expected: 'one to twenty growing shares of traffic such as [10, 50, 100]',
    element: trafficExpected,
  });
}

export function whole(description: string, least: number, most: number) {
  return noted(z.int().min(least).max(most), description, {
    expected: `a whole number from ${least} to ${most}`,
  });
}

export function number(description: string, least: number, most: number) {
  return noted(z.number().min(least).max(most), description, {
    expected: `a number from ${least} to ${most}`,
  });
}

export function choice<const Options extends readonly [string, ...string[]]>(
  description: string,
  options: Options,
) {
  return noted(z.enum(options), description, { expected: options.join(' or ') });
}

export function yesOrNo(description: string) {
  return noted(z.boolean(), description, { expected: 'true or false' });
}

export type Comparison = '>=' | '<=' | '>' | '<';

/** `'>= 0.6'`, or `off` (null inside), which drops a criterion that the top level sets. */
export function criterion(description: string) {
  const schema = z.union([z.literal('off'), z.string().regex(criterionPattern)]).transform((written) => {
    const [, comparison, limit] = criterionPattern.exec(written) ?? [];
    return comparison === undefined ? null : { comparison: comparison as Comparison, limit: Number(limit) };
  });
  return noted(schema, description, { expected: "a quoted comparison such as '>= 0.6' or '<= 12', or off" });
}

const trafficExpected = 'a share of traffic such as 10: above 0, at most 100, with at most two decimals';
const mostMs = parseDuration('90d', 'most');
const durationPattern = /^(\d{1,12}(ms|s|m|h|d))+$/;
const sharePattern = /^(100(\.0+)?|\d{1,2}(\.\d+)?)%$/;
const positiveSharePattern = /^(?![0.]+%$)(100(\.0+)?|\d{1,2}(\.\d+)?)%$/;
const trafficPattern = /^(100(\.0{1,2})?|\d{1,2}(\.\d{1,2})?)%$/;
const criterionPattern = /^(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?(?:e[+-]?\d{1,2})?)$/;

function writtenShare(zero: boolean) {
  return zero
    ? z.union([z.number().min(0).max(1), z.string().regex(sharePattern)])
    : z.union([z.number().gt(0).max(1), z.string().regex(positiveSharePattern)]);
}

function shareValue(written: string | number): number {
  // Twelve decimals are more than anybody writes, and 0.1 % shall be 0.001, not 0.001 and a bit.
  return typeof written === 'number' ? written : Number((Number(written.slice(0, -1)) / 100).toFixed(12));
}

function writtenTraffic() {
  const twoDecimals = (value: number): boolean => Number(value.toFixed(2)) === value;
  return z.union([
    z.number().gt(0).max(100).refine(twoDecimals),
    z
      .string()
      .regex(trafficPattern)
      .refine((written) => !/^[0.]+%$/.test(written)),
  ]);
}

function trafficValue(written: string | number) {
  return percent(typeof written === 'number' ? written : Number(written.slice(0, -1)));
}
