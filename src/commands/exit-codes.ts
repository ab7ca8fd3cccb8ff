import type { Outcome } from '../domain/journal.ts';
import type { Fault } from '../domain/user-error.ts';
import { unreachable } from '../domain/units.ts';

/** Stable, and part of what users build on. */
export const exitCode = {
  done: 0,
  unexpected: 1,
  usage: 2,
  rolledBack: 3,
  credentials: 4,
  conflict: 5,
  notFinished: 6,
  stuck: 7,
  aborted: 9,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

export function exitCodeOfFault(fault: Fault): ExitCode {
  switch (fault) {
    case 'usage':
      return exitCode.usage;
    case 'credentials':
      return exitCode.credentials;
    case 'conflict':
      return exitCode.conflict;
    case 'unavailable':
      return exitCode.unexpected;
    default:
      return unreachable(fault);
  }
}

/** For whoever drove the rollout to its end. */
export function exitCodeOfOutcome(outcome: Outcome): ExitCode {
  switch (outcome.kind) {
    case 'succeeded':
      return exitCode.done;
    case 'rolled-back':
      if (outcome.cause.kind === 'credentials') return exitCode.credentials;
      return outcome.cause.kind === 'abort' ? exitCode.aborted : exitCode.rolledBack;
    case 'stuck':
      return exitCode.stuck;
    case 'restored':
      return exitCode.conflict;
    default:
      return unreachable(outcome);
  }
}
