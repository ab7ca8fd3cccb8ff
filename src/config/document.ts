import { type Document, isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { YAMLError, YAMLMap } from 'yaml';
import type { RawSection } from './layers.ts';
import { isSection } from './layers.ts';

export interface Position {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

/** A mistake in the text itself, before anything is known of what it means. */
export interface TextMistake {
  readonly at: Position;
  readonly path: readonly string[];
  readonly sentence: string;
}

export interface Read {
  readonly raw: RawSection;
  readonly mistakes: readonly TextMistake[];
  /** Nothing beyond these mistakes can be told: the text is no YAML, or no map. */
  readonly unusable: boolean;
  /** Of the value at a path, or of its key; of the nearest section above where there is no such value. */
  readonly position: (path: readonly PropertyKey[], of: 'key' | 'value') => Position;
  /** A scalar as it stands in the file: `2.30`, where YAML reads 2.3. */
  readonly source: (path: readonly PropertyKey[]) => string | undefined;
}

/**
 * YAML 1.2 and no more: no other tags, no merge keys, no keys that reach for prototypes, and limits on size, depth and
 * aliases, for a file that comes with a pull request is not to be trusted.
 */
export function readDocument(text: string): Read {
  const start = { line: 1, column: 1 };
  const unusable = (sentence: string, at: Position = start): Read => ({
    raw: {},
    mistakes: [{ at, path: [], sentence }],
    unusable: true,
    position: () => start,
    source: () => undefined,
  });
  if (text.length > mostCharacters) return unusable(`is longer than ${mostCharacters} characters`);

  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false, // told by survey(), together with all else
      version: '1.2',
      merge: false,
      resolveKnownTags: false,
    });
  } catch (error) {
    if (error instanceof RangeError) return unusable('is nested too deeply');
    throw error;
  }
  const version = document.directives.yaml;
  if (version.explicit && version.version !== '1.2')
    return unusable(`is YAML ${version.version}: take the %YAML line away`);
  if (document.contents === null && document.errors.length === 0)
    return { ...unusable(''), mistakes: [], unusable: false };
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    const written = text.split('\n');
    const first = new Map<number, TextMistake>(); // what follows on the same line follows from it
    for (const error of problems) {
      const at = position(error.pos[0]);
      const sentence = syntaxSentence(error, written[at.line - 1] ?? '');
      if (!first.has(at.line)) first.set(at.line, { at, path: [], sentence });
    }
    return { ...unusable(''), mistakes: [...first.values()] };
  }
  const surveyed = survey(document);
  if (surveyed.stop) return unusable(surveyed.stop.sentence, position(surveyed.stop.offset));
  if (!isMap(document.contents)) return unusable('must hold keys and values, as model: recommendation');

  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: mostAliases });
  } catch (error) {
    if (error instanceof ReferenceError || error instanceof RangeError) {
      return unusable(tooManyAliases);
    }
    throw error;
  }
  const node = (path: readonly PropertyKey[]) => nodeAt(document, path);
  return {
    raw: isSection(raw) ? raw : {},
    mistakes: surveyed.mistakes.map(({ offset, ...mistake }) => ({ ...mistake, at: position(offset) })),
    unusable: false,
    position: (path, of) => position((of === 'key' ? node(path).keyOffset : undefined) ?? node(path).offset),
    source: (path) => node(path).source,
  };
}

const mostCharacters = 64 * 1024;
const mostDepth = 32;
const mostAliases = 100;
const tooManyAliases = 'its aliases (*name) expand to too much: write the values out';

interface Survey {
  readonly mistakes: readonly {
    readonly offset: number;
    readonly path: readonly string[];
    readonly sentence: string;
  }[];
  /** Why the rest is not looked at. */
  readonly stop?: { readonly offset: number; readonly sentence: string };
}

