import { json, refusal, type Answer } from './answers.ts';
import { letsIn } from './api-keys.ts';
import { readConfig, type RouterConfig } from './config.ts';
import { createCounters } from './counters.ts';
import type { HandlerDeps, LambdaContext } from './deps.ts';
import { createEmf } from './emf.ts';
import { createKeySource, type KeySource } from './key-source.ts';
import { createProbe, isProbe, type ProbeAnswer } from './probe.ts';
import { createRecommend, type Recorder } from './recommend.ts';
import { headerOf, isGatewayEvent, parseBody, pathOf, type GatewayEvent } from './request.ts';
import { type Copier, createCopier, type SendCopy } from './shadow/copy.ts';
import { createPlacement } from './placement.ts';
import { createReceipts } from './receipts/receipts.ts';
import { createTakeFeedback } from './take-feedback.ts';
import {
  createWarmUp,
  description,
  type Description,
  isDescribe,
  isWarmUp,
  type WarmAnswer,
} from './warm-up.ts';

export type Handler = (
  event: unknown,
  context?: LambdaContext,
) => Promise<Answer | WarmAnswer | Description | ProbeAnswer>;

/** The router: API Gateway payload format 2.0 in, its result out; or a warm-up event. */
export function createHandler(deps: HandlerDeps): Handler {
  const reading = readConfig(deps.env);
  if (reading.kind === 'wrong') return misconfigured(reading.why, deps);
  const { config } = reading;
  const send = sendCopyOf(config, deps);
  const keys = keySourceOf(config, deps);
  // Begun while the environment starts, so that the first request seldom waits for it.
  if (config.apiKeys.kind === 'parameter') void keys?.current();
  const warmUp = createWarmUp(config, { ...deps, send, keys });
  const probe = createProbe(config, deps);
  const respond = createResponder(config, deps, { copy: copierOf(config, deps, send), keys });

  return async (event, context) => {
    if (isWarmUp(event)) return warmUp(event);
    if (isDescribe(event)) return description;
    if (isProbe(event)) return probe();
    if (!isGatewayEvent(event))
      throw new Error('neither an HTTP API event of payload format 2.0 nor a warm-up');
    const requestId = requestIdOf(event, context);
    try {
      return await respond(event, requestId, context);
    } catch (error) {
      // A bug of ours. The caller gets the same plain answer as for anything else that breaks inside.
      deps.emit(
        JSON.stringify({ level: 'error', message: 'the router failed', requestId, why: stackOf(error) }),
      );
      return refusal(500, requestId, 'Internal Server Error');
    }
  };
}

function sendCopyOf({ serving }: RouterConfig, deps: HandlerDeps): SendCopy | undefined {
  const shadow = serving.kind === 'sticky' ? serving.route.shadow : undefined;
  return shadow && deps.copiesTo(shadow.function);
}

function copierOf({ serving }: RouterConfig, deps: HandlerDeps, send: SendCopy | undefined): Copier {
  if (serving.kind === 'weighted' || send === undefined) return async () => undefined;
  return createCopier(serving.route, { send, monotonicMs: deps.monotonicMs });
}

/** Undefined where no key is asked for. */
function keySourceOf({ apiKeys }: RouterConfig, deps: HandlerDeps): KeySource | undefined {
  switch (apiKeys.kind) {
    case 'none':
      return undefined;
    case 'frozen':
      return { current: async () => ({ kind: 'known', keys: apiKeys.keys }) };
    case 'parameter':
      return createKeySource(deps.readsKeys(apiKeys.name), deps);
  }
}

