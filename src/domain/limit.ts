/** A step this long is a clock that was set, or a machine that slept: no call takes longer. */
const longestStepMs = 120_000;

/**
 * Whether so much time has passed while somebody looked again and again. A clock that is corrected between two looks neither
 * ends it at once nor makes it last for as long as the clock was wrong.
 * @param mostStepMs what the time between two looks counts at most
 * @returns to be asked at each look
 */
export function createLimit(
  now: () => number,
  ms: number,
  mostStepMs: number = longestStepMs,
): () => boolean {
  let last = now();
  let passedMs = 0;
  return () => {
    const at = now();
    passedMs += Math.min(Math.max(0, at - last), mostStepMs);
    last = at;
    return passedMs >= ms;
  };
}
