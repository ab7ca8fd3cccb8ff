import { TextDecoder } from 'node:util';
import type { ArmName } from './arm.ts';
import {
  type AnswerContract,
  type MemberType,
  memberTypes,
  mostAnswerBytes,
  pointerPattern,
} from '../domain/answer-contract.ts';

/** What an answer was found to be. */
export interface Checked {
  /** Whether it is JSON; undefined where nobody expected that. */
  readonly isJson: boolean | undefined;
  /** Why it breaks the contract, in words that hold nothing of the answer; undefined: it keeps it. */
  readonly broken: string | undefined;
}

export interface Given {
  readonly body: Uint8Array;
  readonly contentType: string;
}

/**
 * Checks answers by a contract, or only whether they are JSON where there is none: the next plan asks for that.
 *
 * Pointers with types, and no JSON Schema: a validator that compiles schemas (ajv) is 120 KB minified and builds functions
 * from text, one that interprets them still half of this bundle, and a schema of any size would not fit beside the route
 * into the 4 KB of a function's variables.
 */
export function createAnswerCheck(
  contract: AnswerContract = {},
): (answer: Given, accept: string | undefined, arm?: ArmName | 'weighted') => Checked {
  const { contentType, maxBytes, json, errors = [] } = contract;
  const members = Object.entries(contract.members ?? {}).map(([pointer, type]) => ({
    pointer,
    path: pathOf(pointer),
    type,
  }));
  const errorPaths = errors.map((pointer) => ({ pointer, path: pathOf(pointer) }));
  const isDemanded = json === 'always' || members.length > 0 || errorPaths.length > 0;

  function broken(answer: Given, value: unknown, mustBeJson: boolean): string | undefined {
    if (maxBytes !== undefined && answer.body.byteLength > maxBytes)
      return `${answer.body.byteLength} bytes, more than ${maxBytes}`;
    if (contentType !== undefined && mediaType(answer.contentType) !== contentType)
      return `not ${contentType}`;
    if (value === undefined) return mustBeJson || members.length > 0 ? 'not JSON' : undefined;
    const failed = errorPaths.find(({ path }) => says(at(value, path)));
    if (failed) return `an error at ${failed.pointer}`;
    const missing = members.find(({ path, type }) => !isType(at(value, path), type));
    return missing && `no ${missing.type === 'any' ? 'value' : missing.type} at ${missing.pointer}`;
  }

  /** Of the champion's answers that were to be JSON. */
  const champion = { json: 0, other: 0 };
  return (answer, accept, arm) => {
    if (!isDemanded && answer.body.byteLength > mostUnasked)
      return { isJson: undefined, broken: broken(answer, undefined, false) };
    const isAsked = json === 'always' || acceptsJson(accept);
    const value = parsed(answer.body);
    const isJson = value !== undefined;
    if (arm === 'champion' && isAsked) champion[isJson ? 'json' : 'other']++;
    const isSeen = arm === 'challenger' && champion.other === 0 && champion.json >= fewestSeen;
    const mustBeJson = isAsked && json !== undefined && (json !== 'seen' || isSeen);
    return { isJson: isAsked ? isJson : undefined, broken: broken(answer, value, mustBeJson) };
  };
}

/** Callers wait while an answer is read: where nobody demands it, no longer than about 2 ms. Bytes. */
const mostUnasked = 256 * 1024;

/** So few answers tell nothing. */
const fewestSeen = 10;

/** @throws Error that names the member which is wrong */
export function parseAnswerContract(value: unknown, what: string): AnswerContract {
  const wrong = (name: string): Error => new Error(`${what}.${name} is none that this router knows`);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is not an object`);
  for (const [name, found] of Object.entries(value as Record<string, unknown>))
    if (!Object.hasOwn(isRight, name) || !isRight[name as keyof AnswerContract](found)) throw wrong(name);
  return value;
}

const isPointer = (value: unknown): boolean => typeof value === 'string' && pointerPattern.test(value);

const isRight: Readonly<Record<keyof AnswerContract, (value: unknown) => boolean>> = {
  json: (value) => value === 'asked' || value === 'seen' || value === 'always',
  contentType: (value) => typeof value === 'string' && value !== '' && value === mediaType(value),
  members: (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(value).every(
      ([pointer, type]) => isPointer(pointer) && memberTypes.includes(type as MemberType),
    ),
  errors: (value) => Array.isArray(value) && value.every(isPointer),
  maxBytes: (value) =>
    Number.isInteger(value) && (value as number) > 0 && (value as number) <= mostAnswerBytes,
};

/** Without parameters, in small letters. */
const mediaType = (type: string): string => (type.split(';')[0] ?? '').trim().toLowerCase();

/** Whether a caller who sends this header can have expected JSON. */
export function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined) return true;
  return accept
    .split(',')
    .map(mediaType)
    .some((type) => /^(\*\/\*|application\/\*|application\/json|.*\+json)$/.test(type));
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Undefined where it is no JSON. NaN and the infinities, as Python prints them, are none: other parsers refuse them. */
function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(body)) as unknown;
  } catch {
    return undefined;
  }
}

const pathOf = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));

/** Undefined where there is nothing. */
function at(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    // Of a list only its positions: `length` is its own member, too.
    if (Array.isArray(found) && !/^(0|[1-9]\d*)$/.test(name)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[name];
  }
  return found;
}

const says = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && value !== '';

function isType(value: unknown, type: MemberType): boolean {
  if (value === undefined || value === null) return false;
  if (type === 'any') return true;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && !Array.isArray(value);
  return typeof value === type;
}
