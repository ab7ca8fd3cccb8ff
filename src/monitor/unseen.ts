import type { ServedCount } from '../ports/index.ts';

type Arm = 'champion' | 'challenger';

/** Requests of an arm up to then, and two periods on, that AWS itself counted and the router's metrics do not show. */
export type Unseen = (arm: Arm, at: number) => number;

export const nothingUnseen: Unseen = () => 0;

/** Fewer are no sign that metrics are missing: a warming request of another process, one that was sent twice. */
export const fewestUnseen = 10;

/** Router and endpoint may count a request on two sides of a period's edge. */
const edgeMs = 5_000;
/** What callers other than users do in a usual minute may double. */
const usualFactor = 2;
/** Fewer periods say nothing of what is usual: traffic has just begun, and the first of them were counted in part. */
const fewestUsual = 10;

/**
 * An arm's requests are unseen where both its endpoint and the function were asked more often than the router's metrics
 * show: an endpoint may be called by others, past the function, and a function for its health, which reaches no endpoint.
 * What each does beyond the router's counts in minutes that the router shows well is usual, and is left out.
 * @param rows oldest first
 * @param since when the present share began, milliseconds
 */
export function unseenIn(rows: readonly ServedCount[], since: number): Unseen {
  const [first] = rows;
  if (first === undefined) return nothingUnseen;
  const { periodMs } = first;
  const known = { champion: sumsOf('champion'), challenger: sumsOf('challenger') };

  function sumsOf(arm: Arm): readonly { readonly begin: number; readonly sum: number }[] {
    const seenAt = rows.findLast((row) => (row[arm]?.compared ?? 0) > 0)?.at ?? -Infinity;
    const from = Math.max(seenAt, since) + Math.max(periodMs, edgeMs);
    // Of minutes in which nothing of this arm is missing.
    const whole = rows.filter((row) => row.at <= Math.max(seenAt, since) && comparedIn(row) > 0);
    const usual = {
      endpoint: median(
        whole.filter((row) => (row[arm]?.compared ?? 0) > 0).map((row) => atEndpoint(row, arm)),
      ),
      function: median(whole.map(atFunction)),
    };
    let [endpoint, ofFunction] = [0, 0];
    return rows.flatMap((row) => {
      const begin = row.at - periodMs;
      if (begin < from) return [];
      endpoint += Math.max(0, atEndpoint(row, arm) - usualFactor * usual.endpoint);
      ofFunction += Math.max(0, atFunction(row) - usualFactor * usual.function);
      return [{ begin, sum: Math.min(endpoint, ofFunction) }];
    });
  }

  // The minutes at the edge tell of no tick: what comes after them does, or a silence would begin with ticks that nobody awaits.
  const beyond = Math.max(periodMs, edgeMs) + periodMs;
  return (arm, at) => known[arm].findLast(({ begin }) => begin < at + beyond)?.sum ?? 0;
}

const comparedIn = ({ champion, challenger }: ServedCount): number =>
  (champion?.compared ?? 0) + (challenger?.compared ?? 0);

/** Beyond what the router shows. */
const atEndpoint = (row: ServedCount, arm: Arm): number => {
  const own = row[arm];
  return own === null ? 0 : Math.max(0, own.endpoint - own.compared - own.apart);
};

const atFunction = (row: ServedCount): number =>
  Math.max(
    0,
    row.function -
      row.turnedAway -
      comparedIn(row) -
      (row.champion?.apart ?? 0) -
      (row.challenger?.apart ?? 0),
  );

/** 0 where too few are known. */
function median(values: readonly number[]): number {
  if (values.length < fewestUsual) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
