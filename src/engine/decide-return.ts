import type { EntryBody } from '../domain/journal.ts';
import { formatDuration } from '../domain/parse.ts';
import type { Instant } from '../domain/units.ts';
import type { Decision } from './decision.ts';
import { type RolloutState, stepsToRepublish } from './state.ts';

/** Users wait while a version is published anew. */
const republishWithinMs = 120_000;

/**
 * A rollback that publishes a version anew, for its API keys, leaves that out at the first failure: the recorded Lambda
 * version is there, and users are waiting. Null: it goes on.
 */
export function returnInstead({ plan, step, tries, startedAt }: RolloutState, now: Instant): Decision | null {
  const { republishes, returnsTo } = plan;
  const first = stepsToRepublish(plan);
  if (republishes === undefined || returnsTo === undefined || step >= first) return null;
  const failed = Object.entries(tries).find(([key]) => !key.startsWith('set-alias'))?.[1].error;
  const isLate = now - startedAt >= republishWithinMs;
  const why = failed ?? (isLate ? `it took longer than ${formatDuration(republishWithinMs)}` : undefined);
  if (why === undefined) return null;
  const note = `not published anew: ${why}. Lambda version ${returnsTo.functionVersion} ${republishes}`;
  const entries = Array.from({ length: first - step }, (_, index): EntryBody => {
    const isLast = step + index === first - 1;
    const text = index === 0 ? note : 'left out';
    return { kind: 'step-done', step: step + index, note: text, ...(isLast ? { returns: true } : {}) };
  });
  return { kind: 'record', entries };
}
