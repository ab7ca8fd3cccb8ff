import { TextDecoder } from 'node:util';
import type { AnswerComparison, Direction } from '../../domain/shadow.ts';

export type Compared =
  | {
      readonly kind: 'compared';
      readonly agree: boolean;
      /** 0 to 1. */
      readonly distance: number;
      readonly direction: Direction;
      /** Each version's decision as text; null where whole answers are compared. */
      readonly champion: string | null;
      readonly challenger: string | null;
    }
  /** The challenger's answer is none: no JSON, or without the members that the champion's has. It counts as failed. */
  | { readonly kind: 'garbage'; readonly why: string }
  /** The champion's own answer isn't as the comparison expects it: nobody's fault but the comparison's. */
  | { readonly kind: 'incomparable'; readonly why: string };

/**
 * Compares the answers to one request.
 * - The same: equal decisions where `class` is given, else scores within the tolerance where `score` is, else whole
 *   answers, numbers within the tolerance and ignored members left out.
 * - Distance: of the scores, by `scale`; else of the decisions, 0 or 1; else the share of values that differ.
 * NaN and the infinities are read as Python's json prints them; NaN is the same as NaN. Where the champion's answer is no
 * JSON nothing is compared: of answers that are only equal or not to the byte, one spelling would decide.
 */
export function compare(champion: Uint8Array, challenger: Uint8Array, how: AnswerComparison): Compared {
  const ours = parsed(champion);
  if (ours === undefined) return { kind: 'incomparable', why: "the champion's answer is no JSON" };
  const theirs = parsed(challenger);
  if (theirs === undefined) return { kind: 'garbage', why: 'no JSON' };
  const classes = pairAt(ours.value, theirs.value, how.class, 'class');
  if ('kind' in classes) return classes;
  const scores = pairAt(ours.value, theirs.value, how.score, 'score');
  if ('kind' in scores) return scores;
  return judged(ours.value, theirs.value, classes, scores, how);
}

type Pair = { readonly a: unknown; readonly b: unknown } | { readonly none: true };

function judged(
  ours: unknown,
  theirs: unknown,
  classes: Pair,
  scores: Pair,
  how: AnswerComparison,
): Compared {
  const whole = 'none' in classes && 'none' in scores ? difference(ours, theirs, how) : null;
  const decision = 'none' in classes ? null : { a: textOf(classes.a), b: textOf(classes.b) };
  const score = 'none' in scores ? null : { a: Number(scores.a), b: Number(scores.b) };
  const sameScore = score === null || close(score.a, score.b, how.tolerance);
  const sameDecision = decision === null || decision.a === decision.b;
  const agree = whole !== null ? whole.differing === 0 : decision === null ? sameScore : sameDecision;
  const distance =
    score !== null
      ? apart(score.a, score.b, how.scale)
      : whole === null
        ? Number(!sameDecision)
        : whole.differing / Math.max(1, whole.values);
  return {
    kind: 'compared',
    agree,
    distance,
    direction: score !== null ? (sameScore ? 'other' : order(score.a, score.b)) : ordered(classes),
    champion: decision?.a ?? null,
    challenger: decision?.b ?? null,
  };
}

/** A score that isn't a number is none. */
function pairAt(
  ours: unknown,
  theirs: unknown,
  path: string | null,
  what: 'class' | 'score',
): Pair | Compared {
  if (path === null) return { none: true };
  const [a, b] = [at(ours, path), at(theirs, path)];
  const isThere = (value: unknown): boolean =>
    what === 'score' ? typeof value === 'number' : value !== undefined;
  if (!isThere(a)) return { kind: 'incomparable', why: `the champion's answer has no ${what} at ${path}` };
  if (!isThere(b)) return { kind: 'garbage', why: `no ${what} at ${path}` };
  return { a, b };
}

/** Undefined where there is nothing at the path. */
export function at(value: unknown, path: string): unknown {
  let found = value;
  for (const name of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

const mostText = 64;

/** Short enough for a log line, and equal for equal values. */
export function textOf(value: unknown): string {
  // JSON has no word for NaN and the infinities.
  const text =
    typeof value === 'string' ? value : typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > mostText ? `${text.slice(0, mostText - 1)}…` : text;
}

function ordered(classes: Pair): Direction {
  if ('none' in classes) return 'other';
  const { a, b } = classes;
  const both = (type: string): boolean => typeof a === type && typeof b === type;
  return both('number') || both('boolean') ? order(Number(a), Number(b)) : 'other';
}

function order(a: number, b: number): Direction {
  return b > a ? 'up' : b < a ? 'down' : 'other';
}

function close(a: number, b: number, tolerance: number): boolean {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Object.is(a, b);
  return Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));
}

/** 0 to 1, of values that are no finite numbers too. */
function apart(a: number, b: number, scale: number): number {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Object.is(a, b) ? 0 : 1;
  return Math.min(1, Math.abs(b - a) / scale);
}

interface Counted {
  readonly values: number;
  readonly differing: number;
}

/** Values in either answer, and how many of them differ; of a member that only one has all differ. */
function difference(a: unknown, b: unknown, how: AnswerComparison): Counted {
  if (typeof a === 'number' && typeof b === 'number')
    return { values: 1, differing: close(a, b, how.tolerance) ? 0 : 1 };
  if (!isTree(a) || !isTree(b) || Array.isArray(a) !== Array.isArray(b)) {
    if (!isTree(a) && !isTree(b)) return { values: 1, differing: a === b ? 0 : 1 };
    const values = Math.max(leaves(a, how), leaves(b, how));
    return { values, differing: values };
  }
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  let [values, differing] = [0, 0];
  for (const name of names) {
    if (!Array.isArray(a) && how.ignore.includes(name)) continue;
    const own = difference(a[name], b[name], how);
    values += own.values;
    differing += own.differing;
  }
  return { values, differing };
}

type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

function leaves(value: unknown, how: AnswerComparison): number {
  if (!isTree(value)) return 1;
  const members = Object.entries(value).filter(
    ([name]) => Array.isArray(value) || !how.ignore.includes(name),
  );
  return Math.max(
    1,
    members.reduce((sum, [, member]) => sum + leaves(member, how), 0),
  );
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function parsed(bytes: Uint8Array): { readonly value: unknown } | undefined {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return undefined;
  }
  return json(text) ?? json(text.replaceAll(stringOrNumberWord, marked), unmarked);
}

function json(
  text: string,
  reviver?: (name: string, value: unknown) => unknown,
): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text, reviver) };
  } catch {
    return undefined;
  }
}

/** A string, which is left as it is, or one of the three words. */
const stringOrNumberWord = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;
const mark = '\u0000number ';

const marked = (found: string): string => (found.startsWith('"') ? found : JSON.stringify(mark + found));

const unmarked = (_name: string, value: unknown): unknown =>
  typeof value === 'string' && value.startsWith(mark) ? Number(value.slice(mark.length)) : value;
