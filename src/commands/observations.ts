import type * as z from 'zod';
import type { Observation } from '../domain/observation.ts';
import type { JudgePolicy } from '../domain/policy.ts';
import { type Instant, instant } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import type { RecordedBake } from '../engine/recorded-bakes.ts';
import { userProblems } from './user-count-schema.ts';
import { type Problem, problemsOf, writeInstead } from './observation-problems.ts';
import {
  armProblems,
  copiesProblems,
  headerSchema,
  type TickLine,
  tickSchema,
} from './observation-schema.ts';

export const observationsFormat = 'mlreg-observations/1';

/** The first line. */
export interface RecordingHeader {
  readonly tickMs: number;
  /** Of the rollout that was recorded: its id, its plan's policy, and its bakes. */
  readonly rollout: string | null;
  readonly salt: string | null;
  readonly policy: JudgePolicy | null;
  readonly bakes: readonly RecordedBake[] | null;
}

export interface Recording {
  readonly header: RecordingHeader;
  /** In the order of the file; to be read once. */
  readonly ticks: AsyncIterable<RecordedTick>;
}

export interface RecordedTick {
  readonly observation: Observation;
  /** From 1. */
  readonly line: number;
}

/**
 * Observations as they are recorded: one JSON object a line. The first says the format and how long a tick is, each
 * further one is a tick; empty lines are skipped.
 * @param name of the file, for mistakes
 * @throws UserError `usage` that names the line and what to write, also while `ticks` is read
 */
export async function readRecording(lines: AsyncIterable<string>, name: string): Promise<Recording> {
  const numbered = numberedLines(lines);
  const first = await numbered.next();
  if (first.done === true) throw mistake(name, 1, null, [{ path: [], sentence: 'is missing' }], 'header');
  const { text, line } = first.value;
  const header = parsed(text, headerSchema, name, line, 'header');
  return {
    header: {
      tickMs: header.tickSeconds * 1_000,
      rollout: header.rollout ?? null,
      salt: header.salt ?? null,
      policy: header.policy ?? null,
      bakes: header.bakes?.map(bakeOf) ?? null,
    },
    ticks: ticksOf(numbered, name, header.tickSeconds * 1_000),
  };
}

function bakeOf({
  from,
  over,
  extendSeconds,
  ...bake
}: NonNullable<z.output<typeof headerSchema>['bakes']>[number]): RecordedBake {
  return {
    ...bake,
    from: instant(Date.parse(from)),
    over: over === null ? null : instant(Date.parse(over)),
    extendMs: extendSeconds * 1_000,
  };
}

async function* ticksOf(
  numbered: AsyncIterable<NumberedLine>,
  name: string,
  tickMs: number,
): AsyncGenerator<RecordedTick> {
  let before: Instant | null = null;
  for await (const { text, line } of numbered) {
    const tick = parsed(text, tickSchema, name, line, 'tick');
    const observation = observationOf(tick, tickMs);
    const problems = tickProblems(tick, observation, before);
    if (problems.length > 0) throw mistake(name, line, tick, problems, 'tick');
    before = observation.at;
    yield { observation, line };
  }
}

/** What no schema of one tick can see. */
export function tickProblems(
  tick: TickLine,
  { at, tickMs }: Pick<Observation, 'at' | 'tickMs'>,
  before: Instant | null,
): readonly Problem[] {
  const late = before !== null && at <= before;
  const begins = at - tickMs;
  const overlaps = before !== null && !late && begins < before;
  return [
    ...(overlaps
      ? [
          {
            path: ['at'],
            sentence: `the tick begins at ${new Date(begins).toISOString()}, before the tick before it ends (${new Date(before).toISOString()}): its requests would count twice`,
          },
        ]
      : []),
    ...(late
      ? [
          {
            path: ['at'],
            sentence: `expected a time after the tick before it, ${new Date(before).toISOString()}`,
          },
        ]
      : []),
    ...armProblems('champion', tick.champion),
    ...armProblems('challenger', tick.challenger),
    ...userProblems(tick),
    ...copiesProblems(tick),
  ];
}

export function observationOf(tick: TickLine, tickMs: number): Observation {
  const { at, straddlesChange, late, ...rest } = tick;
  return {
    at: instant(Date.parse(at)),
    tickMs,
    ...rest,
    ...(straddlesChange === true ? { straddlesChange } : {}),
    ...(late === undefined
      ? {}
      : { late: late.map((each) => ({ ...each, at: instant(Date.parse(each.at)) })) }),
  };
}

function parsed<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  name: string,
  line: number,
  kind: 'header' | 'tick',
): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw mistake(name, line, null, [{ path: [], sentence: 'is no JSON object' }], kind);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw mistake(name, line, value, problemsOf(result.error), kind);
}

function mistake(
  name: string,
  line: number,
  value: unknown,
  problems: readonly Problem[],
  kind: 'header' | 'tick',
): UserError {
  const { sentences, mend } = writeInstead(problems, value, kind);
  return new UserError('usage', sentences.map((sentence) => `${name}:${line} ${sentence}`).join('\n'), {
    mend,
  });
}

interface NumberedLine {
  readonly text: string;
  readonly line: number;
}

async function* numberedLines(lines: AsyncIterable<string>): AsyncGenerator<NumberedLine> {
  let line = 0;
  for await (const text of lines) {
    line++;
    if (text.trim() !== '') yield { text, line };
  }
}
