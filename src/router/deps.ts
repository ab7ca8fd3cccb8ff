import type { Environment } from './environment.ts';
import type { ModelClient } from './invoke.ts';
import type { ReadKeys } from './key-parameter.ts';
import type { ReceiptDeps } from './receipts/receipts.ts';
import type { SendCopy } from './shadow/copy.ts';

export interface HandlerDeps extends ReceiptDeps {
  readonly env: Environment;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds from any start; never runs back. */
  readonly monotonicMs: () => number;
  readonly client: ModelClient;
  /** To the shadow function `NAME:ALIAS`; asked for once, and only where the route has one. */
  readonly copiesTo: (target: string) => SendCopy;
  /** Reads the list of valid keys from this parameter; asked for once, and only where a parameter is configured. */
  readonly readsKeys: (parameter: string) => ReadKeys;
  /** Uniform in [0, 1). */
  readonly random: () => number;
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
