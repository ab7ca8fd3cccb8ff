import type { EntryBody } from '../domain/journal.ts';
import { formatDuration } from '../domain/parse.ts';
import { UserError } from '../domain/user-error.ts';
import { PlatformError } from '../ports/platform.ts';
import { StoreDamaged } from '../ports/store.ts';
import type { RolloutState } from '../engine/state.ts';

/**
 * A store that does not answer, whose records can't be believed or are gone, or credentials that have expired, say nothing about the version on trial: they fail no gate.
 * The rollout stands where it is and goes on where they come back, as long as metrics may be unreadable.
 */
export function isOutage(error: unknown): error is Error {
  if (error instanceof StoreDamaged) return true;
  if (error instanceof UserError) return error.fault === 'unavailable';
  // Nothing else that a tick asks throws one: it answers with a failed step, or with metrics that are unreadable.
  return error instanceof PlatformError;
}

/**
 * At the limit of an outage users don't stay on a version that nobody may promote. What the registry calls champion stays;
 * dead credentials could not move the alias either.
 * @returns the entry that sends the rollout back; null where it stays as it is
 */
export function backAtLimit({ phase, committed, plan }: RolloutState, error: Error): EntryBody | null {
  // A rollback's own way back leads to the version that a person wants users away from.
  if (phase !== 'forward' || committed || ['watch', 'rollback'].includes(plan.strategy)) return null;
  if (error instanceof PlatformError && error.failure.kind === 'credentials') return null;
  const sentence = `the store could not be written for ${formatDuration(plan.unreadableMs)}: ${error.message}`;
  return { kind: 'rolling-back', cause: { kind: 'step-failed', sentence } };
}
