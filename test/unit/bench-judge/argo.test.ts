import { describe, expect, it } from 'vitest';
import {
  argo,
  assessMetric,
  counted,
  evaluate,
  noMeasurement,
  overLimit,
  type ArgoCounters,
  type Phase,
} from '../../../bench/judge/peers/argo.ts';
import {
  assessRun,
  isDue,
  isTerminating,
  isWorse,
  nextLook,
  type ScheduledMetric,
} from '../../../bench/judge/peers/argo-run.ts';
import { oracle } from './oracle.ts';

const metric = oracle(
  'argo-assess-metric',
  'cases',
  'failureInconclusiveOrError',
  'derivedFromCodeNotTests',
  'counterUpdates',
);
const run = oracle('argo-assess-run', 'isWorse', 'runs', 'terminatingRule');
const values = oracle('argo-evaluate', 'conditionTable', 'emptyResults', 'nanAndInfinityFromDocs');
const schedule = oracle('argo-schedule', 'dueNow', 'nextLook');

describe('Argo Rollouts: counters to phase', () => {
  it.each(metric.cases)('$line: $metric $state', ({ metric, state, expected, expectedWhenTerminating }) => {
    expect(assessMetric(metric, state, false)).toBe(expected);
    if (expectedWhenTerminating) expect(assessMetric(metric, state, true)).toBe(expectedWhenTerminating);
  });

  it.each(metric.failureInconclusiveOrError)('message: $message', ({ state, phase, message }) => {
    expect(overLimit({}, { ...noMeasurement, ...state })).toEqual({ phase, message });
  });

  it.each(metric.derivedFromCodeNotTests)('the later limit wins: $state', ({ metric, state, phase }) => {
    expect(assessMetric(metric, { ...noMeasurement, measurements: 1, ...state }, false)).toBe(phase);
  });

  it.each(metric.counterUpdates)('one more $measurement', ({ measurement, delta, reset }) => {
    const before = { ...noMeasurement, consecutiveSuccess: 3, consecutiveError: 3 };
    const after = counted(before, measurement) as unknown as Record<string, number>;
    for (const [name, value] of Object.entries(before)) {
      if (name === 'measurements') continue;
      expect([name, after[name]]).toEqual([name, reset.includes(name) ? 0 : value + (delta[name] ?? 0)]);
    }
  });
});

const conditions: Record<string, ((result: any) => unknown) | null> = {
  '': null,
  true: () => true,
  false: () => false,
  '<invalid reference>': () => {
    throw new Error('unknown name');
  },
  'result[0] >= 0.95': (result) => first(result) >= 0.95,
  'result >= 0.95': (result) => result >= 0.95,
  'result < 0.95': (result) => result < 0.95,
  'isNaN(result) || result >= 0.95': (result) => Number.isNaN(result) || result >= 0.95,
  'len(result) == 0 || result[0] >= 0.95': (result) => result.length === 0 || result[0] >= 0.95,
  'len(result) > 0 && result[0] >= 0.95': (result) => result.length > 0 && result[0] >= 0.95,
};

function first(result: readonly number[] | null): number {
  if (!result?.length) throw new Error('metric result is nil or empty');
  return result[0]!;
}

describe('Argo Rollouts: value to phase', () => {
  it.each([...values.conditionTable, ...values.emptyResults, ...values.nanAndInfinityFromDocs])(
    '$result: success "$successCondition", failure "$failureCondition" is $phase',
    ({ result, successCondition, failureCondition, phase }) => {
      const [success, failure] = [conditions[successCondition], conditions[failureCondition ?? '']];
      expect([success, failure]).not.toContain(undefined);
      expect(evaluate(result === 'NaN' ? Number.NaN : result, success!, failure!)).toBe(phase);
    },
  );
});

const running = (more: Partial<ArgoCounters> = {}): ArgoCounters => ({
  ...noMeasurement,
  measurements: 1,
  ...more,
});

