/** Beyond so many times what was seen no number of requests is advice. */
const mostTimes = 100;
const mostAtAll = 100_000;

/**
 * How many more requests would do, for people; empty where it can't be said.
 * @param need challenger requests still needed at the rates so far
 * @param seen challenger requests so far
 * @param say the number in words
 */
export function needText(need: number | null, seen: number, say: (need: number) => string): string {
  if (need === null) return '';
  return need > Math.max(mostAtAll, mostTimes * seen)
    ? ', and more requests of so few callers hardly prove it: other callers can, or a person decides'
    : say(need);
}
