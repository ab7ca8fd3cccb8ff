import type { Histogram } from '../../../domain/observation.ts';
import { type Detection, likelier, never, shareDetection } from './detection.ts';
import { cutAt, edgeNear, total } from '../evidence/histogram.ts';
import type { Lanes } from '../evidence/lanes.ts';
import { normalTail, normalUpperQuantile } from '../math/normal.ts';
import { aboveCut, evenlyAbove, possiblyAbove, surelyAbove, tailOf, type Tail } from '../evidence/tail.ts';

export interface SlowerCase {
  /** The champion's. */
  readonly latency: Histogram;
  /** Every request of the challenger takes so many times as long. */
  readonly factor: number;
  /** Of the rollback margin: 0.1 tolerates 10 %. */
  readonly slower: number;
  /** Requests a tick. */
  readonly n0: number;
  readonly n1: number;
  readonly ticks: number;
  readonly lanes: Lanes;
}

/**
 * How likely the comparison of latencies catches a slower challenger, its slow requests counted in the champion's own
 * buckets as the judge counts them: where buckets are coarse, less is seen. Within a bucket they are taken to be
 * log-normal. The same approximation as `shareDetection`.
 */
export function slowerDetection(it: SlowerCase): Detection {
  const { latency, lanes } = it;
  const all = total(latency);
  const tail = tailOf(latency);
  const slowed = tailOf(slowedBy(tail, it.factor));
  const margin = 1 + it.slower;
  const found = [0.5, 0.95, 0.99].map((q): Detection => {
    const edge = edgeNear(latency, q, margin);
    const cut = edge === null ? null : cutAt(latency, edge * margin);
    if (edge === null || cut === null) return never;
    const p0 = possiblyAbove(tail, edge) / all;
    const p1 = aboveCut(slowed, cut, edge * margin) / all;
    if (!(p1 > p0)) return never;
    return shareDetection({
      p0,
      p1,
      n0: it.n0,
      n1: it.n1,
      rho: 1,
      logThreshold: lanes.logThreshold('latency'),
      lookLevel: lanes.lookLevel('latency'),
      history: true,
    })(it.ticks);
  });
  return found.reduce(likelier);
}

function slowedBy(tail: Tail, factor: number): Histogram {
  const { le } = tail.histogram;
  const above = [tail.from[0]!, ...le.map((edge) => aboveInside(tail, edge / factor)), 0];
  return { le, count: above.slice(1).map((beyond, i) => (above[i] ?? 0) - beyond) };
}

/** Requests slower than `ms`: between two edges a straight line in probit and logarithm, exact for a log-normal. */
function aboveInside(tail: Tail, ms: number): number {
  const { le } = tail.histogram;
  const all = tail.from[0]!;
  const bucket = le.findIndex((edge) => ms <= edge);
  const [from, to] = [le[bucket - 1], le[bucket]];
  if (from === undefined || to === undefined) return evenlyAbove(tail, ms);
  const [high, low] = [surelyAbove(tail, from), surelyAbove(tail, to)];
  if (high === low) return low;
  // Half a request beyond the edges where none was seen.
  const probit = (count: number): number =>
    normalUpperQuantile(Math.min(all - 0.5, Math.max(0.5, count)) / all);
  const [left, right] = [probit(high), probit(low)];
  const z = left + ((right - left) * Math.log(ms / from)) / Math.log(to / from);
  return Math.min(high, Math.max(low, all * normalTail(z)));
}
