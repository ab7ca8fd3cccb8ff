import type { Histogram } from '../../../domain/observation.ts';
import type { Cut } from './histogram.ts';

/** A histogram with its requests added up from the slow end: asked often, counted once. */
export interface Tail {
  readonly histogram: Histogram;
  /** `from[i]`: requests in the i-th bucket and in all slower ones; one entry more than there are buckets. */
  readonly from: readonly number[];
}

/** Of one histogram at a time: what it returned before is overwritten by the next call. */
export function createTail(): (histogram: Histogram) => Tail {
  const from: number[] = [];
  const tail = { histogram: { le: [], count: [] } as Histogram, from };
  return (histogram) => {
    const { count } = histogram;
    tail.histogram = histogram;
    from.length = count.length + 1;
    let sum = 0;
    from[count.length] = 0;
    for (let i = count.length - 1; i >= 0; i--) {
      sum += count[i]!;
      from[i] = sum;
    }
    return tail;
  };
}

export const tailOf = (histogram: Histogram): Tail => createTail()(histogram);

/** Requests in all buckets. */
export const all = ({ from }: Tail): number => from[0]!;

/** Requests surely slower than `ms`: of the buckets that begin at or above it. Never too many. */
export function surelyAbove({ histogram: { le }, from }: Tail, ms: number): number {
  const edge = firstAtOrAbove(le, ms);
  return edge < le.length ? from[edge + 1]! : 0;
}

/** Requests possibly slower than `ms`: the bucket that holds it counts whole. Never too few. */
export function possiblyAbove({ histogram: { le }, from }: Tail, ms: number): number {
  return from[bucketAbove(le, ms)]!;
}

/** Requests slower than where another histogram of the same edges was cut; of other edges, those surely slower. */
export function aboveCut(tail: Tail, cut: Cut, ms: number): number {
  const { le, count } = tail.histogram;
  const { bucket, from, to, slower } = cut;
  if (le[bucket - 1] !== from || le[bucket] !== to) return surelyAbove(tail, ms);
  return slower * count[bucket]! + tail.from[bucket + 1]!;
}

/** Requests slower than `ms`, its bucket cut evenly: too many rather than too few wherever the density falls. */
export function evenlyAbove({ histogram: { le, count }, from }: Tail, ms: number): number {
  const bucket = bucketAbove(le, ms);
  const begin = bucket === 0 ? 0 : le[bucket - 1]!;
  const end = le[bucket];
  const part = end === undefined || begin >= ms ? 1 : (end - ms) / (end - begin);
  return part * count[bucket]! + from[bucket + 1]!;
}

/** The first bucket that ends above `ms`. */
function bucketAbove(le: readonly number[], ms: number): number {
  const edge = firstAtOrAbove(le, ms);
  return le[edge] === ms ? edge + 1 : edge;
}

/** The first edge at or above `ms`; the number of edges where there is none. */
function firstAtOrAbove(le: readonly number[], ms: number): number {
  let low = 0;
  let high = le.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (le[middle]! < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
