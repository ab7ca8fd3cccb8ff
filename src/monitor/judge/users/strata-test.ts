import { studentTail } from '../math/student-t.ts';
import type { UserMargin } from './counted.ts';

export const strataCount = 16;

/** Requests and bad ones of each arm by stratum (bucket modulo 16) in one segment. */
export interface SegmentStrata {
  readonly n0: readonly number[];
  readonly x0: readonly number[];
  readonly n1: readonly number[];
  readonly x1: readonly number[];
}

export interface StrataResult {
  readonly p: number;
  /** Excess of bad requests over the margin, weighted. */
  readonly excess: number;
  /** Strata of the challenger that have requests. */
  readonly occupied: number;
}

const fewestOccupied = 6;
const fewestFailing = 3;

/**
 * The gate where counts by bucket can't be read: is the challenger's excess over the margin more than chance between the
 * 16 strata? CR3 variance, Bell and McCaffrey's degrees of freedom (each arm's own, Welch and Satterthwaite's of both),
 * Student's t. p is 1 with fewer than six occupied strata in an arm, or bad requests in fewer than three of the challenger's.
 *
 *     D = sum_s (X1 N0 - ratio X0 N1 - difference N0 N1)/(N0 + N1)
 *     r1[k] = sum_s N0/(N0+N1) (x1k - X1 h1k)/(1 - h1k), h1k = n1k/N1;  r0[k] = sum_s ratio N1/(N0+N1) (x0k - X0 h0k)/(1 - h0k)
 *     V = K/(K-1) sum r[k]^2,  t = D/sqrt(V1 + V0)
 * Source: section 10.5 of the method.
 */
export function strataTest(
  segments: readonly SegmentStrata[],
  { ratio, difference }: UserMargin,
): StrataResult {
  const sums = segments
    .map((segment) => ({ ...segment, N0: sum(segment.n0), N1: sum(segment.n1) }))
    .filter(({ N0, N1 }) => N0 > 0 && N1 > 0);
  const occupied = [0, 1].map((arm) => occupiedOf(sums.map(({ n0, n1 }) => (arm === 0 ? n0 : n1))));
  const [k0, k1] = [occupied[0]!.length, occupied[1]!.length];
  const failing = Array.from({ length: strataCount }, (_, k) => sums.some(({ x1 }) => x1[k]! > 0));
  const excess = sums.reduce((total, { N0, N1, x0, x1 }) => {
    return total + (sum(x1) * N0 - ratio * sum(x0) * N1 - difference * N0 * N1) / (N0 + N1);
  }, 0);
  const shut = { p: 1, excess, occupied: k1 };
  if (!(excess > 0) || Math.min(k0, k1) < fewestOccupied) return shut;
  if (failing.filter(Boolean).length < fewestFailing) return shut;
  const challenger = armVariance(
    occupied[1]!,
    sums.map(({ N0, N1, n1, x1 }) => ({ n: n1, x: x1, total: N1, weight: N0 / (N0 + N1), scale: 1 })),
  );
  const champion = armVariance(
    occupied[0]!,
    sums.map(({ N0, N1, n0, x0 }) => ({ n: n0, x: x0, total: N0, weight: N1 / (N0 + N1), scale: ratio })),
  );
  if (challenger === null || champion === null) return shut;
  const variance = challenger.variance + champion.variance;
  if (!(variance > 0)) return shut;
  const dof =
    variance ** 2 /
    (challenger.variance ** 2 / challenger.degrees + champion.variance ** 2 / champion.degrees);
  return { p: studentTail(excess / Math.sqrt(variance), Math.max(1, dof)), excess, occupied: k1 };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function occupiedOf(segments: readonly (readonly number[])[]): readonly number[] {
  return Array.from({ length: strataCount }, (_, k) => k).filter((k) => segments.some((n) => n[k]! > 0));
}

interface ArmSegment {
  readonly n: readonly number[];
  readonly x: readonly number[];
  readonly total: number;
  /** The other arm's share of the segment's requests. */
  readonly weight: number;
  readonly scale: number;
}

/** CR3 variance and Bell and McCaffrey's degrees of freedom; null where one stratum has all the requests of a segment. */
function armVariance(
  strata: readonly number[],
  segments: readonly ArmSegment[],
): { readonly variance: number; readonly degrees: number } | null {
  const residuals = strata.map((k) =>
    segments.reduce((total, { n, x, total: all, weight, scale }) => {
      const leverage = n[k]! / all;
      if (leverage === 0) return total;
      return total + (scale * weight * (x[k]! - sum(x) * leverage)) / (1 - leverage);
    }, 0),
  );
  const exposures = strata.map((k) => segments.reduce((total, { n, weight }) => total + n[k]! * weight, 0));
  const all = sum(exposures);
  const g = exposures.map((exposure) => exposure / all);
  if (residuals.some((r) => !Number.isFinite(r)) || g.some((share) => share >= 1)) return null;
  const size = strata.length;
  const variance = (size / (size - 1)) * residuals.reduce((total, r) => total + r * r, 0);
  return { variance, degrees: bellMcCaffrey(g) };
}

/** (trace B)^2 / trace(B B), B[i][j] = c_i c_j ([i=j] g_i - g_i g_j), c = 1/(1 - g). */
function bellMcCaffrey(g: readonly number[]): number {
  const c = g.map((share) => 1 / (1 - share));
  let trace = 0;
  let square = 0;
  g.forEach((gi, i) => {
    g.forEach((gj, j) => {
      const b = c[i]! * c[j]! * ((i === j ? gi : 0) - gi * gj);
      if (i === j) trace += b;
      square += b * b;
    });
  });
  return square > 0 ? (trace * trace) / square : 1;
}
