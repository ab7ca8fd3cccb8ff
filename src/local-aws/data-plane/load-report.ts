import { createHistogram } from 'node:perf_hooks';

/** An HTTP status; `broken`: no whole answer came; `unsent`: too many were under way. */
export type Outcome = number | 'broken' | 'unsent';

/** Which version a request was answered by, and how: `2xx` and so on, `broken`, `unsent`. */
interface VersionTally {
  readonly requests: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Answered 5xx, broken or unsent: a caller who got no answer. A 4xx is the caller's own. */
  readonly harmed: number;
}

/** Milliseconds from the scheduled time to the answer's end. */
interface Latency {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** When it was scheduled (ms since the start), the version that answered, the status. */
type RequestRecord = readonly [startedAt: number, version: string | undefined, status: Outcome];

export interface LoadReport {
  readonly durationMs: number;
  readonly requests: number;
  /** Requests a second that came out of it. */
  readonly rate: number;
  readonly harmed: number;
  /** By x-model-version; `''` where the answer named none. */
  readonly versions: Readonly<Record<string, VersionTally>>;
  readonly latencyMs: Latency;
  /** In the order of their answers; empty unless asked for. */
  readonly records: readonly RequestRecord[];
}

/** One second's answers, by version. */
export interface SecondReport {
  readonly second: number;
  readonly requests: number;
  readonly harmed: number;
  readonly inFlight: number;
  readonly versions: Readonly<Record<string, VersionTally>>;
  readonly latencyMs: Latency;
}

export interface Tally {
  add(startedAt: number, latencyMs: number, version: string | undefined, outcome: Outcome): void;
  /** What came since this was last asked. */
  second(inFlight: number): SecondReport;
  report(durationMs: number): LoadReport;
}

export function createTally(record: boolean): Tally {
  const total = createCounts();
  const current = createCounts();
  const records: RequestRecord[] = [];
  let seconds = 0;
  return {
    add(startedAt, latencyMs, version, outcome) {
      total.add(latencyMs, version ?? '', outcome);
      current.add(latencyMs, version ?? '', outcome);
      if (record) records.push([startedAt, version, outcome]);
    },
    second(inFlight) {
      const report = { second: ++seconds, inFlight, ...current.read() };
      current.reset();
      return report;
    },
    report(durationMs) {
      const counts = total.read();
      return {
        durationMs,
        rate: durationMs > 0 ? (counts.requests * 1000) / durationMs : 0,
        ...counts,
        records,
      };
    },
  };
}

interface Counts {
  add(latencyMs: number, version: string, outcome: Outcome): void;
  read(): Pick<LoadReport, 'requests' | 'harmed' | 'versions' | 'latencyMs'>;
  reset(): void;
}

function createCounts(): Counts {
  /** Whole microseconds. */
  const histogram = createHistogram();
  const versions = new Map<string, { requests: number; harmed: number; outcomes: Record<string, number> }>();
  return {
    add(latencyMs, version, outcome) {
      let tally = versions.get(version);
      if (!tally) versions.set(version, (tally = { requests: 0, harmed: 0, outcomes: {} }));
      const name = typeof outcome === 'number' ? `${Math.floor(outcome / 100)}xx` : outcome;
      tally.requests++;
      tally.outcomes[name] = (tally.outcomes[name] ?? 0) + 1;
      if (typeof outcome === 'string' || outcome >= 500) tally.harmed++;
      histogram.record(Math.max(1, Math.round(latencyMs * 1000)));
    },
    read() {
      const all = [...versions].sort(([a], [b]) => (a < b ? -1 : 1));
      const sum = (of: 'requests' | 'harmed'): number =>
        all.reduce((total, [, tally]) => total + tally[of], 0);
      const empty = histogram.count === 0;
      const ms = (percentile: number): number => (empty ? 0 : histogram.percentile(percentile) / 1000);
      return {
        requests: sum('requests'),
        harmed: sum('harmed'),
        versions: Object.fromEntries(
          all.map(([name, tally]) => [name, { ...tally, outcomes: { ...tally.outcomes } }]),
        ),
        latencyMs: {
          mean: empty ? 0 : histogram.mean / 1000,
          p50: ms(50),
          p90: ms(90),
          p95: ms(95),
          p99: ms(99),
          max: empty ? 0 : histogram.max / 1000,
        },
      };
    },
    reset() {
      histogram.reset();
      versions.clear();
    },
  };
}
