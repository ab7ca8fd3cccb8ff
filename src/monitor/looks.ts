import type { RolloutId } from '../domain/units.ts';
import type { Metrics } from '../ports/index.ts';
import { createLooks, type Looks } from './finality.ts';

/**
 * Looks live as long as the connection they were made through. A process that takes a rollout up begins without: it
 * waits for `settle` once more before a tick is final, and comes to the same table.
 */
const known = new WeakMap<Metrics, Map<RolloutId, Looks>>();

const mostRollouts = 100;

export function looksAt(metrics: Metrics, rollout: RolloutId): Looks {
  let ofMetrics = known.get(metrics);
  if (ofMetrics === undefined) known.set(metrics, (ofMetrics = new Map<RolloutId, Looks>()));
  let looks = ofMetrics.get(rollout);
  if (looks === undefined) {
    if (ofMetrics.size >= mostRollouts) ofMetrics.clear();
    ofMetrics.set(rollout, (looks = createLooks()));
  }
  return looks;
}
