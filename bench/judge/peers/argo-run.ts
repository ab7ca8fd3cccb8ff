import { assessMetric, effectiveCount, type ArgoCounters, type ArgoMetric, type Phase } from './argo.ts';

const order: readonly Phase[] = ['Successful', 'Running', 'Pending', 'Inconclusive', 'Error', 'Failed'];

export const isWorse = (current: Phase, next: Phase): boolean => order.indexOf(next) > order.indexOf(current);

interface MetricPhase {
  readonly phase: Phase;
  readonly dryRun?: boolean;
}

const isOver = (phase: Phase): boolean => phase !== 'Pending' && phase !== 'Running';

/** One metric that ends badly ends the whole run; what is only tried out doesn't. */
export const isTerminating = (metrics: readonly MetricPhase[]): boolean =>
  metrics.some(({ phase, dryRun }) => !dryRun && isOver(phase) && phase !== 'Successful');

export interface RunMetric extends ArgoMetric {
  readonly name: string;
  readonly dryRun?: boolean;
  readonly counters: ArgoCounters;
}

/** The run's phase, and the first metric of that severity: `assessRunStatus`. */
export function assessRun(
  metrics: readonly RunMetric[],
  terminate = false,
): { readonly run: Phase; readonly metric: string | null; readonly phases: readonly Phase[] } {
  const now = metrics.map((metric) => assessMetric(metric, metric.counters, terminate));
  const terminating = terminate || isTerminating(metrics.map((metric, i) => ({ ...metric, phase: now[i]! })));
  const phases = terminating ? metrics.map((metric) => assessMetric(metric, metric.counters, true)) : now;
  if (phases.some((phase) => !isOver(phase))) return { run: 'Running', metric: null, phases };
  let worst: { readonly run: Phase; readonly metric: string | null } = { run: 'Successful', metric: null };
  metrics.forEach(({ name, dryRun }, i) => {
    if (!dryRun && isWorse(worst.run, phases[i]!)) worst = { run: phases[i]!, metric: name };
  });
  return { ...worst, phases };
}

/** Seconds, as everything here; a string is a duration that doesn't parse, or seconds with their unit. */
export interface ScheduledMetric {
  readonly interval?: number;
  readonly initialDelay?: number | string;
  readonly count?: number;
  readonly counted?: number;
  readonly phase?: Phase;
  readonly last?: {
    readonly phase?: Phase;
    readonly finished: number | null;
    readonly resumeAt?: number;
  } | null;
}

/** After an error the metric's own interval doesn't count. */
const errorRetrySeconds = 10;

/** What is measured now: `generateMetricTasks`. An unparseable delay is never due, silently. */
export function isDue(metric: ScheduledMetric, now: number, runStarted: number | null): boolean {
  if (metric.phase && isOver(metric.phase)) return false;
  const { last } = metric;
  if (last && last.finished === null) return last.resumeAt === undefined || last.resumeAt <= now;
  if (!last) {
    if (metric.initialDelay === undefined) return true;
    if (typeof metric.initialDelay === 'string' || runStarted === null) return false;
    return runStarted + metric.initialDelay <= now;
  }
  const count = effectiveCount(metric);
  if (count !== null && (metric.counted ?? 0) >= count) return false;
  return now > last.finished! + pause(metric);
}

/** When the run is to be looked at again: `calculateNextReconcileTime`; null = on the next change. */
export function nextLook(
  metrics: readonly ScheduledMetric[],
  now: number,
  runStarted: number | null,
): number | null {
  const times = metrics.map((metric) => nextTime(metric, now, runStarted)).filter((time) => time !== null);
  return times.length > 0 ? Math.min(...times) : null;
}

function nextTime(metric: ScheduledMetric, now: number, runStarted: number | null): number | null {
  if (metric.phase && isOver(metric.phase)) return null;
  const { last } = metric;
  if (!last) {
    const { initialDelay } = metric;
    if (typeof initialDelay === 'string') return null;
    return initialDelay === undefined ? now : (runStarted ?? now) + initialDelay;
  }
  if (last.finished === null) return last.resumeAt ?? null;
  const count = effectiveCount(metric);
  if (count !== null && (metric.counted ?? 0) >= count) return null;
  return last.finished + pause(metric);
}

function pause(metric: ScheduledMetric): number {
  return metric.last?.phase === 'Error' ? errorRetrySeconds : (metric.interval ?? 0);
}
