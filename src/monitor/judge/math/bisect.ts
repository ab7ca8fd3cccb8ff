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
