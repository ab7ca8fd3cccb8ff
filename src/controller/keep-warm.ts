import { returnEndpointAfter, returnEndpointOf, type WarmKeeper } from '../runner/keep-warm.ts';
import type { RolloutPorts } from '../runner/ports.ts';
import type { RolloutState } from '../engine/state.ts';

/** How the controller keeps what users may return to warm. */
export interface KeepsWarm {
  readonly keeper: WarmKeeper;
  /** After a promotion. */
  readonly keepPreviousMs: number;
}

/** Also beside somebody who drives the rollout: two that keep an endpoint warm do no harm. */
export async function keepWarm(
  { store, clock }: Pick<RolloutPorts, 'store' | 'clock'>,
  { keeper, keepPreviousMs }: KeepsWarm,
  rollout: RolloutState | null,
): Promise<void> {
  if (!keeper.isDue()) return;
  const target =
    rollout !== null && rollout.outcome === null
      ? returnEndpointOf(rollout)
      : returnEndpointAfter(await store.versions(), clock.now(), keepPreviousMs);
  if (target !== null) keeper.keep(target);
}
