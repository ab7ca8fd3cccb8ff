import { createLimit } from '../domain/limit.ts';
import { later } from '../domain/units.ts';
import type { Clock } from '../ports/index.ts';
import { PlatformError } from '../ports/platform.ts';

export interface Patience {
  readonly atMostMs: number;
  /** Ends the sentence `after 60 s ...`: `function x is still being updated`. */
  readonly sentence: string;
  /** @default 200 */
  readonly firstMs?: number;
  /** @default 3000 */
  readonly longestMs?: number;
}

/**
 * Looks until it sees something; looks again ever less often.
 * @throws PlatformError `throttled` (again later) when patience ends
 */
export async function waitFor<T>(
  clock: Clock,
  patience: Patience,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const { atMostMs, sentence, firstMs = 200, longestMs = 3_000 } = patience;
  const isOver = createLimit(() => clock.now(), atMostMs);
  for (let pause = firstMs; ; pause = Math.min(pause * 2, longestMs)) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (isOver()) {
      throw new PlatformError({
        kind: 'throttled',
        message: `after ${Math.round(atMostMs / 1000)} s ${sentence}`,
      });
    }
    await clock.sleepUntil(later(clock.now(), pause));
  }
}
