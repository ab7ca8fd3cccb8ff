import type { ArmTick } from '../../../domain/observation.ts';
import type { JudgePolicy } from '../../../domain/policy.ts';

/**
 * The champion's ticks before the rollout without the requests of set-aside buckets. Those ticks were counted before
 * anything was set aside, so each is scaled by what the earlier counts by bucket say of the buckets that are kept; where
 * the ticks report `aside` themselves, they leave those requests out already.
 */
export function keptHistory({ history, users }: JudgePolicy): readonly ArmTick[] {
  if (!users || users.aside.length === 0 || users.earlier === null) return history;
  if (history.some((tick) => tick.aside !== undefined)) return history;
  const { id, requests, errors } = users.earlier;
  const aside = new Set(users.aside);
  const kept = (counts: readonly number[]): number => {
    const all = counts.reduce((sum, count) => sum + count, 0);
    const theirs = counts.reduce((sum, count, i) => sum + (aside.has(id[i]!) ? count : 0), 0);
    return all > 0 ? 1 - theirs / all : 1;
  };
  const [ofRequests, ofErrors] = [kept(requests), kept(errors)];
  return history.map((tick) => {
    const n = tick.requests * ofRequests;
    return { ...tick, requests: n, errors: Math.min(n, tick.errors * ofErrors) };
  });
}
