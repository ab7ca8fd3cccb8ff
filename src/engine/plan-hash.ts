import { hash } from 'node:crypto';
import type { Plan } from '../domain/plan.ts';
import type { RolloutId } from '../domain/units.ts';

/**
 * What an approval is bound to, as hex SHA-256: this rollout, its whole plan (model, environment, versions, shares,
 * limits) and the artifact's digest. With the rollout in it an approval can't be used a second time.
 */
export function planHash(bound: {
  readonly rollout: RolloutId;
  readonly plan: Plan;
  readonly artifactDigest: string;
}): string {
  return hash('sha256', canonical(bound), 'hex');
}

/** JSON with sorted keys: a store may give them back in another order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
