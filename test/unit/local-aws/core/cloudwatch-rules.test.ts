import {
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  ListMetricsCommand,
  paginateGetMetricData,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  type GetMetricDataCommandInput,
  type MetricDatum,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { beforeEach, describe, expect, test } from 'vitest';
import { bench, START, type Bench } from './bench.ts';
import { clients, failure, type Clients } from './clients.ts';

let b: Bench;
let cloudwatch: Clients['cloudwatch'];
beforeEach(() => {
  b = bench();
  ({ cloudwatch } = clients(b.local));
});

const at = (seconds: number) => new Date(START + seconds * 1000);
const put = (...MetricData: Partial<MetricDatum>[]) =>
  cloudwatch.send(
    new PutMetricDataCommand({
      Namespace: 'N',
      MetricData: MetricData.map((datum) => ({ MetricName: 'm', ...datum })),
    }),
  );
const query = (Id: string, Stat: string, Period = 60, MetricName = 'm') => ({
  Id,
  MetricStat: { Metric: { Namespace: 'N', MetricName }, Period, Stat },
});
const ask = (input: Partial<GetMetricDataCommandInput>): GetMetricDataCommandInput => ({
  MetricDataQueries: [query('q', 'Sum')],
  StartTime: at(-3600),
  EndTime: at(3600),
  ScanBy: 'TimestampAscending',
  ...input,
});
const get = (input: Partial<GetMetricDataCommandInput> = {}) =>
  cloudwatch.send(new GetMetricDataCommand(ask(input)));
/** The first result's points as [seconds after START, value]. */
async function points(input: Partial<GetMetricDataCommandInput> = {}): Promise<[number, number][]> {
  const [result] = (await get(input)).MetricDataResults!;
  return result!.Timestamps!.map((time, i) => [(time.getTime() - START) / 1000, result!.Values![i]!]);
}

describe('PutMetricData', () => {
  test.each<[string, Partial<MetricDatum>, Record<string, number | undefined>]>([
    ['a value', { Value: 3 }, { Sum: 3, SampleCount: 1, p50: 3 }],
    ['values', { Values: [1, 2, 4] }, { Sum: 7, SampleCount: 3, p50: 2, Maximum: 4 }],
    [
      'values with counts',
      { Values: [1, 10], Counts: [9, 1] },
      { Sum: 19, SampleCount: 10, p50: 1, p100: 10, 'TC(1:)': 1 },
    ],
    [
      'a statistic set',
      { StatisticValues: { SampleCount: 4, Sum: 20, Minimum: 1, Maximum: 9 } },
      { Sum: 20, Average: 5, Minimum: 1, Maximum: 9, SampleCount: 4, p50: undefined },
    ],
    [
      'a statistic set of equal values',
      { StatisticValues: { SampleCount: 4, Sum: 20, Minimum: 5, Maximum: 5 } },
      { Sum: 20, p99: 5 },
    ],
  ])('takes %s', async (_, datum, expected) => {
    await put(datum);
    const stats = Object.keys(expected);
    const { MetricDataResults } = await get({
      MetricDataQueries: stats.map((stat, i) => query(`q${i}`, stat)),
    });
    const values = MetricDataResults!.map(({ Values }) => Values![0]);
    expect(Object.fromEntries(stats.map((stat, i) => [stat, values[i]]))).toEqual(expected);
  });

  test.each<[string, Partial<MetricDatum>]>([
    ['nothing', {}],
    ['a value and values', { Value: 1, Values: [1] }],
    ['151 values', { Values: Array.from({ length: 151 }, (_, i) => i) }],
    ['counts of another length', { Values: [1, 2], Counts: [1] }],
    ['a count of zero', { Values: [1], Counts: [0] }],
    ['a value too great', { Value: 2 ** 361 }],
    ['a resolution of 5', { Value: 1, StorageResolution: 5 }],
    ['a time three weeks ago', { Value: 1, Timestamp: at(-21 * 86_400) }],
    ['a time in three hours', { Value: 1, Timestamp: at(3 * 3600) }],
    [
      '31 dimensions',
      { Value: 1, Dimensions: Array.from({ length: 31 }, (_, i) => ({ Name: `d${i}`, Value: 'x' })) },
    ],
  ])('refuses %s', async (_, datum) => {
    expect(await failure(put(datum))).toMatchObject({ name: 'InvalidParameterValueException', status: 400 });
    expect((await cloudwatch.send(new ListMetricsCommand({}))).Metrics).toEqual([]);
  });

  test('refuses NaN', async () => {
    expect((await failure(put({ Value: NaN }))).name).not.toBe('fulfilled');
  });

  test('refuses AWS namespaces, in its words', async () => {
    const forbidden = cloudwatch.send(
      new PutMetricDataCommand({ Namespace: 'AWS/Lambda', MetricData: [{ MetricName: 'm', Value: 1 }] }),
    );
    expect(await failure(forbidden)).toEqual({
      name: 'InvalidParameterValueException',
      status: 400,
      message: 'The value AWS/ for parameter Namespace is invalid.',
    });
  });

  test('takes 1000 metrics, which the SDK sends gzipped', async () => {
    await put(...Array.from({ length: 1000 }, (_, i) => ({ MetricName: `m${i}`, Value: i })));
    expect(await points({ MetricDataQueries: [query('q', 'Sum', 60, 'm999')] })).toEqual([[0, 999]]);
  });
});

describe('GetMetricData', () => {
  test('newest first by default; no point where there is no data', async () => {
    for (const second of [0, 60, 180]) await put({ Value: second + 1, Timestamp: at(second) });
    expect(await points()).toEqual([
      [0, 1],
      [60, 61],
      [180, 181],
    ]); // prettier-ignore
    expect(await points({ ScanBy: undefined })).toEqual([
      [180, 181],
      [60, 61],
      [0, 1],
    ]); // prettier-ignore
    expect(await points({ MetricDataQueries: [query('q', 'Sum', 60, 'other')] })).toEqual([]);
  });

  test('start is rounded down to the period, end is exclusive', async () => {
    for (const second of [0, 60, 120]) await put({ Value: 1, Timestamp: at(second) });
    expect(await points({ StartTime: at(59), EndTime: at(120) })).toEqual([
      [0, 1],
      [60, 1],
    ]); // prettier-ignore
  });

  test('standard resolution gives points of a minute, high resolution of a second', async () => {
    await put({ MetricName: 'high', Value: 1, Timestamp: at(61), StorageResolution: 1 });
    await put({ MetricName: 'standard', Value: 1, Timestamp: at(61) });
    expect(await points({ MetricDataQueries: [query('q', 'Sum', 1, 'high')] })).toEqual([[61, 1]]);
    expect(await points({ MetricDataQueries: [query('q', 'Sum', 1, 'standard')] })).toEqual([[60, 1]]);
  });

  test('a unit that does not match gives nothing', async () => {
    await put({ Value: 1, Unit: 'Milliseconds' });
    const withUnit = (Unit: 'Milliseconds' | 'Seconds') => {
      const base = query('q', 'Sum');
      return points({ MetricDataQueries: [{ ...base, MetricStat: { ...base.MetricStat, Unit } }] });
    };
    expect([await withUnit('Milliseconds'), await withUnit('Seconds')]).toEqual([[[0, 1]], []]);
  });

  test.each([100, 7, 1])('pages of %d points join to the same as one', async (MaxDatapoints) => {
    for (let i = 0; i < 20; i++)
      await put({ Value: i, Timestamp: at(i * 60) }, { MetricName: 'n', Value: -i, Timestamp: at(i * 60) });
    const queries = [query('a', 'Sum'), query('b', 'Sum', 60, 'n'), query('c', 'SampleCount')];
    const whole = await get({ MetricDataQueries: queries });
    expect(whole.MetricDataResults!.map(({ StatusCode }) => StatusCode)).toEqual([
      'Complete',
      'Complete',
      'Complete',
    ]);
    const joined = new Map<string, number[]>();
    let pages = 0;
    for await (const page of paginateGetMetricData(
      { client: cloudwatch },
      ask({ MetricDataQueries: queries, MaxDatapoints }),
    )) {
      pages++;
      const given = page.MetricDataResults!.reduce((sum, { Values }) => sum + Values!.length, 0);
      expect(given).toBeLessThanOrEqual(MaxDatapoints);
      const partial = page.MetricDataResults!.some(({ StatusCode }) => StatusCode === 'PartialData');
      expect(partial).toBe(page.NextToken !== undefined);
      for (const { Id, Values } of page.MetricDataResults!)
        joined.set(Id!, [...(joined.get(Id!) ?? []), ...Values!]);
    }
    expect(pages).toBe(Math.ceil(60 / MaxDatapoints));
    expect([...joined]).toEqual(whole.MetricDataResults!.map(({ Id, Values }) => [Id, Values]));
  });

  test.each<[string, Partial<GetMetricDataCommandInput>, string]>([
    ['an end before the start', { StartTime: at(1), EndTime: at(0) }, 'StartTime must be less'],
    ['no queries', { MetricDataQueries: [] }, 'empty'],
    [
      '501 queries',
      { MetricDataQueries: Array.from({ length: 501 }, (_, i) => query(`q${i}`, 'Sum')) },
      '500',
    ],
    ['one id twice', { MetricDataQueries: [query('q', 'Sum'), query('q', 'Sum')] }, 'not unique'],
    ['an id with a capital', { MetricDataQueries: [query('Q', 'Sum')] }, 'pattern'],
    ['a period of 45 s', { MetricDataQueries: [query('q', 'Sum', 45)] }, 'Period'],
    ['an unknown statistic', { MetricDataQueries: [query('q', 'Median')] }, 'Stat'],
    ['an expression', { MetricDataQueries: [{ Id: 'q', Expression: 'a+b' }] }, 'expressions'],
    ['100,801 points', { MaxDatapoints: 100_801 }, 'MaxDatapoints'],
  ])('refuses %s', async (_, input, message) => {
    expect(await failure(get(input))).toMatchObject({
      name: 'ValidationException',
      status: 400,
      message: expect.stringContaining(message),
    });
  });

  test('takes 500 queries', async () => {
    const { MetricDataResults } = await get({
      MetricDataQueries: Array.from({ length: 500 }, (_, i) => query(`q${i}`, 'Sum')),
    });
    expect(MetricDataResults).toHaveLength(500);
  });

  test.each(['nonsense', Buffer.from('{"query":0,"digest":"x"}').toString('base64')])(
    'refuses the token %s',
    async (NextToken) => {
      expect(await failure(get({ NextToken }))).toMatchObject({
        status: 400,
        name: expect.stringContaining('InvalidNextToken'),
      });
    },
  );
});

test('ListMetrics filters by namespace, name, dimension and activity', async () => {
  await put(
    { Value: 1, Dimensions: [{ Name: 'A', Value: '1' }] },
    { MetricName: 'old', Value: 1, Timestamp: at(-4 * 3600) },
  );
  await cloudwatch.send(
    new PutMetricDataCommand({ Namespace: 'Other', MetricData: [{ MetricName: 'x', Value: 1 }] }),
  );
  const list = async (input: object) =>
    (await cloudwatch.send(new ListMetricsCommand(input))).Metrics!.map(({ MetricName }) => MetricName);
  expect(await list({})).toEqual(['m', 'old', 'x']);
  expect(await list({ Namespace: 'N' })).toEqual(['m', 'old']);
  expect(await list({ Namespace: 'N', RecentlyActive: 'PT3H' })).toEqual(['m']);
  expect(await list({ Dimensions: [{ Name: 'A' }] })).toEqual(['m']);
  expect(await list({ Dimensions: [{ Name: 'A', Value: '2' }] })).toEqual([]);
});

describe('alarms', () => {
  const alarm = (more: Partial<PutMetricAlarmCommandInput> = {}) =>
    cloudwatch.send(
      new PutMetricAlarmCommand({
        AlarmName: 'a',
        Namespace: 'N',
        MetricName: 'm',
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 3,
        Threshold: 5,
        ComparisonOperator: 'GreaterThanThreshold',
        ...more,
      }),
    );
  const state = async () =>
    (await cloudwatch.send(new DescribeAlarmsCommand({}))).MetricAlarms?.[0]?.StateValue;

  // Minutes before now, oldest first; undefined is a gap.
  test.each<[string, (number | undefined)[], Partial<PutMetricAlarmCommandInput>, string]>([
    ['no data', [], {}, 'INSUFFICIENT_DATA'],
    ['all below', [1, 1, 1], {}, 'OK'],
    ['all above', [9, 9, 9], {}, 'ALARM'],
    ['two of three above, three needed', [9, 1, 9], {}, 'OK'],
    ['two of three above, two needed', [9, 1, 9], { DatapointsToAlarm: 2 }, 'ALARM'],
    ['at the threshold', [5, 5, 5], {}, 'OK'],
    [
      'at the threshold, or equal',
      [5, 5, 5],
      { ComparisonOperator: 'GreaterThanOrEqualToThreshold' },
      'ALARM',
    ],
    ['one above among gaps', [undefined, 9, undefined], {}, 'ALARM'],
    [
      'one above among gaps, not breaching',
      [undefined, 9, undefined],
      { TreatMissingData: 'notBreaching' },
      'OK',
    ],
    ['gaps only, not breaching', [], { TreatMissingData: 'notBreaching' }, 'OK'],
    ['gaps only, breaching', [], { TreatMissingData: 'breaching' }, 'ALARM'],
    ['gaps only, ignored', [], { TreatMissingData: 'ignore' }, 'INSUFFICIENT_DATA'],
    ['a percentile', [9, 9, 9], { Statistic: undefined, ExtendedStatistic: 'p99' }, 'ALARM'],
  ])('%s', async (_, minutes, more, expected) => {
    await alarm(more);
    for (const [i, value] of minutes.entries()) {
      if (value !== undefined) await put({ Value: value, Timestamp: at((i - 3) * 60) });
    }
    expect(await state()).toBe(expected);
  });

  test('tell when their state changed, keep it over an update, and go', async () => {
    await alarm();
    for (const minute of [-3, -2, -1]) await put({ Value: 9, Timestamp: at(minute * 60) });
    expect(await state()).toBe('ALARM');
    await b.clock.advance(10_000);
    await alarm({ Threshold: 6 });
    const { MetricAlarms } = await cloudwatch.send(
      new DescribeAlarmsCommand({ AlarmNamePrefix: 'a', StateValue: 'ALARM' }),
    );
    expect(MetricAlarms).toMatchObject([
      { AlarmName: 'a', Threshold: 6, StateValue: 'ALARM', StateUpdatedTimestamp: at(0) },
    ]);
    await cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: ['a'] }));
    expect(await state()).toBeUndefined();
    expect(await failure(cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: ['a'] })))).toMatchObject({
      name: 'ResourceNotFound',
      status: 404,
    });
  });

  test.each<[string, Partial<PutMetricAlarmCommandInput>]>([
    ['two statistics', { ExtendedStatistic: 'p99' }],
    ['metric math', { Metrics: [{ Id: 'x', Expression: '1' }] }],
    ['a period of 45 s', { Period: 45 }],
    ['more datapoints than periods', { DatapointsToAlarm: 4 }],
  ])('refuse %s', async (_, more) => {
    expect(await failure(alarm(more))).toMatchObject({ name: 'ValidationException', status: 400 });
  });
});
