import { betSizes } from '../evidence/grids.ts';
import { expectedShare } from '../evidence/margin.ts';
import { logBeta } from '../math/log-beta.ts';
import { normalTail, normalUpperQuantile } from '../math/normal.ts';

/** A supposed regression of a share, and the traffic that is to show it. Rates are shares, traffic is per tick. */
export interface ShareCase {
  readonly p0: number;
  readonly p1: number;
  readonly n0: number;
  readonly n1: number;
  /** Rollback margin as one ratio. */
  readonly rho: number;
  /** log of the evidence the metric must reach alone, 2/(alpha v_m). */
  readonly logThreshold: number;
  /** p-value that one planned look asks for; null without looks. */
  readonly lookLevel: number | null;
  /** With the champion's history the looks begin sooner. */
  readonly history: boolean;
  /** The first look waits for so many times what it needs: 1 unless given. */
  readonly lookFactor?: number;
}

export interface Detection {
  /** That the regression is caught within the bake, 0 to 1. */
  readonly probability: number;
  /** Until it is; null where it is not to be expected at all. */
  readonly expectedTicks: number | null;
}

export const never: Detection = { probability: 0, expectedTicks: null };

/** An endless bake, in ticks: square roots of it stay exact enough. */
const longest = 1e9;

/** About two of the eight bet sizes share a good bet's growth; half of the reserve is staked at the first tick. */
const stakeOfBestBet = 0.5 / 4;

/**
 * How likely the comparison of shares catches a regression. An approximation, for planning:
 *
 * - the sequential lane as a Brownian motion with the drift and variance of the best bet size's logarithm (Wald;
 *   the first passage has an inverse Gaussian distribution),
 * - the last planned look as a normal test of the challenger's share of the bad requests,
 *
 * and of the two the likelier, for they see the same requests. Within about 0.1 of simulations where a tick has
 * traffic and the bake some ten ticks.
 * Source: section 13 of the method.
 */
export function shareDetection(it: ShareCase): (ticks: number) => Detection {
  const shares = sharesOfBad(it);
  if (shares === null) return () => never;
  const limit = limitOf(it);
  const growths = tickGrowths(shares.bad, shares.theta0, shares.theta1);
  const look = lookOf(it, shares);
  return (asked) => {
    const ticks = Math.min(asked, longest);
    if (!(ticks > 0)) return never;
    const lanes = growths.map(({ drift, variance }) => firstPassage(drift, variance, limit, ticks));
    return [...lanes, lookedAt(it, look, ticks) ?? never].reduce(likelier);
  };
}

const limitOf = ({ logThreshold, history }: ShareCase): number =>
  logThreshold - Math.log((history ? 0.4 : 0.6) * stakeOfBestBet);

interface BadShares {
  /** Bad requests a tick. */
  readonly bad: number;
  /** The challenger's share of them at the margin, and as supposed. */
  readonly theta0: number;
  readonly theta1: number;
}

/** Null: nothing could be seen. */
function sharesOfBad(it: ShareCase): BadShares | null {
  const bad = it.n0 * it.p0 + it.n1 * it.p1;
  const theta0 = expectedShare(it.n1 / (it.n0 + it.n1), it.rho);
  const theta1 = bad > 0 ? (it.n1 * it.p1) / bad : 0;
  return bad > 0 && theta0 > 0 && theta0 < 1 && theta1 > theta0 ? { bad, theta0, theta1 } : null;
}

/** A share at which the same regression has been on trial for so many ticks. */
export interface Trial extends ShareCase {
  readonly ticks: number;
}

/**
 * The chance that it is caught by the end of the last of several shares: evidence carries over from one to the next. Margin,
 * thresholds and history are the last one's. The same approximation.
 */
export function caughtAlong(trials: readonly Trial[]): number {
  const last = trials.at(-1);
  if (last === undefined) return 0;
  const limit = limitOf(last);
  const walks = betSizes.map(() => ({ drift: 0, variance: 0 }));
  const look = { perTick: 0, shift: 0, variance: 0 };
  for (const trial of trials) {
    const shares = sharesOfBad({ ...trial, rho: last.rho });
    const ticks = Math.min(trial.ticks, longest);
    if (shares === null || !(ticks > 0)) continue;
    tickGrowths(shares.bad, shares.theta0, shares.theta1).forEach(({ drift, variance }, i) => {
      walks[i]!.drift += drift * ticks;
      walks[i]!.variance += variance * ticks;
    });
    const seen = lookOf(trial, shares);
    look.perTick += seen.perTick * ticks;
    look.shift += seen.shift * ticks;
    look.variance += seen.variance * ticks;
  }
  const byWalk = walks.map(({ drift, variance }) =>
    variance > 0 ? firstPassage(drift, variance, limit, 1).probability : 0,
  );
  return Math.max(...byWalk, lookedAt(last, look, 1)?.probability ?? 0);
}

/** Of two ways to be caught by the same requests, the likelier, and the sooner. */
export function likelier(a: Detection, b: Detection): Detection {
  const soonest = Math.min(a.expectedTicks ?? Infinity, b.expectedTicks ?? Infinity);
  return {
    probability: Math.max(a.probability, b.probability),
    expectedTicks: Number.isFinite(soonest) ? soonest : null,
  };
}

