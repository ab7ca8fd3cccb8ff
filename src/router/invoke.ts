import type { ModelRequest } from './request.ts';

/** Asks a SageMaker endpoint. Never rejects, and never waits longer than `timeoutMs`. */
export type InvokeModel = (
  endpoint: string,
  request: ModelRequest,
  timeoutMs: number,
) => Promise<ModelAnswer>;

export interface ModelClient {
  readonly invoke: InvokeModel;
  /** Makes ready what the first call would have to wait for, without asking a model. True where a connection stands. */
  readonly warm: () => Promise<boolean>;
}

export type ModelAnswer =
  | { readonly kind: 'answered'; readonly contentType: string; readonly body: Uint8Array }
  /** The model calls the request bad, by its own status from 400 to 499: the caller's mistake, as far as anybody can tell. */
  | {
      readonly kind: 'rejected';
      readonly status: number;
      readonly contentType: string;
      readonly body: Uint8Array;
    }
  | ModelFailure;

export interface ModelFailure {
  readonly kind: 'failed';
  readonly why: FailureReason;
  /** For the log. Holds nothing of the request or of the model's own words. */
  readonly detail: string;
  /** The model said so by a 4xx, as 429: SageMaker counts that among Invocation4XXErrors. */
  readonly is4xx?: true;
}

export type FailureReason =
  | 'model' /* the container answered with an error */
  | 'throttled'
  | 'not-ready' /* the endpoint is still starting */
  | 'timeout'
  | 'refused' /* AWS turned the call away: no such endpoint, no permission */
  | 'unavailable' /* AWS or the way there is broken */
  | 'too-large' /* the model answered more than Lambda returns */
  | 'router' /* a bug of the router's */;
