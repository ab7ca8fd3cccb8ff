import { Buffer } from 'node:buffer';
import { quotable } from '../domain/aws-words.ts';
import type { ModelAnswer, ModelFailure } from './invoke.ts';

const throttles = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'SlowDown',
]);

/**
 * One of SageMaker runtime's errors (REST JSON): the name is in `x-amzn-errortype` or in the body's `__type`.
 * @param body the error's JSON text
 */
export function classify(
  status: number,
  errorType: string | undefined,
  body: string,
): Exclude<ModelAnswer, { kind: 'answered' }> {
  const error = members(body);
  const name = plainName(errorType ?? error.__type ?? error.code);
  const detail = `${status} ${name === '' ? 'without a name' : name}`;
  if (status === 424 || name === 'ModelError') {
    const original = Number(error.OriginalStatusCode);
    if (original >= 400 && original < 500 && !ofTheModel.has(original))
      return rejected(original, error.OriginalMessage ?? '');
    const own = failed('model', `${detail}, the model's own status ${error.OriginalStatusCode ?? 'unknown'}`);
    return ofTheModel.has(original) ? { ...own, is4xx: true } : own;
  }
  if (name === 'ModelNotReadyException') return failed('not-ready', detail);
  if (status === 429 || throttles.has(name)) return failed('throttled', detail);
  if (status >= 500) return failed('unavailable', detail);
  // AWS's own words name endpoint, role and action, which is what a person has to fix. Those of a wrong signature hold
  // the session token, so only sentences that are known go into the log.
  const words = quotable(error.message ?? error.Message ?? '');
  return failed('refused', words === null ? detail : `${detail}: ${words}`);
}

/** 4xx by which a model says that it is itself in trouble: late, or too busy. */
const ofTheModel = new Set([408, 425, 429, 499]);

/** SageMaker keeps the model's own words, but neither their type nor more than the first 1,024 characters. */
function rejected(status: number, words: string): Extract<ModelAnswer, { kind: 'rejected' }> {
  const contentType = isJson(words) ? 'application/json' : 'text/plain; charset=utf-8';
  return { kind: 'rejected', status, contentType, body: Buffer.from(words) };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export function failed(why: ModelFailure['why'], detail: string): ModelFailure {
  return { kind: 'failed', why, detail };
}

interface ErrorBody {
  readonly __type?: string;
  readonly code?: string;
  readonly message?: string;
  readonly Message?: string;
  readonly OriginalStatusCode?: string;
  readonly OriginalMessage?: string;
}

/** Only strings and numbers, as strings: this comes from outside. */
function members(text: string): ErrorBody {
  try {
    const value = JSON.parse(text) as Record<string, unknown> | null;
    return Object.fromEntries(
      Object.entries(value ?? {}).flatMap(([key, member]) =>
        typeof member === 'string' || typeof member === 'number' ? [[key, String(member)]] : [],
      ),
    );
  } catch {
    return {};
  }
}

/** `com.amazonaws.x#ThrottlingException:http://...` -> `ThrottlingException`. */
function plainName(name: string | undefined): string {
  return (name ?? '').split(':')[0]?.split('#').at(-1)?.trim() ?? '';
}
