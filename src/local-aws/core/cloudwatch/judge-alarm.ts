import type { Alarm, AlarmState } from './alarm.ts';
import { periodsOf, type MetricStore } from './metric-store.ts';
import { parseStatistic } from './statistics.ts';

/**
 * The alarm's state by the periods that ended before `now`: ALARM where M of N breach, missing points counted as
 * `TreatMissingData` says. Simpler than AWS: it looks at N periods only, never back beyond them to fill gaps.
 */
export function judgeAlarm(store: MetricStore, alarm: Alarm, now: number): AlarmState {
  store.reveal(now);
  const points = lastPoints(store, alarm, now);
  const needed = alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods;
  const known = points.filter((value) => value !== undefined);
  const gaps = points.length - known.length;
  const breaching = known.filter((value) => breaches(alarm, value)).length;
  const become = (value: AlarmState['value'], reason: string): AlarmState =>
    value === alarm.state.value ? alarm.state : { value, reason, since: now };

  const seen = `${breaching} of the last ${points.length} datapoints [${known.join(', ')}] breach ${alarm.ComparisonOperator} ${alarm.Threshold}`;
  if (known.length === 0 && alarm.TreatMissingData === 'missing') {
    return become('INSUFFICIENT_DATA', `Insufficient Data: ${points.length} datapoints were unknown.`);
  }
  if (known.length === 0 && alarm.TreatMissingData === 'ignore') return alarm.state;
  const counted = breaching + (alarm.TreatMissingData === 'breaching' ? gaps : 0);
  return counted >= Math.min(needed, enough(alarm, points.length, gaps))
    ? become('ALARM', `Threshold Crossed: ${seen}.`)
    : become('OK', `Threshold not crossed: ${seen}.`);
}

/** With `missing` and `ignore`, gaps shrink what is asked for: one breaching point among gaps alarms, as on AWS. */
function enough(alarm: Alarm, periods: number, gaps: number): number {
  return alarm.TreatMissingData === 'missing' || alarm.TreatMissingData === 'ignore'
    ? Math.max(periods - gaps, 1)
    : periods;
}

function lastPoints(store: MetricStore, alarm: Alarm, now: number): (number | undefined)[] {
  const { Period, EvaluationPeriods } = alarm;
  const end = Math.floor(now / 1000 / Period) * Period;
  const start = end - EvaluationPeriods * Period;
  const statistic = parseStatistic(alarm.ExtendedStatistic ?? alarm.Statistic ?? '');
  const metric = store.find({
    namespace: alarm.Namespace,
    metricName: alarm.MetricName,
    dimensions: alarm.Dimensions,
  });
  const found =
    metric === undefined || statistic === undefined
      ? new Map<number, number | undefined>()
      : new Map(
          periodsOf(metric, { start, end, period: Period, unit: alarm.Unit }, statistic.needsValues).map(
            ([at, samples]) => [at, statistic.of(samples)],
          ),
        );
  return Array.from({ length: EvaluationPeriods }, (_, i) => found.get(start + i * Period));
}

function breaches({ ComparisonOperator, Threshold }: Alarm, value: number): boolean {
  switch (ComparisonOperator) {
    case 'GreaterThanOrEqualToThreshold':
      return value >= Threshold;
    case 'GreaterThanThreshold':
      return value > Threshold;
    case 'LessThanThreshold':
      return value < Threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= Threshold;
  }
}