function createResponder(
  config: RouterConfig,
  deps: HandlerDeps,
  { copy, keys }: { readonly copy: Copier; readonly keys: KeySource | undefined },
): (event: GatewayEvent, requestId: string, context: LambdaContext | undefined) => Promise<Answer> {
  const emf = createEmf(config);
  const counters = createCounters(config, deps.environmentId, deps.now());
  const recorder: Recorder = (record) => {
    counters.request(record);
    deps.emit(emf.request(record));
  };
  const place = createPlacement(config.serving);
  const receipts = createReceipts(config, deps);
  // As with API keys: begun while the environment starts.
  receipts?.prepare();
  const recommend = createRecommend(config, deps, place, { record: recorder, copy, receipts });
  const { rollout, version } = servedBy(config);
  const refuse = (requestId: string, status: number, message: string): Answer => {
    counters.refused();
    deps.emit(emf.refusal({ at: deps.now(), version, rollout, requestId, status }));
    return refusal(status, requestId, message);
  };

  const feedback = createTakeFeedback(config, {
    place,
    rollout,
    receipts,
    refuse,
    now: deps.now,
    record: (record) => {
      counters.feedback(record);
      deps.emit(emf.feedback(record));
    },
  });

  return async (event, requestId, context) => {
    const path = pathOf(event);
    const method = event.requestContext.http.method;
    const wanted = methodOf(path, config);
    if (wanted === undefined) return refuse(requestId, 404, 'Not Found');
    if (method !== wanted) return refuse(requestId, 405, `${path} takes ${wanted}`);
    if (path === '/health') return json(200, requestId, health(config));
    if (keys !== undefined) {
      const current = await keys.current();
      // Not 401: the key may be valid, and a caller who is told otherwise throws it away.
      if (current.kind === 'unknown') return refuse(requestId, 503, 'Service Unavailable');
      if (!letsIn(current.keys, headerOf(event, 'x-api-key'))) return refuse(requestId, 401, 'Unauthorized');
    }
    if (path === '/metrics') return metrics(requestId, counters.text());
    if (path === '/feedback') return feedback(event, requestId);
    const body = parseBody(event);
    if (body.kind === 'refused') return refuse(requestId, body.status, body.message);
    return recommend(body, { event, requestId, context });
  };
}

/** Whose answers a caller would have got. */
function servedBy({ serving }: RouterConfig): { rollout: string | undefined; version: string } {
  return serving.kind === 'weighted'
    ? { rollout: undefined, version: serving.arm.version }
    : { rollout: serving.route.rollout, version: serving.route.champion.version };
}

function methodOf(path: string, config: RouterConfig): 'GET' | 'POST' | undefined {
  if (path === config.recommendPath || path === '/feedback') return 'POST';
  return path === '/health' || path === '/metrics' ? 'GET' : undefined;
}

function health({ serving }: RouterConfig): unknown {
  if (serving.kind === 'weighted') return { status: 'ok', routing: 'weighted', version: serving.arm.version };
  const { rollout, token, champion, challenger, percent, shadow } = serving.route;
  return {
    status: 'ok',
    routing: 'sticky',
    rollout,
    token,
    champion: champion.version,
    challenger: challenger?.version ?? null,
    percent,
    ...(shadow && { copies: shadow.sample }),
  };
}

function metrics(requestId: string, body: string): Answer {
  return {
    statusCode: 200,
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'x-request-id': requestId },
    body,
  };
}

function misconfigured(why: string, { emit }: HandlerDeps): Handler {
  return async (event, context) => {
    if (isDescribe(event)) return description;
    emit(
      JSON.stringify({ level: 'error', message: 'wrong configuration: every request is answered 500', why }),
    );
    // No gateway in between that would need an answer: whoever warms this version up must not take it for warm.
    if (!isGatewayEvent(event)) throw new Error(`wrong configuration: ${why}`);
    return refusal(500, requestIdOf(event, context), 'Internal Server Error');
  };
}

function requestIdOf(event: GatewayEvent, context: LambdaContext | undefined): string {
  return event.requestContext.requestId ?? context?.awsRequestId ?? 'unknown';
}

function stackOf(error: unknown): string {
  return (error as Error | undefined)?.stack ?? String(error);
}
