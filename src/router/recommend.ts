import { Buffer } from 'node:buffer';
import { refusal, type Answer } from './answers.ts';
import { armOf } from './arm.ts';
import type { RouterConfig, Serving } from './config.ts';
import type { RequestRecord } from './emf.ts';
import type { HandlerDeps, LambdaContext } from './deps.ts';
import type { FailureReason, ModelAnswer } from './invoke.ts';
import { headerOf, userIdOf, type GatewayEvent, type ParsedBody } from './request.ts';
import type { Arm } from './route.ts';
import type { Copier } from './shadow/copy.ts';

export type Recorder = (record: RequestRecord) => void;

interface Call {
  readonly event: GatewayEvent;
  readonly requestId: string;
  readonly context: LambdaContext | undefined;
}

/** Left of Lambda's own time limit for the answer and its metrics: a function that is killed reports neither. */
const reserveMs = 250;

/** Chooses the arm, asks its endpoint, and passes on what the model said. */
export function createRecommend(
  config: RouterConfig,
  deps: Pick<HandlerDeps, 'client' | 'now' | 'monotonicMs'>,
  record: Recorder,
  copy: Copier,
): (body: ParsedBody & { kind: 'object' }, call: Call) => Promise<Answer> {
  const { serving, userKey, invokeTimeoutMs } = config;
  const rollout = serving.kind === 'sticky' ? serving.route.rollout : undefined;

  return async (body, { event, requestId, context }) => {
    const startedAt = deps.monotonicMs();
    const userId = userIdOf(body.value[userKey]) ?? userIdOf(headerOf(event, 'x-user-id'));
    const { name, arm } = choose(serving, userId);
    const left = (): number => (context?.getRemainingTimeInMillis?.() ?? Infinity) - reserveMs;
    const timeoutMs = Math.max(1, Math.min(invokeTimeoutMs, left()));
    // Whatever comes of it is the caller's answer. A challenger that fails is not covered up by asking the champion:
    // its failures would vanish from the metrics, and the rollout would promote what the fallback carried.
    const answer = await deps.client.invoke(arm.endpoint, body.text, timeoutMs);
    const latencyMs = rounded(deps.monotonicMs() - startedAt);
    const copied = await copy({ requestId, body: body.text, answer, latencyMs, leftMs: left() });
    record({
      at: deps.now(),
      version: arm.version,
      arm: name,
      rollout,
      requestId,
      latencyMs: answer.kind === 'answered' ? latencyMs : undefined,
      throttled: answer.kind === 'failed' && answer.why === 'throttled',
      noUserId: serving.kind === 'sticky' && userId === undefined,
      failure: answer.kind === 'failed' ? answer : undefined,
      copy: copied,
    });
    return respond(answer, requestId, { 'x-model-version': arm.version, 'x-mlreg-arm': name });
  };
}

function choose(serving: Serving, userId: string | undefined): { readonly name: string; readonly arm: Arm } {
  if (serving.kind === 'weighted') return { name: 'weighted', arm: serving.arm };
  const { champion, challenger, percent, salt } = serving.route;
  // Without a user's id it is the champion: an arm drawn per request would mix the arms within one visit.
  if (challenger && userId !== undefined && armOf(salt, percent, userId) === 'challenger') {
    return { name: 'challenger', arm: challenger };
  }
  return { name: 'champion', arm: champion };
}

function respond(answer: ModelAnswer, requestId: string, headers: Readonly<Record<string, string>>): Answer {
  if (answer.kind === 'failed') {
    const { status, message, retryAfter } = refusals[answer.why];
    return refusal(status, requestId, message, {
      ...headers,
      ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
    });
  }
  const { body, contentType } = answer;
  const all = { 'content-type': contentType, 'x-request-id': requestId, ...headers };
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (isText(contentType)) return { statusCode: 200, headers: all, body: bytes.toString('utf8') };
  return { statusCode: 200, headers: all, body: bytes.toString('base64'), isBase64Encoded: true };
}

const refusals: Readonly<Record<FailureReason, { status: 502 | 503; message: string; retryAfter?: string }>> =
  {
    model: { status: 502, message: 'the model failed' },
    refused: { status: 502, message: 'the model could not be asked' },
    unavailable: { status: 502, message: 'the model could not be reached' },
    timeout: { status: 503, message: 'the model did not answer in time' },
    throttled: { status: 503, message: 'too many requests for the model', retryAfter: '1' },
    'not-ready': { status: 503, message: 'the model is starting', retryAfter: '5' },
  };

function isText(contentType: string): boolean {
  return contentType.startsWith('application/json') || /^text\/|[/+]json\b|charset=utf-8/i.test(contentType);
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
