import * as z from 'zod';
import {
  type Mistake,
  mistakesError,
  type PolicyChanges,
  pathName,
  policyChanges,
  policyMistakes,
  type Read,
  readDocument,
  share,
  traffic,
} from '../config/index.ts';
import type { Observation } from '../domain/observation.ts';
import { type Instant, instant } from '../domain/units.ts';
import type { Traffic } from './generated-ticks.ts';
import { expectedAt, type Problem, problemsOf } from './observation-problems.ts';
import { tickSchema } from './observation-schema.ts';
import { observationOf, tickProblems } from './observations.ts';

export type Decision = 'rollback' | 'promote' | 'hold';

/** A file of cases, without mistakes. */
export interface PolicyTests {
  readonly changes: PolicyChanges | null;
  /** Relative to the file. */
  readonly policyFile: string | null;
  /** Of generated ticks, and of those that stand in the file. */
  readonly tickMs: number;
  readonly cases: readonly PolicyCase[];
}

export interface PolicyCase {
  readonly name: string;
  readonly observations:
    | { readonly kind: 'file'; readonly file: string }
    | { readonly kind: 'ticks'; readonly ticks: readonly Observation[] }
    | { readonly kind: 'generated'; readonly traffic: Traffic };
  readonly expect: Decision;
  readonly byTick: number | null;
}

const count = z.int().min(0).max(1_000_000);
const milliseconds = z.number().gt(0);

const trafficSchema = z.strictObject({
  requestsPerTick: z.number().gt(0).max(1e9),
  percent: traffic('The share of the challenger.'),
  championErrors: share('Share of failed answers.'),
  challengerErrors: share('Share of failed answers.'),
  championLatencyMs: z.exactOptional(milliseconds),
  challengerLatencyMs: z.exactOptional(milliseconds),
  ticks: count.min(1),
  historyTicks: count.default(0),
  seed: count.default(1),
});

const caseSchema = z.strictObject({
  name: z.string().min(1),
  observations: z.unknown().refine((value) => value !== undefined && value !== null),
  expect: z.enum(['rollback', 'promote', 'hold']),
  byTick: z.exactOptional(count.min(1)),
});

const policySchema = z.looseObject({});

const fileSchema = z.strictObject({
  policy: z.exactOptional(policySchema),
  policyFile: z.exactOptional(z.string().min(1)),
  tickSeconds: z.number().gt(0).default(10),
  cases: z.array(z.unknown()).min(1),
});

/** What belongs under a key, for `expected ...`. */
const expected: Readonly<Record<string, string>> = {
  policy: 'the sections judge and guardrails of mlreg.yaml',
  policyFile: 'the name of a policy file',
  tickSeconds: "a tick's length in seconds, above 0",
  cases: 'a list of cases, each with name, observations and expect',
  name: "the case's name",
  observations: 'a file name, a list of ticks, or numbers of traffic such as requestsPerTick: 1000',
  expect: 'rollback, promote or hold',
  byTick: 'a whole number from 1 up',
  requestsPerTick: 'a number above 0',
  percent: 'a share of traffic such as 10',
  championErrors: 'a share such as 0.5% or 0.005',
  challengerErrors: 'a share such as 0.5% or 0.005',
  championLatencyMs: 'milliseconds above 0',
  challengerLatencyMs: 'milliseconds above 0',
  ticks: 'a whole number from 1 to 1000000',
  historyTicks: 'a whole number from 0 to 1000000',
  seed: 'a whole number from 0 to 1000000',
};

/**
 * @param shown the file's name, for mistakes
 * @throws UserError `usage` with all mistakes at once
 */
export function readPolicyTests(text: string, shown: string): PolicyTests {
  const read = readDocument(text);
  const mistakes: Mistake[] = read.mistakes.map(({ at, path, sentence }) => ({
    ...at,
    path: pathName(path),
    sentence,
  }));
  const tell = (problems: readonly Problem[], words = expected): void => {
    mistakes.push(...problems.map((problem) => mistakeOf(problem, read, words)));
  };
  if (read.unusable) throw mistakesError(shown, mistakes);
  // What is right is looked into even where something beside it is wrong.
  const outline = fileSchema.safeParse(read.raw);
  if (!outline.success) tell(problemsOf(outline.error));
  const { policy, policyFile, cases: written } = read.raw;
  const inner = policySchema.safeParse(policy);
  if (inner.success) {
    mistakes.push(...policyMistakes(within(read, 'policy', inner.data)).map(under('policy')));
    if (policyFile !== undefined) {
      tell([{ path: ['policyFile'], sentence: 'policy stands here already: take one of them away' }]);
    }
  }
  const tickMs = (outline.data?.tickSeconds ?? 10) * 1_000;
  const cases = (Array.isArray(written) ? written : []).flatMap((raw: unknown, index) =>
    caseOf(raw, ['cases', index], tickMs, tell),
  );
  if (mistakes.length > 0 || !outline.success) throw mistakesError(shown, mistakes);
  return {
    changes: inner.success ? policyChanges(inner.data) : null,
    policyFile: outline.data.policyFile ?? null,
    tickMs,
    cases,
  };
}

