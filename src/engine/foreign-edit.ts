import type { Outcome } from '../domain/journal.ts';
import { type AliasTarget, targetText } from '../domain/route.ts';
import type { RolloutState } from './state.ts';

/**
 * All that this rollout ever pointed an alias at is home or was published by it. A watch points at nothing, and who goes
 * back to a version known good wants users away from whatever serves.
 */
export function isOurs(state: RolloutState, target: AliasTarget): boolean {
  const { strategy } = state.plan;
  if (strategy === 'watch' || strategy === 'rollback') return true;
  const ours = new Set([state.home.functionVersion, ...Object.values(state.published)]);
  return [target.functionVersion, ...Object.keys(target.weights)].every((version) => ours.has(version));
}

/** Somebody moved an alias by hand: mlreg stops there. */
export function foreignEdit(state: RolloutState): Outcome | undefined {
  // An alias that this rollout has not been seen to write reaches nobody yet: whatever it serves is about to be replaced.
  const edited = Object.keys(state.routes).find((name) => {
    const verified = state.aliases[name];
    return verified !== undefined && !isOurs(state, verified.target);
  });
  const target = edited === undefined ? undefined : state.aliases[edited]?.target;
  return edited === undefined || target === undefined ? undefined : movedByHand(state, edited, target);
}

/** How a rollout ends where an alias serves what it never wrote. */
export function movedByHand(state: RolloutState, alias: string, target: AliasTarget): Outcome {
  const at = `--environment ${state.plan.environment}`;
  return {
    kind: 'stuck',
    sentence:
      `alias ${alias} serves ${targetText(target)}, ` +
      'which this rollout never wrote: somebody moved it by hand. mlreg stopped and changed nothing more',
    mend: [`mlreg rollback ${at}`, `mlreg resume --adopt ${at}`],
  };
}
