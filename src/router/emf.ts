import type { RouterConfig } from './config.ts';
import { stratumValue } from '../domain/stratum.ts';
import { createEmfLine } from './emf-line.ts';
import type { Counted } from './placement.ts';
import type { Receipt } from './receipts/receipt.ts';
import type { CopyOutcome } from './shadow/copy.ts';

/** One request that reached a model, or was to. */
export interface RequestRecord {
  readonly at: number;
  readonly version: string;
  readonly arm: string;
  readonly rollout: string | undefined;
  readonly requestId: string;
  /** Undefined where the caller got no answer from the model. */
  readonly latencyMs: number | undefined;
  readonly counted: Counted;
  readonly throttled: boolean;
  readonly failure: { readonly why: string; readonly detail: string; readonly is4xx?: true } | undefined;
  /** The model's own status where it called the request bad: no failure, and counted apart. */
  readonly refused?: number | undefined;
  /** Whether the model's answer is JSON; undefined where nobody expected that. */
  readonly isJson?: boolean | undefined;
  /** What became of the shadow's copy; undefined where none was due. */
  readonly copy?: CopyOutcome | undefined;
}

export interface FeedbackRecord {
  /** By receipt when the request came, otherwise when the feedback came. */
  readonly at: number;
  readonly version: string;
  readonly rollout: string | undefined;
  /** The request that the feedback is about, as its caller says; a receipt needs none. */
  readonly requestId?: string;
  readonly value: number;
  /** What the receipt says of the answer, where one was given, and when it was given. */
  readonly receipt?: Receipt & { readonly givenAt: number };
}

/** A request that the router turned away before any model was asked. */
export interface RefusalRecord {
  readonly at: number;
  readonly version: string;
  readonly rollout: string | undefined;
  readonly requestId: string;
  /** What the caller got, 400 to 499. */
  readonly status: number;
}

export interface Emf {
  readonly request: (record: RequestRecord) => string;
  readonly refusal: (record: RefusalRecord) => string;
  readonly feedback: (record: FeedbackRecord) => string;
}

export function createEmf(config: RouterConfig): Emf {
  const line = createEmfLine(config);
  // No user's id, no body, no key in either: logs are kept longer and read by more people than requests are.
  return {
    request: (record) => {
      const { copy, counted } = record;
      const { bucket } = counted;
      const errors = record.failure ? 1 : 0;
      const compared = counted.as === 'compared';
      const metrics = {
        ...(counted.as === 'aside' && { AsideErrors: errors }),
        ...(counted.as === 'anonymous' && { AnonymousErrors: errors }),
        ...(counted.as === 'tester' && {
          TesterErrors: errors,
          TesterEndpointErrors: record.failure?.why === 'model' && record.failure.is4xx !== true ? 1 : 0,
        }),
        // A throttled request is a failed one as well: its caller got a 503.
        ...(compared && { Requests: 1, Errors: errors, Throttles: record.throttled ? 1 : 0 }),
        ...(compared && record.latencyMs !== undefined && { Latency: record.latencyMs }),
        ...(compared && record.refused !== undefined && { Refused: 1 }),
        ...(compared && record.isJson !== undefined && { NotJson: record.isJson ? 0 : 1 }),
        ...(bucket !== undefined && { Stratum: stratumValue(bucket, errors === 1) }),
        ...(copy !== undefined && {
          ShadowSent: copy === 'sent' ? 1 : 0,
          ShadowDropped: copy === 'sent' ? 0 : 1,
        }),
      };
      return line(record.at, record.version, metrics, {
        // No metrics of a request that isn't compared, but members all the same: counts by bucket are of every request.
        ...(!compared && { Errors: errors, Latency: record.latencyMs }),
        rolloutId: record.rollout,
        arm: record.arm,
        requestId: record.requestId,
        bucket,
        aside: counted.as === 'aside' || undefined,
        anonymous: counted.as === 'anonymous' || undefined,
        tester: counted.as === 'tester' || undefined,
        failure: record.failure?.why,
        detail: record.failure?.detail,
        status: record.refused,
        copy,
      });
    },
    refusal: (record) =>
      line(
        record.at,
        record.version,
        { RouterRefused: 1 },
        { rolloutId: record.rollout, requestId: record.requestId, status: record.status },
      ),
    feedback: ({ at, version, rollout, requestId, value, receipt }) =>
      line(
        at,
        version,
        { Feedback: value },
        {
          rolloutId: rollout,
          requestId,
          // Of an object of its own: `arm` and `bucket` beside it would make the line one of the requests that are counted.
          ...(receipt && {
            kind: 'feedback',
            feedback: {
              at,
              givenAt: receipt.givenAt,
              arm: receipt.arm,
              version,
              bucket: receipt.bucket,
              nonce: receipt.nonce,
              value,
            },
          }),
        },
      ),
  };
}
