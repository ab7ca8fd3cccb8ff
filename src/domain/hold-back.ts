import { percent, type Percent } from './units.ts';

/** Users that a canary leaves with the champion until its last bake is over, percent. */
export const leastHeldBack = 2;
export const mostHeldBack = 5;

/**
 * A canary's shares where some users are held back: the last bake is at all but these, in the place of 100 %.
 * @returns null where a step between that and 100 % leaves no room for it
 */
export function sharesWithHoldBack(steps: readonly Percent[], held: Percent): readonly Percent[] | null {
  const most = percent(Math.round(100 * (100 - held)) / 100);
  const others = steps.filter((share) => share < 100 && share !== most);
  return others.some((share) => share > most) ? null : [...others, most];
}