type Tell = (problems: readonly Problem[], words?: Readonly<Record<string, string>>) => void;
type Path = readonly (string | number)[];

function caseOf(raw: unknown, at: Path, tickMs: number, tell: Tell): readonly PolicyCase[] {
  const result = caseSchema.safeParse(raw);
  if (!result.success) {
    tell(below(at, problemsOf(result.error)));
    return [];
  }
  const { name, expect, byTick = null } = result.data;
  if (expect === 'hold' && byTick !== null) {
    tell([{ path: [...at, 'byTick'], sentence: 'a hold holds to the last tick: take this away' }]);
  }
  const observations = observationsOf(result.data.observations, [...at, 'observations'], tickMs, tell);
  return observations === null ? [] : [{ name, observations, expect, byTick }];
}

function observationsOf(
  raw: unknown,
  at: Path,
  tickMs: number,
  tell: Tell,
): PolicyCase['observations'] | null {
  if (typeof raw === 'string' && raw !== '') return { kind: 'file', file: raw };
  if (Array.isArray(raw)) return { kind: 'ticks', ticks: ticksOf(raw, at, tickMs, tell) };
  if (typeof raw !== 'object') {
    tell([{ path: at, sentence: '' }]);
    return null;
  }
  const result = trafficSchema.safeParse(raw);
  if (result.success) return { kind: 'generated', traffic: result.data };
  tell(below(at, problemsOf(result.error)));
  return null;
}

/** Ticks as a recording has them, `at` being free: one follows on the other then. */
function ticksOf(raw: readonly unknown[], at: Path, tickMs: number, tell: Tell): readonly Observation[] {
  const ticks: Observation[] = [];
  let before: Instant | null = null;
  for (const [index, value] of raw.entries()) {
    const path = [...at, index];
    const next: Instant = instant((before ?? Date.UTC(2026, 0, 1)) + tickMs);
    const timed: unknown =
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? { at: new Date(next).toISOString(), ...value }
        : value;
    const result = tickSchema.safeParse(timed);
    if (!result.success) {
      tell(below(path, problemsOf(result.error)), {});
      continue;
    }
    const observation = observationOf(result.data, tickMs);
    tell(below(path, tickProblems(result.data, observation, before)), {});
    before = observation.at;
    ticks.push(observation);
  }
  return ticks;
}

const below = (at: Path, problems: readonly Problem[]): readonly Problem[] =>
  problems.map(({ path, sentence }) => ({ path: [...at, ...path], sentence }));

function mistakeOf(
  { path, sentence }: Problem,
  read: Read,
  words: Readonly<Record<string, string>>,
): Mistake {
  const key = path.findLast((part) => typeof part === 'string');
  const isCase = path.length === 2 && key === 'cases';
  const wanted = isCase
    ? 'a case with name, observations and expect'
    : (words[String(key)] ?? expectedAt(path, 'a tick'));
  return {
    ...read.position(path, 'value'),
    path: pathName(path),
    sentence: sentence === '' ? `expected ${wanted}, got ${got(read, path)}` : sentence,
  };
}

function got(read: Read, path: readonly PropertyKey[]): string {
  const value = path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    read.raw,
  );
  if (value === undefined || value === null) return 'nothing';
  const text = read.source(path) ?? JSON.stringify(value);
  return text.length > 48 ? `${text.slice(0, 45)}...` : text;
}

/** A section of the file as a document of its own. */
function within(read: Read, key: string, raw: Read['raw']): Read {
  return {
    ...read,
    raw,
    position: (path, of) => read.position([key, ...path], of),
    source: (path) => read.source([key, ...path]),
  };
}

const under =
  (key: string) =>
  (mistake: Mistake): Mistake => ({
    ...mistake,
    path: mistake.path === '' ? key : `${key}.${mistake.path}`,
  });
