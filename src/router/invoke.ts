/**
 * Asks a SageMaker endpoint. Never rejects, and never waits longer than `timeoutMs`.
 * @param body JSON text
 */
export type InvokeModel = (endpoint: string, body: string, timeoutMs: number) => Promise<ModelAnswer>;

export interface ModelClient {
  readonly invoke: InvokeModel;
  /** Makes ready what the first call would have to wait for, without asking a model. True where a connection stands. */
  readonly warm: () => Promise<boolean>;
}

export type ModelAnswer =
  | { readonly kind: 'answered'; readonly contentType: string; readonly body: Uint8Array }
  | ModelFailure;

export interface ModelFailure {
  readonly kind: 'failed';
  readonly why: FailureReason;
  /** For the log. Holds nothing of the request or of the model's own words. */
  readonly detail: string;
}

export type FailureReason =
  | 'model' /* the container answered with an error */
  | 'throttled'
  | 'not-ready' /* the endpoint is still starting */
  | 'timeout'
  | 'refused' /* AWS turned the call away: no such endpoint, no permission */
  | 'unavailable' /* AWS or the way there is broken */;
