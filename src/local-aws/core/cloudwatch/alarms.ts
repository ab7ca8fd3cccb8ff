import { z } from 'zod';
import { AwsError } from '../../wire/aws-error.ts';
import type { Account } from '../account.ts';
import { parseInput, wireInteger } from '../input.ts';
import { answer, page, type Operations } from '../operation.ts';
import { alarmInput, type Alarm, type AlarmInput } from './alarm.ts';
import { checkPeriod, dimensionList, validationError } from './input-shapes.ts';
import { judgeAlarm } from './judge-alarm.ts';
import type { MetricStore } from './metric-store.ts';
import { parseStatistic } from './statistics.ts';

/** Alarms on one metric, put, described and deleted. Their state is worked out when they are described. */
export function alarmOperations(
  account: Account,
  store: MetricStore,
  alarms: Map<string, Alarm>,
): Operations {
  const evaluated = (alarm: Alarm): Alarm => {
    alarm.state = judgeAlarm(store, alarm, account.clock.now());
    return alarm;
  };
  return {
    PutMetricAlarm(call) {
      if (call.input['Metrics'] !== undefined || call.input['EvaluationCriteria'] !== undefined) {
        throw validationError(
          'Local AWS knows alarms on a single metric only: no Metrics, no EvaluationCriteria.',
        );
      }
      const input = parseInput(alarmInput, call.input, 'ValidationError');
      checkAlarm(input);
      const now = account.clock.now();
      // A new alarm begins without data; an updated one keeps its state.
      const state = alarms.get(input.AlarmName)?.state ?? {
        value: 'INSUFFICIENT_DATA' as const,
        reason: 'Unchecked: Initial alarm creation',
        since: now,
      };
      alarms.set(input.AlarmName, { ...input, updatedAt: now, state });
      account.changed();
      return answer();
    },
    DescribeAlarms(call) {
      const filter = parseInput(describeInput, call.input, 'ValidationError');
      const found = [...alarms.values()]
        .filter((alarm) => fits(alarm, filter))
        .map(evaluated)
        .filter(({ state }) => filter.StateValue === undefined || state.value === filter.StateValue);
      const { items, next } = page(found, filter.NextToken, filter.MaxRecords ?? 50);
      return answer({
        MetricAlarms: items.map((alarm) => described(account, alarm)),
        CompositeAlarms: [],
        ...(next === undefined ? {} : { NextToken: next }),
      });
    },
    DeleteAlarms(call) {
      const { AlarmNames } = parseInput(
        z.object({ AlarmNames: z.array(z.string()).max(100) }),
        call.input,
        'ValidationError',
      );
      const missing = AlarmNames.find((name) => !alarms.has(name));
      if (missing !== undefined && AlarmNames.length === 1) {
        throw new AwsError('ResourceNotFound', 404, `Unable to find alarm ${missing}`);
      }
      AlarmNames.forEach((name) => alarms.delete(name));
      account.changed();
      return answer();
    },
  };
}

const describeInput = z.object({
  AlarmNames: z.array(z.string()).max(100).optional(),
  AlarmNamePrefix: z.string().optional(),
  AlarmTypes: z.array(z.string()).optional(),
  ActionPrefix: z.string().optional(),
  StateValue: z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']).optional(),
  MaxRecords: wireInteger.optional(),
  NextToken: z.string().optional(),
});

function checkAlarm(input: AlarmInput): void {
  checkPeriod(input.Period);
  if ((input.Statistic === undefined) === (input.ExtendedStatistic === undefined)) {
    throw validationError('Exactly one of Statistic and ExtendedStatistic must be specified.');
  }
  if (parseStatistic(input.ExtendedStatistic ?? input.Statistic ?? '') === undefined) {
    throw validationError(
      `The value ${input.ExtendedStatistic ?? ''} for parameter ExtendedStatistic is not supported.`,
    );
  }
  if (input.EvaluationPeriods < 1) throw validationError('EvaluationPeriods must be at least 1.');
  if (
    input.DatapointsToAlarm !== undefined &&
    !(input.DatapointsToAlarm >= 1 && input.DatapointsToAlarm <= input.EvaluationPeriods)
  ) {
    throw validationError('DatapointsToAlarm must be between 1 and EvaluationPeriods.');
  }
}

function fits(alarm: Alarm, filter: z.output<typeof describeInput>): boolean {
  return (
    (filter.AlarmNames === undefined || filter.AlarmNames.includes(alarm.AlarmName)) &&
    (filter.AlarmNamePrefix === undefined || alarm.AlarmName.startsWith(filter.AlarmNamePrefix)) &&
    (filter.AlarmTypes === undefined || filter.AlarmTypes.includes('MetricAlarm')) &&
    (filter.ActionPrefix === undefined ||
      alarm.AlarmActions.some((action) => action.startsWith(filter.ActionPrefix ?? '')))
  );
}

function described(account: Account, { state, updatedAt, Dimensions, ...alarm }: Alarm): object {
  return {
    ...alarm,
    AlarmArn: `arn:aws:cloudwatch:${account.region}:${account.accountId}:alarm:${alarm.AlarmName}`,
    Dimensions: dimensionList(Dimensions),
    AlarmConfigurationUpdatedTimestamp: new Date(updatedAt),
    StateValue: state.value,
    StateReason: state.reason,
    StateUpdatedTimestamp: new Date(state.since),
    StateTransitionedTimestamp: new Date(state.since),
  };
}
