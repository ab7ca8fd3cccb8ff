import type { Account } from '../account.ts';
import type { Operations } from '../operation.ts';
import type { Alarm } from './alarm.ts';
import { alarmOperations } from './alarms.ts';
import { getMetricData } from './get-metric-data.ts';
import { listMetrics } from './list-metrics.ts';
import type { MetricStore } from './metric-store.ts';
import { putMetricData } from './put-metric-data.ts';

export function cloudWatchOperations(
  account: Account,
  store: MetricStore,
  alarms: Map<string, Alarm>,
): Operations {
  return {
    PutMetricData: putMetricData(account, store),
    GetMetricData: getMetricData(account, store),
    ListMetrics: listMetrics(account, store),
    ...alarmOperations(account, store, alarms),
  };
}
