import type { Clock } from '../ports/index.ts';
import { instant, later } from '../domain/units.ts';
import { PlatformError } from '../ports/platform.ts';
import { type MetricRequest, mostQueries, type Points } from './metric-data.ts';

export type ReadMetrics = (request: MetricRequest) => Promise<Points[]>;

/** Reads that come so close together belong to one look at many rollouts. */
const gatherMs = 20;
/** What asks for more, as a rollout that catches up after an absence, goes by itself. */
const longestMs = 30 * 60_000;

interface Waiting {
  readonly request: MetricRequest;
  readonly resolve: (points: Points[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Many rollouts' reads in few calls: each call takes as many metrics as CloudWatch does, over a window that covers them
 * all, and each reader gets its own part. A part that CloudWatch could not give spoils nobody else's.
 */
export function gatheredReads(read: ReadMetrics, clock: Clock): ReadMetrics {
  let waiting: Waiting[] = [];

  const flush = (): void => {
    const due = waiting;
    waiting = [];
    for (const batch of batches(due)) void readBatch(read, batch);
  };
  return (request) =>
    new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject });
      if (waiting.length > 1) return;
      const [first] = waiting;
      void clock.sleepUntil(later(clock.now(), gatherMs)).then(() => {
        if (waiting[0] === first) flush();
      });
    });
}

/** As few as their metrics allow, of readers whose windows lie close together. */
function batches(due: readonly Waiting[]): Waiting[][] {
  const made: { readonly members: Waiting[]; stats: number; readonly from: number; to: number }[] = [];
  for (const one of [...due].sort((a, b) => a.request.from - b.request.from)) {
    const { stats, from, to } = one.request;
    const open = made.find(
      (batch) =>
        batch.stats + stats.length <= mostQueries && Math.max(batch.to, to) - batch.from <= longestMs,
    );
    if (open === undefined) {
      made.push({ members: [one], stats: stats.length, from, to });
      continue;
    }
    open.members.push(one);
    open.stats += stats.length;
    open.to = Math.max(open.to, to);
  }
  return made.map(({ members }) => members);
}

async function readBatch(read: ReadMetrics, batch: readonly Waiting[]): Promise<void> {
  const alone = (one: Waiting): Promise<void> => read(one.request).then(one.resolve, one.reject);
  const [only] = batch;
  if (batch.length === 1 && only !== undefined) return alone(only);
  const request: MetricRequest = {
    stats: batch.flatMap(({ request: { stats } }) => stats),
    from: instant(Math.min(...batch.map(({ request: { from } }) => from))),
    to: instant(Math.max(...batch.map(({ request: { to } }) => to))),
  };
  let points: Points[];
  try {
    points = await read(request);
  } catch (error) {
    // Denied or throttled, all are; but a part that is missing is one reader's affair.
    const isPart = error instanceof PlatformError && error.failure.kind === 'unknown';
    if (isPart) await Promise.all(batch.map(alone));
    else for (const one of batch) one.reject(error);
    return;
  }
  let start = 0;
  for (const { request: own, resolve } of batch) {
    const mine = points.slice(start, start + own.stats.length);
    start += own.stats.length;
    resolve(mine.map((each) => within(each, own)));
  }
}

const within = (points: Points, { from, to }: MetricRequest): Points =>
  new Map([...points].filter(([at]) => at >= from && at < to));