describe('Argo Rollouts: metrics to run', () => {
  it.each(run.isWorse)('$new after $current: worse $newIsWorse', ({ current, new: next, newIsWorse }) => {
    expect(isWorse(current, next)).toBe(newIsWorse);
  });

  it.each(run.terminatingRule)('$metrics terminates: $terminating', ({ metrics, terminating }) => {
    expect(isTerminating(metrics)).toBe(terminating);
  });

  const done = { count: 1, counters: running({ count: 1, successful: 1 }) };
  const bad = { count: 1, counters: running({ count: 1, failed: 1 }) };

  it('runs on while one metric does', () => {
    const metrics = [
      { name: 'a', ...done },
      { name: 'b', interval: '1m', counters: running({ lastMeasurementInFlight: true }) },
    ];
    expect(assessRun(metrics).run).toBe(run.runs[0].run);
  });

  it('fails with one that fails', () => {
    const metrics = [
      { name: 'a', ...done },
      { name: 'b', ...bad },
    ];
    expect(assessRun(metrics).run).toBe(run.runs[1].run);
  });

  it('waits for what is under way when another has failed', () => {
    const metrics = [
      { name: 'a', interval: '1m', counters: running({ lastMeasurementInFlight: true }) },
      { name: 'b', interval: '1m', counters: running({ failed: 1, count: 1 }) },
    ];
    const { run: phase, phases } = assessRun(metrics);
    expect({ phase, phases }).toEqual({ phase: run.runs[2].run, phases: run.runs[2].metricPhasesAfter });
  });

  it('names the first of several failed ones', () => {
    const metrics = ['a', 'b', 'c'].map((name, i) => ({ name, ...(i > 0 ? bad : done) }));
    expect(assessRun(metrics)).toMatchObject({ run: run.runs[3].run, metric: 'b' });
  });

  it('succeeds where all that fails is only tried out', () => {
    const metrics = [
      { name: 'a', dryRun: true, ...done },
      { name: 'b', dryRun: true, ...bad },
    ];
    expect(assessRun(metrics)).toMatchObject({ run: run.runs[4].run, phases: ['Successful', 'Failed'] });
  });

  it('succeeds when it is ended before it measured', () => {
    expect(assessRun([{ name: 'a', counters: noMeasurement }], true).run).toBe(run.runs[5].run);
  });

  it('counts errors in a row, not towards the count', () => {
    const { before, after } = run.runs[6];
    expect(counted({ ...noMeasurement, ...before }, 'Error')).toMatchObject(after);
  });
});

describe('Argo Rollouts: schedule', () => {
  it.each(schedule.dueNow)('$line: $due due of $metric, last $last', (row) => {
    const metrics: ScheduledMetric[] = row.metrics
      ? Array.from({ length: row.metrics }, (_, i) => siblingOf(row.sibling, i))
      : [{ ...row.metric, counted: row.count ?? countOf(row.last), last: row.last ?? null }];
    expect(metrics.filter((one) => isDue(one, 0, row.runStarted ?? null))).toHaveLength(row.due);
  });

  /** An error doesn't use up the count. */
  const countOf = (last: ScheduledMetric['last']): number => (last && last.phase !== 'Error' ? 1 : 0);

  /** A failed metric ends its siblings: those that never measured count as successful. */
  function siblingOf(sibling: Phase | undefined, i: number): ScheduledMetric {
    return sibling ? { phase: i === 0 ? sibling : 'Successful' } : {};
  }

  it.each(schedule.nextLook)('$line: next look after $next', (row) => {
    const metrics: ScheduledMetric[] = row.metrics.map(({ metricPhase, ...one }: any) => ({
      ...one,
      counted: countOf(one.last),
      ...(metricPhase ? { phase: metricPhase } : {}),
    }));
    expect(nextLook(metrics, 0, row.runStarted ?? null)).toBe(row.next);
  });
});

describe('Argo Rollouts: as simulated', () => {
  it('rolls back at the fourth failed minute, empty ones not counting', () => {
    const peer = argo('argo', { windowMinutes: 1, everyMinutes: null, errorRate: () => 0.05 });
    const started = peer.start({ errorRate: 0.01, tickMs: 60_000 });
    const bad = { n0: 100, x0: 1, n1: 10, x1: 1 };
    const empty = { n0: 100, x0: 1, n1: 0, x1: 0 };
    const pushed = [bad, bad, empty, bad, bad].map((tick, i) => started.push(tick, i + 1));
    expect(pushed).toEqual([false, false, false, false, true]);
  });
});
