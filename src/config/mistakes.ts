import type * as z from 'zod';
import { oneLine } from '../domain/one-line.ts';
import { UserError } from '../domain/user-error.ts';
import type { Read } from './document.ts';
import { isSection, scalarText, type RawSection, valueAt, without } from './layers.ts';
import type { LeafNote } from './leaves.ts';
import { fileSchema } from './schema.ts';
import { nearest } from './suggest.ts';
import { type Path, placeAt, placesOf } from './walk.ts';

export interface Mistake {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** As `environments.prod.guardrails.errorRate`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong and what to write. */
  readonly sentence: string;
  /** mlreg knows no such key there: it may be one of another version. */
  readonly isUnknownKey?: true;
}

/**
 * What the schema finds wrong, and the file without it: what is left can still be looked at for contradictions, so that
 * people hear of all mistakes at once.
 */
export function schemaMistakes(read: Read): {
  readonly mistakes: readonly Mistake[];
  /** Undefined where there is too much wrong to go on. */
  readonly rest: RawSection | undefined;
} {
  const result = fileSchema.safeParse(read.raw);
  if (result.success) return { mistakes: [], rest: read.raw };
  const found = new Map<string, Mistake>();
  let rest = read.raw;
  let count = 0;
  for (const issue of result.error.issues) {
    for (const describe of described(issue, read)) {
      if (++count > mostDescribed) return { mistakes: [...found.values()], rest: undefined };
      const { whole, path, of, sentence, isUnknownKey } = describe();
      const name = pathName(path);
      // A list with wrong elements is not wrong once more as a whole.
      const known = [...found.keys()].some((other) => other === name || other.startsWith(`${name}[`));
      const mark = isUnknownKey === undefined ? {} : { isUnknownKey };
      if (!known) found.set(name, { ...read.position(path, of), path: name, sentence, ...mark });
      if (path.length > whole.length) found.delete(pathName(whole));
      rest = without(rest, whole);
    }
  }
  return { mistakes: [...found.values()], rest };
}

/** @returns an error that lists all, in the file's order */
export const mistakesError = (file: string, mistakes: readonly Mistake[]): UserError =>
  new UserError('usage', mistakeLines(file, mistakes));

/** `mlreg.yaml:12:5 judge.alpha: expected ...`. */
export const mistakeLine = (file: string, { line, column, path, sentence }: Mistake): string =>
  `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${sentence}`;

export const inOrder = (mistakes: readonly Mistake[]): readonly Mistake[] =>
  [...mistakes].sort((a, b) => a.line - b.line || a.column - b.column);

/** A title, and a line for each, in the file's order. */
export function mistakeLines(file: string, mistakes: readonly Mistake[]): string {
  const order = inOrder(mistakes);
  const lines = order.slice(0, mostShown).map((mistake) => mistakeLine(file, mistake));
  if (order.length > mostShown) lines.push(`and ${order.length - mostShown} more`);
  const title = order.length === 1 ? `${file} has a mistake` : `${file} has ${order.length} mistakes`;
  return [`${title}:`, ...lines].join('\n');
}

/** `environments.prod.strategies.canary.steps[1]`. */
export function pathName(path: Path): string {
  return path.reduce<string>((name, key) => {
    if (typeof key === 'number') return `${name}[${key}]`;
    const text = oneLine(String(key), 48);
    const plain = /^[\w$-]+$/.test(text) ? text : JSON.stringify(text);
    return name === '' ? plain : `${name}.${plain}`;
  }, '');
}

const mostShown = 50;
const mostDescribed = 200;

interface Described {
  /** What must be left out for the rest to be right. */
  readonly whole: Path;
  readonly path: Path;
  readonly of: 'key' | 'value';
  readonly sentence: string;
  readonly isUnknownKey?: true;
}

/** Each is put into words only when it is asked for: a hostile file may have any number of them. */
function described(issue: z.core.$ZodIssue, read: Read): readonly (() => Described)[] {
  if (issue.code !== 'unrecognized_keys') return [() => describe(issue, read)];
  return issue.keys.map((key) => () => {
    const path = [...issue.path, key];
    return { whole: path, path, of: 'key', sentence: unknownKey(key, issue.path), isUnknownKey: true };
  });
}

function describe(issue: z.core.$ZodIssue, read: Read): Described {
  const { path } = issue;
  if (issue.code === 'invalid_key') {
    return { whole: path, path, of: 'key', sentence: `expected ${keyExpected(path)}` };
  }
  const place = placeAt(fileSchema, path);
  if (place.kind !== 'leaf') {
    const got = gotText(undefined, valueAt(read.raw, path), undefined);
    return { whole: path, path, of: 'value', sentence: `expected keys and values below it, got ${got}` };
  }
  const { note, depth } = place;
  const whole = path.slice(0, depth);
  const value = valueAt(read.raw, path);
  if (value === undefined)
    return { whole, path: whole, of: 'value', sentence: `missing: write ${note.expected}` };
  const inside = path.length > depth ? note.element : undefined;
  const special =
    issue.code === 'custom' && issue.message.startsWith('expected ') ? issue.message : undefined;
  const sentence = `${special ?? `expected ${inside ?? note.expected}`}, got ${gotText(note, value, read.source(path))}`;
  return { whole, path, of: 'value', sentence };
}

function keyExpected(path: Path): string {
  switch (path.at(-2)) {
    case 'environments':
      return 'the name of an environment: at most 20 small letters, digits and inner hyphens, such as prod';
    case 'acceptance':
      return 'the name of a registered metric, such as auc';
    default:
      return 'the name of an environment variable, such as LOG_LEVEL';
  }
}

function unknownKey(key: string, section: Path): string {
  const place = placeAt(fileSchema, section);
  const known = place.kind === 'section' ? place.keys : [];
  const likely = nearest(key, known);
  if (likely !== undefined) return `unknown key: did you mean ${likely}?`;
  const elsewhere = placesOf(fileSchema, key)
    .map((name) => name.replace('environments.*', 'environments.NAME'))
    .sort((a, b) => a.split('.').length - b.split('.').length);
  if (elsewhere.length > 0) return `unknown key here: its place is ${elsewhere.slice(0, 2).join(' or ')}`;
  return `unknown key: known here are ${known.join(', ')}`;
}

function gotText(note: LeafNote | undefined, value: unknown, source: string | undefined): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) {
    const plain = !note?.secret && value.every((item) => ['number', 'string'].includes(typeof item));
    return plain ? oneLine(`[${value.join(', ')}]`, 48) : 'a list';
  }
  if (isSection(value)) return 'keys and values';
  if (typeof value === 'string') {
    const hidden = note?.secret || looksSecret.test(value);
    return hidden ? 'something else (not shown: it may be a secret)' : `'${oneLine(value, 48)}'`;
  }
  const kind = typeof value === 'boolean' ? 'true or false' : 'a number';
  if (note?.secret) return `${kind}: quote it`;
  const written = source ?? scalarText(value);
  if (note?.text) return `${written}, which YAML reads as ${kind}: quote it, '${written}'`;
  if (note?.units && typeof value === 'number') {
    const mend = Number.isInteger(value)
      ? note.units.map((unit) => `${written}${unit}`).join(' or ')
      : 'as 2m30s';
    return `${written}, which has no unit: write it ${mend}`;
  }
  return written;
}

const looksSecret = /hooks\.|:\/\/[^/]*@|\bxox[a-z]-|\bAKIA|\bASIA|[?&](token|key|signature)=/i;
