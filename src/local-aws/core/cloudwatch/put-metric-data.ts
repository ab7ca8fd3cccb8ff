import { z } from 'zod';
import type { Call } from '../../wire/messages.ts';
import type { Account } from '../account.ts';
import { parseInput, wireInteger, wireNumber, wireTime } from '../input.ts';
import { answer, type Operation } from '../operation.ts';
import { dimensionsInput, invalidParameter, namespaceInput } from './input-shapes.ts';
import { record, recordStatisticSet, type MetricStore, type Series } from './metric-store.ts';

/** PutMetricData with its limits: 1 MB, 1000 metrics, 150 values each, two weeks back to two hours ahead. */
export function putMetricData(account: Account, store: MetricStore): Operation {
  return (call: Call) => {
    if (call.payload.length > 1024 * 1024)
      throw invalidParameter('The request body must not exceed 1048576 bytes.');
    const { Namespace, MetricData } = parseInput(input, call.input, 'InvalidParameterValue');
    if (Namespace.startsWith('AWS/'))
      throw invalidParameter('The value AWS/ for parameter Namespace is invalid.');
    const data = MetricData.map((datum, i) => checked(datum, i, account.clock.now()));
    for (const datum of data) {
      const name = { namespace: Namespace, metricName: datum.MetricName, dimensions: datum.Dimensions };
      put(store.series(name, datum.Unit, datum.StorageResolution === 1 ? 1 : 60), datum);
    }
    return answer();
  };
}

const DAY_MS = 24 * 3600 * 1000;

const datumInput = z.object({
  MetricName: z.string().min(1).max(255),
  Dimensions: dimensionsInput,
  Timestamp: wireTime.optional(),
  Value: wireNumber.optional(),
  StatisticValues: z
    .object({ SampleCount: wireNumber, Sum: wireNumber, Minimum: wireNumber, Maximum: wireNumber })
    .optional(),
  Values: z.array(wireNumber).optional(),
  Counts: z.array(wireNumber).optional(),
  Unit: z.string().default('None'),
  StorageResolution: wireInteger.optional(),
});

type Datum = z.output<typeof datumInput> & { readonly at: number };

const input = z.object({ Namespace: namespaceInput, MetricData: z.array(datumInput).min(1).max(1000) });

function checked(datum: z.output<typeof datumInput>, index: number, now: number): Datum {
  const where = `MetricData.member.${index + 1}`;
  const { Value, Values, Counts, StatisticValues, Timestamp, StorageResolution } = datum;
  const given = [Value, Values, StatisticValues].filter((each) => each !== undefined).length;
  if (given === 0)
    throw invalidParameter(
      `At least one of the parameters ${where}.Value, Values or StatisticValues must be specified.`,
    );
  if (given > 1)
    throw invalidParameter(
      `The parameters ${where}.Value, Values and StatisticValues are mutually exclusive.`,
    );
  if (Values !== undefined && (Values.length === 0 || Values.length > 150)) {
    throw invalidParameter(`The collection ${where}.Values must have a size between 1 and 150.`);
  }
  if (Counts !== undefined && Counts.length !== (Values?.length ?? 0)) {
    throw invalidParameter(`The collections ${where}.Values and ${where}.Counts must have the same size.`);
  }
  if (Counts?.some((count) => count <= 0))
    throw invalidParameter(`The values of ${where}.Counts must be positive.`);
  const numbers = [Value, ...(Values ?? []), ...(Counts ?? []), ...Object.values(StatisticValues ?? {})];
  if (numbers.some((value) => value !== undefined && !(Math.abs(value) <= 2 ** 360))) {
    throw invalidParameter(`A value of ${where} must be a finite number between -2^360 and 2^360.`);
  }
  if (StorageResolution !== undefined && StorageResolution !== 1 && StorageResolution !== 60) {
    throw invalidParameter(
      `The value ${StorageResolution} for parameter ${where}.StorageResolution must be 1 or 60.`,
    );
  }
  const at = Timestamp ?? now;
  if (at < now - 14 * DAY_MS || at > now + 2 * 3600 * 1000) {
    throw invalidParameter(
      `The parameter ${where}.Timestamp must be within two weeks before and two hours after now.`,
    );
  }
  return { ...datum, at };
}

function put(series: Series, datum: Datum): void {
  const set = datum.StatisticValues;
  if (datum.Value !== undefined) record(series, datum.at, datum.Value);
  else if (set !== undefined) {
    recordStatisticSet(series, datum.at, {
      count: set.SampleCount,
      sum: set.Sum,
      min: set.Minimum,
      max: set.Maximum,
    });
  } else {
    datum.Values?.forEach((value, i) => {
      record(series, datum.at, value, datum.Counts?.[i] ?? 1);
    });
  }
}