/** Finds keys that are written twice or must not be, and takes the latter out, so that they never become objects. */
function survey(document: Document.Parsed): Survey {
  const mistakes: Survey['mistakes'][number][] = [];
  let aliases = 0;
  const waiting: { node: unknown; path: readonly string[] }[] = [{ node: document.contents, path: [] }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { node, path } = next;
    const stop = (sentence: string): Survey => ({
      mistakes,
      stop: { offset: offsetOf(node) ?? 0, sentence },
    });
    if (path.length > mostDepth) return stop('is nested too deeply');
    if (isAlias(node)) {
      if (++aliases > mostAliases) return stop(tooManyAliases);
      if (!node.resolve(document)) return stop('this alias (*name) has no anchor (&name) before it');
    }
    if (isSeq(node))
      node.items.forEach((item, i) => waiting.push({ node: item, path: [...path, String(i)] }));
    if (!isMap(node)) continue;
    const seen = new Set<string>();
    node.items = node.items.filter((pair) => {
      const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
      const at = { offset: offsetOf(pair.key) ?? 0, path: [...path, key] };
      if (reserved.has(key)) mistakes.push({ ...at, sentence: 'this key is not allowed' });
      else if (key === '<<') {
        mistakes.push({
          ...at,
          sentence: 'merge keys are not read: what environments share stands at the top level',
        });
      } else if (seen.has(key)) mistakes.push({ ...at, sentence: 'is written twice: keep one' });
      else {
        seen.add(key);
        waiting.push({ node: pair.value, path: at.path });
        return true;
      }
      return false;
    });
  }
  return { mistakes };
}

const reserved = new Set(['__proto__', 'constructor', 'prototype']);

function nodeAt(document: Document.Parsed, path: readonly PropertyKey[]) {
  let node: unknown = document.contents;
  let keyOffset: number | undefined;
  for (const key of path) {
    const parent: unknown = isAlias(node) ? node.resolve(document) : node;
    const pair = isMap(parent) ? pairOf(parent, String(key)) : undefined;
    const next: unknown = pair ? pair.value : isSeq(parent) ? parent.items[Number(key)] : undefined;
    // Aliased values are shown where they are used: there the reader finds both.
    if (next === undefined || next === null) {
      const above = keyOffset ?? offsetOf(node) ?? 0;
      return {
        offset: pair ? (offsetOf(pair.key) ?? above) : above,
        keyOffset: pair ? offsetOf(pair.key) : keyOffset,
      };
    }
    keyOffset = pair ? offsetOf(pair.key) : undefined;
    node = next;
  }
  const offset = offsetOf(node) ?? keyOffset ?? 0;
  const value: unknown = isAlias(node) ? node.resolve(document) : node;
  return { offset, keyOffset, source: isScalar(value) ? value.source : undefined };
}

function pairOf(map: YAMLMap, key: string) {
  return map.items.find(
    (pair) => isPair(pair) && String(isScalar(pair.key) ? pair.key.value : pair.key) === key,
  );
}

function offsetOf(node: unknown): number | undefined {
  const range = (node as { range?: readonly number[] | null } | null | undefined)?.range;
  return range?.[0];
}

/** `line` is looked at, never shown: it may hold what is nobody's business. */
function syntaxSentence(error: YAMLError, line: string): string {
  if (/:\s*[<>]=?\s*-?\d/.test(line)) return "a comparison must be quoted, as auc: '>= 0.6'";
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return 'YAML takes no tabs here: indent with spaces';
    case 'MULTIPLE_DOCS':
      return 'there is a second document here (---): keep one';
    case 'NON_STRING_KEY':
      return 'a key must be plain text';
    case 'TAG_RESOLVE_FAILED':
      return 'tags (!name) are not read: write plain values';
    case 'RESOURCE_EXHAUSTION':
      return 'is nested too deeply';
    default:
      if (/start at the same column/.test(error.message))
        return 'this line is indented differently from its neighbours';
      // Messages quote the file after a colon.
      return `is no YAML: ${error.message.replace(/(: |\n)[\s\S]*/, '')}`;
  }
}
