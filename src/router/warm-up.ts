import type { RouterConfig } from './config.ts';
import type { HandlerDeps } from './deps.ts';
import type { KeySource } from './key-source.ts';
import type { Handed, SendCopy } from './shadow/copy.ts';

/** Sent by a direct invoke, never through the gateway. */
export interface WarmUp {
  readonly mlreg: 'warm';
  /** Stay busy so long, in milliseconds: Lambda starts one more environment for each warm-up that runs meanwhile. */
  readonly holdMs?: number;
}

export interface WarmAnswer {
  readonly warm: true;
  /** The version that answers, the champion's under sticky routing. */
  readonly version: string;
  readonly rollout: string | null;
  readonly token: number | null;
  /** Whether the connection to SageMaker stands. */
  readonly connected: boolean;
  /** Whether the shadow function takes copies; undefined where none are sent. */
  readonly copies?: Handed;
  /** Whether callers' keys can be checked; undefined where none are asked for. */
  readonly keys?: 'known' | 'unavailable' | 'refused';
  /** Different answers hold different environments: so many are warm. */
  readonly environmentId: string;
}

/** What a router of this version can be asked to do. An older one does not know the question. */
export interface Description {
  readonly router: 'mlreg';
  /**
   * `buckets-1`: routes with `assign` and `aside`. `answers-1`: routes, and weighted versions, with a contract. `testers-1`:
   * with testers. `generations-1`: versions with a generation, as `v2.3.0#2`. `receipts-1`: routes, and weighted versions, with receipts.
   */
  readonly understands: readonly string[];
}

/** Asked of code that may have no route yet, so that no configuration is needed. */
export function isDescribe(event: unknown): event is { readonly mlreg: 'describe' } {
  return (event as { readonly mlreg?: unknown } | null | undefined)?.mlreg === 'describe';
}

export const description: Description = {
  router: 'mlreg',
  understands: ['buckets-1', 'answers-1', 'testers-1', 'generations-1', 'receipts-1'],
};

const longestHoldMs = 25_000;
/** Nobody waits for it but mlreg. */
const copyWithinMs = 5_000;

export function isWarmUp(event: unknown): event is WarmUp {
  return (event as Partial<WarmUp> | null | undefined)?.mlreg === 'warm';
}

/** Asks no model and counts nowhere. */
export function createWarmUp(
  { serving }: RouterConfig,
  deps: Pick<HandlerDeps, 'client' | 'wait' | 'environmentId'> & {
    readonly send: SendCopy | undefined;
    readonly keys: KeySource | undefined;
  },
): (event: WarmUp) => Promise<WarmAnswer> {
  const route = serving.kind === 'sticky' ? serving.route : undefined;
  const arm = serving.kind === 'sticky' ? serving.route.champion : serving.arm;
  return async ({ holdMs }) => {
    const hold =
      typeof holdMs === 'number' && holdMs > 0 ? deps.wait(Math.min(holdMs, longestHoldMs)) : undefined;
    // The shadow function is warmed by the same event as this one.
    const copying = deps.send?.(JSON.stringify({ mlreg: 'warm' } satisfies WarmUp), copyWithinMs);
    const [connected, copies, keys] = await Promise.all([
      deps.client.warm(),
      copying,
      deps.keys?.current(),
      hold,
    ]);
    return {
      warm: true,
      version: arm.version,
      rollout: route?.rollout ?? null,
      token: route?.token ?? null,
      connected,
      ...(copies !== undefined && { copies }),
      ...(keys !== undefined && {
        keys: keys.kind === 'known' ? 'known' : keys.passing ? 'unavailable' : 'refused',
      }),
      environmentId: deps.environmentId,
    };
  };
}
