import { createLimit } from '../domain/limit.ts';
import { later } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import type { Clock } from '../ports/index.ts';

/** Beyond it somebody must be told; whoever rolls back has gone on without the store long before. */
const patienceMs = 8_000;
const longestPauseMs = 1_000;

/**
 * Waits ever longer between the tries of one write. Two writers that met once shall not meet again and again, so each has
 * pauses of its own.
 */
export function patience(
  clock: Clock,
  writer: string,
  environment: string,
): (why: Error | undefined) => Promise<void> {
  const isOver = createLimit(() => clock.now(), patienceMs);
  let pause = 20 + (Number.parseInt(writer.slice(0, 2), 16) % 32);
  return async (why) => {
    if (isOver()) throw why ?? busy(environment);
    await clock.sleepUntil(later(clock.now(), pause));
    pause = Math.min(pause * 2, longestPauseMs);
  };
}

export function busy(environment: string): UserError {
  return new UserError('unavailable', `others wrote to the store of ${environment} first, again and again`, {
    why: 'nothing was changed',
    mend: 'the same command again',
  });
}
