import type { RouterConfig } from './config.ts';
import type { HandlerDeps } from './deps.ts';

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
  /** Different answers hold different environments: so many are warm. */
  readonly environmentId: string;
}

const longestHoldMs = 25_000;

export function isWarmUp(event: unknown): event is WarmUp {
  return (event as Partial<WarmUp> | null | undefined)?.mlreg === 'warm';
}

/** Asks no model and counts nowhere. */
export function createWarmUp(
  { serving }: RouterConfig,
  deps: Pick<HandlerDeps, 'client' | 'wait' | 'environmentId'>,
): (event: WarmUp) => Promise<WarmAnswer> {
  const route = serving.kind === 'sticky' ? serving.route : undefined;
  const arm = serving.kind === 'sticky' ? serving.route.champion : serving.arm;
  return async ({ holdMs }) => {
    const hold =
      typeof holdMs === 'number' && holdMs > 0 ? deps.wait(Math.min(holdMs, longestHoldMs)) : undefined;
    const [connected] = await Promise.all([deps.client.warm(), hold]);
    return {
      warm: true,
      version: arm.version,
      rollout: route?.rollout ?? null,
      token: route?.token ?? null,
      connected,
      environmentId: deps.environmentId,
    };
  };
}
