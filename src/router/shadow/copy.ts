import { Buffer } from 'node:buffer';
import type { AnswerContract } from '../../domain/answer-contract.ts';
import { acceptsJson, createAnswerCheck } from '../answer-contract.ts';
import { fractionOf } from '../arm.ts';
import type { Environment } from '../environment.ts';
import type { ModelAnswer } from '../invoke.ts';
import { createPoster, type Machine } from '../http-request.ts';
import type { ModelRequest } from '../request.ts';
import type { PublishedRoute } from '../route.ts';
import { serviceAddress } from '../service-address.ts';
import { mostEventBytes, type ShadowEvent } from './event.ts';

/** `paused`: those before failed, and callers aren't kept waiting for more of the same. */
export type CopyOutcome = Handed | 'too-large' | 'paused';
export type Handed = 'sent' | 'late' | 'refused';

/** Hands an event over to the shadow function, which answers nobody. Never rejects, never waits longer than `timeoutMs`. */
export type SendCopy = (event: string, timeoutMs: number) => Promise<Handed>;

/**
 * Lambda's Invoke of type Event.
 * @param target `NAME:ALIAS`
 */
export function createSendCopy(deps: Machine & { readonly env: Environment }, target: string): SendCopy {
  const [name, alias] = target.split(':');
  try {
    const poster = createPoster(
      serviceAddress(deps.env, 'lambda'),
      { headers: { 'x-amz-invocation-type': 'Event' }, query: `Qualifier=${alias}` },
      deps,
    );
    return async (event, timeoutMs) => {
      const reply = await poster.post(`/2015-03-31/functions/${name}/invocations`, event, timeoutMs);
      if (reply.kind === 'failed') return reply.why === 'timeout' ? 'late' : 'refused';
      return reply.status === 202 ? 'sent' : 'refused';
    };
  } catch {
    return async () => 'refused';
  }
}

export interface Copied {
  readonly requestId: string;
  readonly request: ModelRequest;
  readonly answer: ModelAnswer;
  readonly latencyMs: number;
  /** What is left of Lambda's own time limit. */
  readonly leftMs: number;
}

/** Undefined where the request isn't of the sample. */
export type Copier = (copied: Copied) => Promise<CopyOutcome | undefined>;

/** A caller waits no longer for a copy. Lambda takes an event over in some ten milliseconds. */
const mostWaitMs = 150;
const failuresInARow = 3;
const pauseMs = 10_000;

/**
 * Sends copies of a sample of the requests, with the champion's answers, and is awaited before the caller gets its own:
 * Lambda freezes what goes on after the return. A caller pays at most `mostWaitMs`, and after some failures in a row
 * nothing for a while.
 */
export function createCopier(
  route: PublishedRoute,
  deps: { readonly send: SendCopy; readonly monotonicMs: () => number },
): Copier {
  const { challenger, shadow, answers } = route;
  if (challenger === undefined || shadow === undefined) return async () => undefined;
  const check = createAnswerCheck(answers);
  let failures = 0;
  let pausedUntil = -Infinity;
  return async (copied) => {
    if (fractionOf(route.salt, copied.requestId) >= shadow.sample / 100) return undefined;
    if (deps.monotonicMs() < pausedUntil) return 'paused';
    const { accept } = copied.request;
    const { answer } = copied;
    const isBroken = answer.kind === 'answered' && check(answer, accept).broken !== undefined;
    const champion = isBroken ? ({ failure: 'contract' } as const) : championAnswer(answer, copied.latencyMs);
    const event = eventOf(copied, champion, {
      mlreg: 'shadow',
      rollout: route.rollout,
      requestId: copied.requestId,
      challenger,
      comparison: shadow.comparison,
      ...(answers !== undefined && { answers: contractFor(answers, accept) }),
    });
    if (event === undefined) return 'too-large';
    const handed = await deps.send(event, Math.max(1, Math.min(mostWaitMs, copied.leftMs)));
    failures = handed === 'sent' ? 0 : failures + 1;
    if (failures >= failuresInARow) pausedUntil = deps.monotonicMs() + pauseMs;
    return handed;
  };
}

/** What holds for the answer to a request: of one that asks for other types alone, JSON is not demanded. */
function contractFor({ json, ...others }: AnswerContract, accept: string | undefined): AnswerContract {
  const isDemanded = json === 'always' || (json !== undefined && acceptsJson(accept));
  return isDemanded ? { json, ...others } : others;
}

/** Undefined where Lambda would refuse it: what is surely too large isn't even spelled. */
function eventOf(
  { request, answer }: Copied,
  champion: ShadowEvent['champion'],
  known: Omit<ShadowEvent, 'body' | 'champion'>,
): string | undefined {
  const { body, contentType } = request;
  if (body.length + (answer.kind === 'answered' ? answer.body.byteLength : 0) > mostEventBytes)
    return undefined;
  const sent =
    typeof body === 'string'
      ? { body }
      : { body: Buffer.from(body).toString('base64'), isBase64Encoded: true as const };
  const event: ShadowEvent = {
    ...known,
    ...sent,
    ...(contentType !== 'application/json' && { contentType }),
    champion,
  };
  const text = JSON.stringify(event);
  return Buffer.byteLength(text) > mostEventBytes ? undefined : text;
}

function championAnswer(answer: ModelAnswer, latencyMs: number): ShadowEvent['champion'] {
  if (answer.kind === 'failed') return { failure: answer.why };
  // Neither version's answer to a bad request is worth comparing.
  if (answer.kind === 'rejected') return { failure: 'model' };
  const bytes = Buffer.from(answer.body.buffer, answer.body.byteOffset, answer.body.byteLength);
  return { answer: bytes.toString('base64'), latencyMs };
}
