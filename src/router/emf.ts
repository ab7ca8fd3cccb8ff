import type { RouterConfig } from './config.ts';
import { createEmfLine } from './emf-line.ts';
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
  readonly throttled: boolean;
  readonly noUserId: boolean;
  readonly failure: { readonly why: string; readonly detail: string } | undefined;
  /** What became of the shadow's copy; undefined where none was due. */
  readonly copy?: CopyOutcome | undefined;
}

export interface FeedbackRecord {
  readonly at: number;
  readonly version: string;
  readonly rollout: string | undefined;
  /** The request that the feedback is about. */
  readonly requestId: string;
  readonly value: number;
}

export interface Emf {
  readonly request: (record: RequestRecord) => string;
  readonly feedback: (record: FeedbackRecord) => string;
}

export function createEmf(config: RouterConfig): Emf {
  const line = createEmfLine(config);
  // No user's id, no body, no key in either: logs are kept longer and read by more people than requests are.
  return {
    request: (record) => {
      const { copy } = record;
      const metrics = {
        Requests: 1,
        // A throttled request is a failed one as well: its caller got a 503.
        Errors: record.failure ? 1 : 0,
        Throttles: record.throttled ? 1 : 0,
        ...(record.latencyMs !== undefined && { Latency: record.latencyMs }),
        ...(copy !== undefined && {
          ShadowSent: copy === 'sent' ? 1 : 0,
          ShadowDropped: copy === 'sent' ? 0 : 1,
        }),
      };
      return line(record.at, record.version, metrics, {
        rolloutId: record.rollout,
        arm: record.arm,
        requestId: record.requestId,
        noUserId: record.noUserId || undefined,
        failure: record.failure?.why,
        detail: record.failure?.detail,
        copy,
      });
    },
    feedback: (record) =>
      line(
        record.at,
        record.version,
        { Feedback: record.value },
        { rolloutId: record.rollout, requestId: record.requestId },
      ),
  };
}
