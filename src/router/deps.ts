import type { Environment } from './config.ts';
import type { ModelClient } from './invoke.ts';

export interface HandlerDeps {
  readonly env: Environment;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds from any start; never runs back. */
  readonly monotonicMs: () => number;
  readonly client: ModelClient;
  /** One line to stdout. */
  readonly emit: (line: string) => void;
  readonly wait: (ms: number) => Promise<void>;
  /** Tells this execution environment from all others. */
  readonly environmentId: string;
}

/** What the router needs of Lambda's context; all of it may be missing. */
export interface LambdaContext {
  readonly awsRequestId?: string;
  readonly getRemainingTimeInMillis?: () => number;
}
