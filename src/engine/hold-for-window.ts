import { formatDuration } from '../domain/parse.ts';
import { type Instant, later } from '../domain/units.ts';
import { holdAt } from './decide-bake.ts';
import type { Decision } from './decision.ts';
import { localText, windowAt } from './deploy-window.ts';
import { currentStep, type RolloutState } from './state.ts';

const begins = 'outside the deploy window';

/** Why more users may not get the challenger now; null: they may, or a person gave a reason since the window closed. Pure. */
export function shutOut(state: RolloutState, now: Instant): string | null {
  const { plan, windowWaivedAt: waived } = state;
  if (plan.windows === undefined) return null;
  const found = windowAt(plan.windows, now);
  if (found.kind === 'open') return null;
  if (waived !== null && waived <= now && (found.since === null || waived >= found.since)) return null;
  const { reason, opens } = found;
  const why = reason === null ? begins : `${begins} (freeze: ${reason})`;
  return opens === null
    ? `${why}, and none follows`
    : `${why}, which opens ${localText(opens, plan.windows.timeZone)}`;
}

/**
 * Keeps the share while the window is shut: at the warm-up before each larger share, so that what has begun is finished.
 * Judging goes on, and `maxHold` limits it as any other hold. null: nothing to hold for.
 */
export function holdForWindow(state: RolloutState, now: Instant): Decision | null {
  if (state.plan.windows === undefined || state.committed || currentStep(state)?.kind !== 'warm-up')
    return null;
  const why = shutOut(state, now);
  if (why === null) {
    const wasHeld = state.heldSince !== null && state.heldWhy.startsWith(begins);
    return wasHeld
      ? {
          kind: 'record',
          entries: [{ kind: 'held', why: 'the deploy window holds it no longer', over: true }],
        }
      : null;
  }
  const limit = later(state.heldSince ?? now, state.plan.maxHoldMs);
  const found = windowAt(state.plan.windows, now);
  const isTooLate = found.kind === 'closed' && (found.opens === null || found.opens > limit);
  const after = isTooLate ? `; rolls back after ${formatDuration(state.plan.maxHoldMs)}` : '';
  return holdAt(
    state,
    now,
    state.heldSince,
    `${why}${after}; goes on at once with: mlreg promote --reason WHY`,
  );
}
