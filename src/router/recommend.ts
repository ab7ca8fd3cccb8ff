import type { Answer } from './answers.ts';
import type { RouterConfig } from './config.ts';
import type { RequestRecord } from './emf.ts';
import type { HandlerDeps, LambdaContext } from './deps.ts';
import type { Place } from './placement.ts';
import type { Receipts } from './receipts/receipts.ts';
import type { GatewayEvent, ParsedBody } from './request.ts';
import { createRespond, type Responded } from './respond.ts';
import type { Copier } from './shadow/copy.ts';
import { userIdOf } from './user-id.ts';

export type Recorder = (record: RequestRecord) => void;

interface Call {
  readonly event: GatewayEvent;
  readonly requestId: string;
  readonly context: LambdaContext | undefined;
}

/** Left of the time limits for the answer and its metrics: a function that is killed reports neither. */
const reserveMs = 250;
/** An HTTP API gives its caller 503 after so long, whatever comes of the request later. */
const gatewayMs = 30_000;

/** Chooses the arm, asks its endpoint, and passes on what the model said. */
export function createRecommend(
  config: RouterConfig,
  deps: Pick<HandlerDeps, 'client' | 'now' | 'monotonicMs'>,
  place: Place,
  {
    record,
    copy,
    receipts,
  }: { readonly record: Recorder; readonly copy: Copier; readonly receipts: Receipts | undefined },
): (body: ParsedBody & { kind: 'body' }, call: Call) => Promise<Answer> {
  const { serving, userKey, invokeTimeoutMs } = config;
  const rollout = serving.kind === 'sticky' ? serving.route.rollout : undefined;
  const respond = createRespond(config);

  return async ({ request, json }, { event, requestId, context }) => {
    const cameAt = deps.now();
    const startedAt = deps.monotonicMs();
    const gatewayLeft = gatewayLeftOf(event, cameAt);
    const placement = place(userIdOf(userKey, event, json), event);
    const { name, arm, counted } = placement;
    const elapsed = (): number => rounded(deps.monotonicMs() - startedAt);
    const left = (): number =>
      Math.min(context?.getRemainingTimeInMillis?.() ?? Infinity, gatewayLeft - elapsed()) - reserveMs;
    /** Counted by what the caller gets, and never twice. */
    const counting = (
      { failure, refused, isJson, latencyMs }: Outcome,
      copied?: RequestRecord['copy'],
    ): void =>
      record({
        at: deps.now(),
        version: arm.version,
        arm: name,
        rollout,
        requestId,
        counted,
        latencyMs,
        throttled: failure?.why === 'throttled',
        failure,
        refused,
        isJson,
        copy: copied,
      });
    let outcome: Outcome | undefined;
    let answer: Answer;
    try {
      const timeoutMs = Math.max(1, Math.min(invokeTimeoutMs, left()));
      // Whatever comes of it is the caller's answer. A challenger that fails is not covered up by asking the champion:
      // its failures would vanish from the metrics, and the rollout would promote what the fallback carried.
      const said = await deps.client.invoke(arm.endpoint, request, timeoutMs);
      const latencyMs = elapsed();
      const copied = await copy({ requestId, request, answer: said, latencyMs, leftMs: left() });
      const responded = respond(said, { requestId, accept: request.accept }, placement);
      // Only what a model said can be right or wrong.
      const receipt =
        responded.answer.statusCode === 200 ? await receipts?.issue(placement, cameAt) : undefined;
      answer = receipt === undefined ? responded.answer : carrying(responded.answer, receipt);
      // How fast a request is called bad says nothing of how fast the model answers.
      const isAnswer = responded.failure === undefined && responded.refused === undefined;
      outcome = { ...responded, latencyMs: isAnswer ? latencyMs : undefined };
      counting(outcome, copied);
    } catch (error) {
      // A bug of ours is a failed request as well; where counting itself failed there is nothing to count with.
      if (outcome === undefined)
        counting({ failure: { why: 'router', detail: 'the router failed' }, refused: undefined });
      throw error;
    }
    return answer;
  };
}

interface Outcome extends Pick<Responded, 'failure' | 'refused' | 'isJson'> {
  /** Undefined where the caller got no answer from the model. */
  readonly latencyMs?: number | undefined;
}

const carrying = (answer: Answer, receipt: string): Answer => ({
  ...answer,
  headers: { ...answer.headers, 'x-mlreg-receipt': receipt },
});

/** How many milliseconds the gateway will still wait for an answer. */
function gatewayLeftOf({ requestContext }: GatewayEvent, now: number): number {
  const waited = now - (requestContext.timeEpoch ?? Number.NaN);
  // Two clocks that disagree say nothing.
  return waited >= 0 && waited < gatewayMs ? gatewayMs - waited : Infinity;
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
