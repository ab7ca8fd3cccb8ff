import type { Metric, MetricAlarm } from '@aws-sdk/client-cloudwatch';

/** Names of the metrics that CloudWatch has had data of lately, under a namespace and dimensions. */
export type NamesLike = (metric: Metric) => Promise<readonly string[]>;

/** Metrics of AWS's that are 0 or 1 for each request: their average is never above 1. */
const shares = /^(Invocation[45]XXErrors|[45]xx|Errors|Throttles)$/;
const percentile = /^(p|tm|tc|ts|wm|PR\(|TM\(|TC\(|WM\()/;
/** SageMaker has no percentiles of it. */
const withoutPercentiles = new Set(['OverheadLatency']);

/** Metrics that exist only once it happened: that CloudWatch knows none says nothing. Source: each service's list of metrics. */
const sparse: Readonly<Record<string, RegExp>> = {
  'AWS/DynamoDB':
    /^((Read|Write)\w*ThrottleEvents|OnlineIndexThrottleEvents|ThrottledRequests|SystemErrors|UserErrors|ConditionalCheckFailedRequests|TransactionConflict)$/,
  'AWS/SNS': /^NumberOfNotifications(Failed|FilteredOut|Redriven|FailedToRedrive)/,
  'AWS/States': /^Executions(Failed|TimedOut|Aborted|Throttled)$/,
  'AWS/Lambda':
    /^(DeadLetterErrors|DestinationDeliveryFailures|AsyncEventsDropped|ProvisionedConcurrencySpilloverInvocations)$/,
  'Mlreg/Controller': /^RolloutsUnwatched$/,
  mlreg: /^ApiKeysUnreadable/,
};

/** Why an alarm will never tell anybody anything; null where it may. One sentence, with what would mend it. */
export async function whyMute(
  alarm: MetricAlarm,
  namesLike: NamesLike,
): Promise<{ readonly why: string; readonly mend: string } | null> {
  const name = alarm.AlarmName ?? 'an alarm';
  if (alarm.ActionsEnabled === false || (alarm.AlarmActions ?? []).length === 0) {
    return {
      why: `${name} tells nobody: it has no action`,
      mend: `give ${name} the SNS topic as its action`,
    };
  }
  for (const { metric, statistic } of metricsOf(alarm)) {
    const called = metric.MetricName ?? '';
    const isShare = statistic === 'Average' && shares.test(called) && metric.Namespace?.startsWith('AWS/');
    if (isShare === true && isBeyond(alarm, 1)) {
      return {
        why: `${name} can't fire: the average of ${called} is a share, and never above ${alarm.Threshold}`,
        mend: `use the statistic Sum, or a threshold below 1, in ${name}`,
      };
    }
    if (percentile.test(statistic) && withoutPercentiles.has(called)) {
      return {
        why: `${name} can't fire: ${called} has no ${statistic}`,
        mend: `use Average or Maximum in ${name}`,
      };
    }
    if (sparse[metric.Namespace ?? '']?.test(called) === true) continue;
    const there = await namesLike(metric);
    if (there.length > 0 && !there.includes(called)) {
      return {
        why: `${name} can't fire: ${metric.Namespace ?? '?'} has never had data of ${called} here`,
        mend: `use one of ${there.slice(0, 6).join(', ')} in ${name}`,
      };
    }
  }
  return null;
}

function metricsOf(alarm: MetricAlarm): readonly { readonly metric: Metric; readonly statistic: string }[] {
  const { Namespace, MetricName, Dimensions = [] } = alarm;
  const own = MetricName === undefined || MetricName === '' ? [] : [{ Namespace, MetricName, Dimensions }];
  return [
    ...own.map((metric) => ({ metric, statistic: alarm.ExtendedStatistic ?? alarm.Statistic ?? '' })),
    ...(alarm.Metrics ?? []).flatMap(({ MetricStat }) =>
      MetricStat?.Metric === undefined
        ? []
        : [{ metric: MetricStat.Metric, statistic: MetricStat.Stat ?? '' }],
    ),
  ];
}

/** Whether no value up to `most` crosses the threshold. */
function isBeyond({ ComparisonOperator, Threshold = 0, Metrics = [] }: MetricAlarm, most: number): boolean {
  if (Metrics.length > 0) return false;
  if (ComparisonOperator === 'GreaterThanThreshold') return Threshold >= most;
  return ComparisonOperator === 'GreaterThanOrEqualToThreshold' && Threshold > most;
}
