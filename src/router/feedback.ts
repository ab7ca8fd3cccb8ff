import type { Serving } from './config.ts';
import type { Place } from './placement.ts';
import { asId } from './user-id.ts';
import type { JsonObject } from './request.ts';
import { rawNumberAt } from './raw-number.ts';

export type Feedback =
  | { readonly kind: 'counts'; readonly version: string; readonly requestId: string; readonly value: number }
  /** In order, but of a version that doesn't serve here. */
  | { readonly kind: 'elsewhere'; readonly version: string }
  | { readonly kind: 'refused'; readonly message: string };

/** Says which model version a piece of feedback is about. */
export function readFeedback(
  body: JsonObject,
  serving: Serving,
  place: Place,
  event: Parameters<Place>[1],
): Feedback {
  const { requestId, modelVersion, value } = body.value;
  if (typeof requestId !== 'string' || requestId === '' || requestId.length > 128) {
    return refused('requestId must be the x-request-id of the answer, at most 128 characters');
  }
  const wrong = wrongValue(value);
  if (wrong !== undefined || typeof value !== 'number') return refused(wrong ?? mustBeNumber);
  if (modelVersion !== undefined && typeof modelVersion !== 'string')
    return refused('modelVersion must be a string');
  const version = modelVersion ?? derived(body, serving, (userId) => place(userId, event));
  if (version === undefined)
    return refused("modelVersion (the answer's x-model-version) or userId is needed");
  // Each version is a metric of its own that is paid for: no caller may invent them.
  if (!versions(serving).includes(version)) return { kind: 'elsewhere', version };
  return { kind: 'counts', version, requestId, value };
}

const mustBeNumber = 'value must be a number';

/** Why this is no value; undefined where it is one. The limit is CloudWatch's: it would drop the metric without a word. */
export const wrongValue = (value: unknown): string | undefined =>
  typeof value === 'number' && Math.abs(value) <= 2 ** 360 ? undefined : mustBeNumber;

/** By the rule that chose the arm, at today's percent: a version given is surer, for the share may have grown since. */
function derived(
  { text, value: { userId } }: JsonObject,
  serving: Serving,
  place: (userId: string) => ReturnType<Place>,
): string | undefined {
  if (serving.kind === 'weighted') return undefined;
  if (!serving.route.challenger) return serving.route.champion.version;
  const id = typeof userId === 'number' ? rawNumberAt(text, ['userId']) : userId;
  const known = typeof id === 'string' ? asId(id) : undefined;
  return known === undefined ? undefined : place(known).arm.version;
}

function versions(serving: Serving): readonly string[] {
  if (serving.kind === 'weighted')
    return [serving.arm.version, ...(serving.challenger ? [serving.challenger.version] : [])];
  const { champion, challenger } = serving.route;
  return challenger ? [champion.version, challenger.version] : [champion.version];
}

function refused(message: string): Feedback {
  return { kind: 'refused', message };
}
