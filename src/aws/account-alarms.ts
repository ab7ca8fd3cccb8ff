import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  ListMetricsCommand,
  type MetricAlarm,
} from '@aws-sdk/client-cloudwatch';
import type { Finding } from './account-function.ts';
import { type NamesLike, whyMute } from './alarm-sense.ts';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';

/** Whether the environment's alarms can fire, and be heard. */
export async function alarms(clients: Clients, alarmPrefix: string): Promise<Finding> {
  const cloudwatch = clients.of(CloudWatchClient);
  const found: MetricAlarm[] = [];
  let next: string | undefined;
  do {
    const token: string | undefined = next;
    const page = await attempt({ action: 'cloudwatch:DescribeAlarms', resource: `${alarmPrefix}*` }, () =>
      cloudwatch.send(
        new DescribeAlarmsCommand({
          AlarmNamePrefix: alarmPrefix,
          ...(token === undefined ? {} : { NextToken: token }),
        }),
      ),
    );
    found.push(...(page.MetricAlarms ?? []));
    next = page.NextToken;
  } while (next !== undefined && next !== '' && found.length < 1_000);
  const namesLike: NamesLike = async ({ Namespace, Dimensions = [] }) => {
    const { Metrics = [] } = await attempt(
      { action: 'cloudwatch:ListMetrics', resource: Namespace ?? '' },
      () =>
        cloudwatch.send(
          new ListMetricsCommand({
            Namespace,
            Dimensions: Dimensions.map(({ Name, Value }) => ({ Name, Value })),
          }),
        ),
    );
    return [...new Set(Metrics.flatMap(({ MetricName }) => MetricName ?? []))].sort();
  };
  for (const alarm of found) {
    const mute = await whyMute(alarm, namesLike);
    if (mute !== null) return { ok: false, detail: mute.why, mend: mute.mend };
  }
  return {
    ok: true,
    detail: found.length === 0 ? `no alarm is called ${alarmPrefix}*` : `${found.length} alarms can fire`,
  };
}