/** How likely a guardrail of limit tau catches a challenger that fails at the rate p1 > tau; the same approximation. */
export function detectBreach(it: {
  readonly p1: number;
  readonly tau: number;
  readonly n1: number;
  readonly ticks: number;
  readonly logThreshold: number;
  readonly tempering: number;
}): Detection {
  const ticks = Math.min(it.ticks, longest);
  if (!(it.p1 > it.tau && it.n1 > 0 && ticks > 0)) return never;
  const p = Math.min(it.p1, 1 - 1e-9);
  const up = Math.log(p / it.tau);
  const down = Math.log((1 - p) / (1 - it.tau));
  const drift = (it.n1 * (p * up + (1 - p) * down)) / it.tempering;
  const variance = (it.n1 * p * (1 - p) * (up - down) ** 2) / it.tempering ** 2;
  // Half of the guardrail's evidence, and about a third of the grid, bets on the right odds.
  return firstPassage(drift, variance, it.logThreshold - Math.log((0.5 * 0.5) / 3), ticks);
}

interface Growth {
  readonly drift: number;
  readonly variance: number;
}

/** For each bet size, log(1 + f(S/theta0 - 1)) of a tick whose bad requests are Poisson with mean `bad`. */
function tickGrowths(bad: number, theta0: number, theta1: number): readonly Growth[] {
  const some = -Math.expm1(-bad);
  const size = bad / some;
  if (size > 30) return betSizes.map((f) => growthOfMany(f, size, theta0, theta1));
  const shares = sharesOf(size, theta1);
  return betSizes.map((f) => {
    let mean = 0;
    let square = 0;
    for (const { share, chance } of shares) {
      const gain = Math.log1p(f * (share / theta0 - 1));
      mean += some * chance * gain;
      square += some * chance * gain * gain;
    }
    return { drift: mean, variance: Math.max(1e-12, square - mean * mean) };
  });
}

/** With many bad requests in each tick, the challenger's share of them is nearly normal. */
function growthOfMany(f: number, size: number, theta0: number, theta1: number): Growth {
  const at = Math.log1p(f * (theta1 / theta0 - 1));
  const slope = f / theta0 / Math.exp(at);
  const variance = slope * slope * ((theta1 * (1 - theta1)) / size);
  return { drift: at - variance / 2, variance: Math.max(1e-12, variance) };
}

/** The challenger's share of `size` bad requests, between the two whole sizes, and its chance. */
function sharesOf(size: number, theta1: number) {
  const floor = Math.floor(size);
  const shares: { readonly share: number; readonly chance: number }[] = [];
  for (const [x, part] of [
    [floor, floor + 1 - size],
    [floor + 1, size - floor],
  ] as const) {
    for (let k = 0; k <= x && part > 0; k++)
      shares.push({ share: k / x, chance: part * binomial(x, k, theta1) });
  }
  return shares;
}

function binomial(n: number, k: number, p: number): number {
  const logChoose = -Math.log(n + 1) - logBeta(k + 1, n - k + 1);
  const failures = n - k === 0 ? 0 : (n - k) * Math.log1p(-p);
  return Math.exp(logChoose + (k === 0 ? 0 : k * Math.log(p)) + failures);
}

/** P(a Brownian motion reaches `limit` within `ticks`), and Wald's expected time. */
function firstPassage(drift: number, variance: number, limit: number, ticks: number): Detection {
  if (limit <= 0) return { probability: 1, expectedTicks: 1 };
  if (drift <= 0) return never;
  const sd = Math.sqrt(variance * ticks);
  const straight = normalTail((limit - drift * ticks) / sd);
  const back = normalTail((limit + drift * ticks) / sd);
  const reflected = back === 0 ? 0 : Math.exp(Math.min(700, (2 * drift * limit) / variance)) * back;
  return { probability: Math.min(1, straight + Math.min(reflected, straight)), expectedTicks: limit / drift };
}

/** Values that the first look waits for, times the variance that each value holds. */
const varianceForLooks = { history: 4 * 5, free: 8 * 20 } as const;

/** What a tick adds to a planned look. */
interface Seen {
  readonly perTick: number;
  readonly shift: number;
  readonly variance: number;
}

function lookOf({ n0, n1 }: ShareCase, { bad, theta0, theta1 }: BadShares): Seen {
  const thinning = Math.max(0, 1 - bad / (n0 + n1));
  return {
    perTick: bad * theta0 * (1 - theta0) * thinning,
    shift: bad * (theta1 - theta0),
    variance: bad * theta1 * (1 - theta1) * thinning,
  };
}

/** Null: no look is planned, or none has seen enough by then. */
function lookedAt(it: ShareCase, { perTick, shift, variance }: Seen, ticks: number): Detection | null {
  if (it.lookLevel === null) return null;
  const needed = (it.lookFactor ?? 1) * (it.history ? varianceForLooks.history : varianceForLooks.free);
  if (perTick * ticks < needed) return null;
  const critical = normalUpperQuantile(it.lookLevel);
  const missed = critical * Math.sqrt(perTick * ticks) - shift * ticks;
  const probability = normalTail(missed / Math.max(1e-12, Math.sqrt(variance * ticks)));
  // When the expected discrepancy is as large as a look asks for.
  const expected = Math.max((critical * critical * perTick) / (shift * shift), needed / perTick);
  return { probability, expectedTicks: expected };
}
