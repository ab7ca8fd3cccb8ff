import type { Exchange } from './exchange.ts';

export interface RandomisationResult {
  readonly p: number;
  /** D of the observed order: excess of bad requests over the margin. */
  readonly excess: number;
  /** `few`: all arrangements were enumerated; `orders`: random orders were drawn. */
  readonly by: 'few' | 'orders';
}

const orders = 1999;
/** With so many orders at least as extreme p is above 0.03, and the gate closed. */
const enough = 60;
const mostArrangements = 2000;
/** Random orders tried for each one wanted, where few agree with the observed one on which arm has active buckets. */
const mostTries = 50;

/**
 * How likely a random assignment of the same buckets gives an excess at least as large: exact for any users, whatever
 * their number, size, dependence or drift, since the salt that orders the buckets is independent of them.
 * Source: section 10.3 of the method.
 */
export function randomisationTest(exchange: Exchange, uniform: () => number): RandomisationResult {
  const excess = excessOf(exchange, (place) => place);
  if (!(excess > 0)) return { p: 1, excess, by: 'orders' };
  const limit = excess - 1e-9 * Math.abs(excess);
  const few = arrangements(exchange) <= mostArrangements;
  const p = few ? enumerated(exchange, limit) : sampled(exchange, limit, uniform);
  return { p, excess, by: few ? 'few' : 'orders' };
}

/** D where the kept bucket `at(place)` stands in each place. */
function excessOf({ ends, values }: Exchange, at: (place: number) => number): number {
  let sum = 0;
  let place = 0;
  ends.forEach((end, c) => {
    for (; place < end; place++) sum += values[c]![at(place)]!;
  });
  return sum;
}

function sampled(exchange: Exchange, limit: number, uniform: () => number): number {
  const { kept, ends, values, active } = exchange;
  const last = Math.max(ends.at(-1) ?? 0, active?.places ?? 0);
  const order = Int32Array.from({ length: kept }, (_, i) => i);
  const observed = agreement(exchange, order);
  let drawn = 0;
  let extreme = 0;
  for (let tries = 0; drawn < orders && tries < mostTries * orders; tries++) {
    let sum = 0;
    let c = 0;
    for (let place = 0; place < last; place++) {
      const other = place + Math.floor(uniform() * (kept - place));
      const bucket = order[other]!;
      order[other] = order[place]!;
      order[place] = bucket;
      while (c < ends.length && place >= ends[c]!) c++;
      if (c < ends.length) sum += values[c]![bucket]!;
    }
    if (agreement(exchange, order) !== observed) continue;
    drawn++;
    if (sum >= limit && ++extreme === enough) break;
  }
  return (extreme + 1) / (drawn + 1);
}

/** Whether both arms of the first step have an active bucket. */
function agreement({ active, kept }: Exchange, order: ArrayLike<number>): boolean {
  if (active === null) return true;
  let first = false;
  for (let place = 0; place < active.places && !first; place++) first = active.is[order[place]!]!;
  if (!first) return false;
  for (let place = active.places; place < kept; place++) if (active.is[order[place]!]!) return true;
  return false;
}

/** In how many ways the occupied buckets can fall into the classes of places. Empty ones add nothing wherever they stand. */
function arrangements({ occupied, ends, active }: Exchange): number {
  const classes = new Set([...ends, ...(active === null ? [] : [active.places])]).size + 1;
  return classes ** occupied.filter(Boolean).length;
}

/** Sums the probabilities of all arrangements at least as extreme, of those that agree with the observed one. */
function enumerated(exchange: Exchange, limit: number): number {
  const { kept, ends, values, occupied, active } = exchange;
  const cuts = [...new Set([...ends, ...(active === null ? [] : [active.places]), kept])].sort(
    (a, b) => a - b,
  );
  const left = cuts.map((end, c) => end - (cuts[c - 1] ?? 0));
  const buckets = occupied.flatMap((is, bucket) => (is ? [bucket] : []));
  const ofCut = cuts.map((end) => ends.findIndex((own) => end <= own));
  const isFirst = cuts.map((end) => active !== null && end <= active.places);
  const observed = agreement(
    exchange,
    Array.from({ length: kept }, (_, i) => i),
  );
  let agreeing = 0;
  let extreme = 0;

  function place(
    next: number,
    places: number,
    chance: number,
    sum: number,
    first: boolean,
    rest: boolean,
  ): void {
    const bucket = buckets[next];
    if (bucket === undefined) {
      if (active !== null && (first && rest) !== observed) return;
      agreeing += chance;
      if (sum >= limit) extreme += chance;
      return;
    }
    const counts = active?.is[bucket] === true;
    for (let c = 0; c < cuts.length; c++) {
      if (left[c]! <= 0) continue;
      const own = ofCut[c]!;
      const share = left[c]! / places;
      left[c]!--;
      place(
        next + 1,
        places - 1,
        chance * share,
        sum + (own === -1 ? 0 : values[own]![bucket]!),
        first || (counts && isFirst[c]!),
        rest || (counts && !isFirst[c]!),
      );
      left[c]!++;
    }
  }

  place(0, kept, 1, 0, false, false);
  return agreeing > 0 ? Math.min(1, extreme / agreeing) : 1;
}
