import type { ArmTick } from '../../../domain/observation.ts';
import type { JudgePolicy } from '../../../domain/policy.ts';

/**
 * The champion's ticks before the rollout without the requests of set-aside buckets. The list is younger than those ticks,
 * so each is scaled, whole, by what the earlier counts by bucket say of the buckets that are kept.
 */
export function keptHistory({ history, users }: JudgePolicy): readonly ArmTick[] {
  if (!users || users.aside.length === 0 || users.earlier === null) return history;
  const { id, requests, errors } = users.earlier;
  const aside = new Set(users.aside);
  const kept = (counts: readonly number[]): number => {
    const all = counts.reduce((sum, count) => sum + count, 0);
    const theirs = counts.reduce((sum, count, i) => sum + (aside.has(id[i]!) ? count : 0), 0);
    return all > 0 ? 1 - theirs / all : 1;
  };
  const [ofRequests, ofErrors] = [kept(requests), kept(errors)];
  return history.map(({ aside: before, ...tick }) => {
    const n = (tick.requests + (before?.requests ?? 0)) * ofRequests;
    return { ...tick, requests: n, errors: Math.min(n, (tick.errors + (before?.errors ?? 0)) * ofErrors) };
  });
}
