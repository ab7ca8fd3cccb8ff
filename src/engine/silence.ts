import type { Effect } from '../domain/journal.ts';
import type { RolloutState } from './state.ts';

/**
 * An owner writes nothing while one call is under way. So long may it take, ms: what an adapter waits for at most
 * (`waitFor`), or two requests of 90 s. An alias is written within seconds.
 */
const callMs: Readonly<Record<Effect['kind'], number>> = {
  'ensure-endpoint': 60_000,
  publish: 300_000,
  smoke: 180_000,
  'warm-up': 180_000,
  retire: 120_000,
  report: 60_000,
  notify: 60_000,
  'set-alias': 0,
  'swap-stage': 0,
};

/** How long an owner may show no sign of life before it counts as dead, ms. */
export function silenceLimitMs(state: Pick<RolloutState, 'openIntent'> | null, usualMs: number): number {
  const effect = state?.openIntent?.effect;
  return effect === undefined ? usualMs : Math.max(usualMs, callMs[effect.kind]);
}
