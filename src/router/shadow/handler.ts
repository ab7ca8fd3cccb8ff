import { Buffer } from 'node:buffer';
import { createAnswerCheck } from '../answer-contract.ts';
import type { Environment } from '../environment.ts';
import type { LambdaContext } from '../deps.ts';
import { createEmfLine, type EmfLine, type Metrics } from '../emf-line.ts';
import type { FailureReason, ModelAnswer, ModelClient } from '../invoke.ts';
import type { ModelRequest } from '../request.ts';
import { isWarmUp } from '../warm-up.ts';
import { at, compare, type Compared, textOf } from './compare.ts';
import { type ChampionAnswer, isShadowEvent, type ShadowEvent } from './event.ts';
import type { Seen } from './seen.ts';
import { readShadowConfig, type ShadowConfig } from './config.ts';

export interface ShadowDeps {
  readonly env: Environment;
  readonly now: () => number;
  readonly monotonicMs: () => number;
  readonly client: ModelClient;
  readonly seen: Seen;
  readonly emit: (line: string) => void;
}

/** Left of Lambda's own time limit for the metrics: a function that is killed reports none. */
const reserveMs = 500;

/**
 * The function that gets copies: asks the challenger each request once, compares, and says what came of it in one log
 * line. Nobody waits for it, so it throws only for what was no copy.
 */
export function createShadow(
  deps: ShadowDeps,
): (event: unknown, context?: LambdaContext) => Promise<{ readonly shadow: string }> {
  /** Read by the first event, for the bundle is loaded by functions that aren't this one. */
  let reading: { readonly config: ShadowConfig; readonly line: EmfLine } | undefined;
  const read = (): NonNullable<typeof reading> => {
    if (reading === undefined) {
      const config = readShadowConfig(deps.env);
      reading = { config, line: createEmfLine(config) };
    }
    return reading;
  };
  /** A connection of its own making isn't the challenger's latency. */
  let connecting: Promise<boolean> | undefined;
  const connected = (): Promise<boolean> => (connecting ??= deps.client.warm());

  return async (event, context) => {
    const { config, line } = read();
    if (isWarmUp(event)) {
      await connected();
      return { shadow: 'warm' };
    }
    if (!isShadowEvent(event)) throw new Error("no copy of the router's");
    const { version } = event.challenger;
    const { rollout, requestId } = event;
    const claim = await deps.seen.claim(`${rollout}/${requestId}`);
    if (claim !== true) {
      const shadow = claim === false ? 'duplicate' : 'unclaimed';
      const metrics: Metrics = claim === false ? { ShadowDuplicates: 1 } : { ShadowDropped: 1 };
      deps.emit(line(deps.now(), version, metrics, { rolloutId: rollout, requestId, shadow }));
      return { shadow };
    }
    await connected();
    const left = (context?.getRemainingTimeInMillis?.() ?? Infinity) - reserveMs;
    const startedAt = deps.monotonicMs();
    const answer = failing(
      await deps.client.invoke(
        event.challenger.endpoint,
        requestOf(event),
        Math.max(1, Math.min(config.invokeTimeoutMs, left)),
      ),
      event.answers,
    );
    const latencyMs = Math.round((deps.monotonicMs() - startedAt) * 1000) / 1000;
    const outcome = outcomeOf(event, answer);
    deps.emit(
      line(deps.now(), version, metricsOf(event.champion, answer, latencyMs, outcome), {
        rolloutId: rollout,
        requestId,
        ...wordsOf(event, answer, outcome),
      }),
    );
    return { shadow: outcome?.kind ?? 'failed' };
  };
}

type Answered =
  | Extract<ModelAnswer, { kind: 'answered' }>
  | { readonly kind: 'failed'; readonly why: FailureReason | 'contract'; readonly detail: string };

/**
 * A challenger that calls a request bad gives no answer to compare, as the champion's copy says of the champion. Neither
 * does one whose answer breaks the contract.
 */
function failing(answer: ModelAnswer, contract: ShadowEvent['answers']): Answered {
  if (answer.kind === 'rejected')
    return { kind: 'failed', why: 'model', detail: `the model's own status ${answer.status}` };
  if (answer.kind === 'failed' || contract === undefined) return answer;
  const { broken } = createAnswerCheck(contract)(answer, undefined);
  return broken === undefined ? answer : { kind: 'failed', why: 'contract', detail: broken };
}

function requestOf({ body, isBase64Encoded, contentType = 'application/json' }: ShadowEvent): ModelRequest {
  return { body: isBase64Encoded === true ? Buffer.from(body, 'base64') : body, contentType };
}

/** Null where one of the two did not answer. */
function outcomeOf({ champion, comparison }: ShadowEvent, answer: Answered): Compared | null {
  if ('failure' in champion || answer.kind === 'failed') return null;
  return compare(Buffer.from(champion.answer, 'base64'), answer.body, comparison);
}

/** Of both versions on the same requests: a request counts for both or for none. */
function metricsOf(
  champion: ChampionAnswer,
  answer: Answered,
  latencyMs: number,
  outcome: Compared | null,
): Metrics {
  const failed = answer.kind === 'failed' || outcome?.kind === 'garbage';
  return {
    ShadowRequests: 1,
    ShadowErrors: failed ? 1 : 0,
    ShadowThrottles: answer.kind === 'failed' && answer.why === 'throttled' ? 1 : 0,
    ShadowChampionErrors: 'failure' in champion ? 1 : 0,
    ShadowCompared: outcome?.kind === 'compared' ? 1 : 0,
    ShadowDisagreed: outcome?.kind === 'compared' && !outcome.agree ? 1 : 0,
    ...(!failed && { ShadowLatency: latencyMs }),
    ...('latencyMs' in champion && { ShadowChampionLatency: champion.latencyMs }),
    ...(outcome?.kind === 'compared' && { ShadowDistance: outcome.distance }),
  };
}

/** For those who read the log. `tag` is what a report looks for. */
function wordsOf(event: ShadowEvent, answer: Answered, outcome: Compared | null): object {
  const failure = (found: Pick<Extract<Answered, { kind: 'failed' }>, 'why' | 'detail'>): object => ({
    shadow: 'failed',
    failure: found.why,
    detail: found.detail,
  });
  if (answer.kind === 'failed') return failure(answer);
  switch (outcome?.kind) {
    case undefined:
      return { shadow: 'champion failed' };
    case 'garbage':
      return { shadow: 'failed', failure: 'garbage', detail: outcome.why };
    case 'incomparable':
      return { shadow: 'incomparable', detail: outcome.why };
    case 'compared': {
      if (outcome.agree) return { shadow: 'agrees' };
      const { direction, champion, challenger, distance } = outcome;
      return {
        shadow: 'differs',
        tag: differenceTag(event.rollout),
        difference: { direction, champion, challenger, distance, shown: shownOf(event) },
      };
    }
  }
}

export const differenceTag = (rollout: string): string => `mlreg shadow differs ${rollout}`;

/** Of the request only what the allow-list names, and of that no more than a few words. */
function shownOf({ body, comparison, contentType }: ShadowEvent): Record<string, string> {
  if (comparison.show.length === 0 || contentType !== undefined) return {};
  const request = JSON.parse(body) as unknown;
  return Object.fromEntries(
    comparison.show.flatMap((path) => {
      const found = at(request, path);
      return found === undefined ? [] : [[path, textOf(found)]];
    }),
  );
}
