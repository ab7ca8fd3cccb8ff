/**
 * The point between `inside` and `outside` where `holds` turns from true to false, by bisection until the two ends
 * are neighbours as far as doubles go. `holds(inside)` is taken for granted.
 */
export function boundary(inside: number, outside: number, holds: (at: number) => boolean): number {
  let good = inside;
  let bad = outside;
  for (let i = 0; i < 200; i++) {
    const middle = good + (bad - good) / 2;
    if (middle === good || middle === bad) break;
    if (holds(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/**
 * About the least value from `from` (above 0) to `most` from which `holds` is true, to some 5 %: doubling, then halving
 * the last step. Null where it isn't true at `most`.
 */
export function aboutLeast(from: number, most: number, holds: (at: number) => boolean): number | null {
  if (holds(from)) return from;
  let high = from * 2;
  while (high < most && !holds(high)) high *= 2;
  if (high >= most && !holds(most)) return null;
  let low = high / 2;
  for (let i = 0; i < 4; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return Math.min(high, most);
}
