import { binomialTail } from '../../src/monitor/judge/math/binomial-tail.ts';

/**
 * Least mean number of requests, of both arms, until a sequential test of level alpha finds a difference for sure:
 * log(1/alpha)/KL, where KL is the information of one request against the nearest common rate. It holds for anyone who
 * knows both rates beforehand, with independent requests and no ticks. Source: Wald; Agrawal and Ramdas 2504.19952.
 */
export function leastRequests(p0: number, p1: number, share: number, alpha: number): number {
  const common = share * p1 + (1 - share) * p0;
  const information = share * divergence(p1, common) + (1 - share) * divergence(p0, common);
  return Math.log(1 / alpha) / information;
}

/** Of a Bernoulli(p) from a Bernoulli(q), nats. */
function divergence(p: number, q: number): number {
  return part(p, q) + part(1 - p, 1 - q);
}

function part(p: number, q: number): number {
  return p === 0 ? 0 : p * Math.log(p / q);
}

/** The one-sided upper bound of a probability at 95 %, x of n seen. Source: Clopper and Pearson 1934. */
export function atMost(x: number, n: number): number {
  let [low, high] = [x / n, 1];
  for (let i = 0; i < 60; i++) {
    const p = (low + high) / 2;
    if (1 - binomialTail(n, x + 1, p) > 0.05) low = p;
    else high = p;
  }
  return high;
}
