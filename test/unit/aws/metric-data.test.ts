import type { GetMetricDataCommandInput, GetMetricDataCommandOutput } from '@aws-sdk/client-cloudwatch';
import { expect, test } from 'vitest';
import type { Clients } from '../../../src/aws/clients.ts';
import { metricStat } from '../../../src/aws/metric-catalogue.ts';
import { readMetricData } from '../../../src/aws/metric-data.ts';
import { instant } from '../../../src/domain/units.ts';
import type { PlatformError } from '../../../src/ports/platform.ts';

type Page = Omit<GetMetricDataCommandOutput, '$metadata'>;
type Result = NonNullable<Page['MetricDataResults']>[number];

const router = { Environment: 'prod', Model: 'recommendation', ModelVersion: 'v1' };
const stats = [
  metricStat('router', 'Requests', 'Sum', router, 60_000),
  metricStat('router', 'Errors', 'Sum', router, 60_000),
];
const result = (
  Id: string,
  StatusCode: Result['StatusCode'],
  points: Record<number, number> = {},
): Result => ({
  Id,
  StatusCode,
  Timestamps: Object.keys(points).map((at) => new Date(Number(at))),
  Values: Object.values(points),
});

/** CloudWatch answering these pages, one a call. */
function cloudWatch(pages: readonly Page[]) {
  const sent: GetMetricDataCommandInput[] = [];
  const send = async (command: { input: GetMetricDataCommandInput }) =>
    pages[sent.push(command.input) - 1] ?? {};
  return { sent, clients: { of: () => ({ send }) } as unknown as Clients };
}

const read = (clients: Clients) => readMetricData(clients, { stats, from: instant(0), to: instant(120_000) });
const failure = async (pages: readonly Page[]) =>
  read(cloudWatch(pages).clients).then(
    () => undefined,
    (error: unknown) => (error as PlatformError).failure,
  );

test('pages are followed, and a point given twice counts once', async () => {
  const { clients, sent } = cloudWatch([
    {
      MetricDataResults: [result('m0', 'PartialData', { 0: 1 }), result('m1', 'PartialData')],
      NextToken: 'more',
    },
    {
      MetricDataResults: [result('m1', 'Complete', { 0: 3 }), result('m0', 'Complete', { 0: 1, 60_000: 2 })],
    },
  ]);
  expect(await read(clients)).toEqual([
    new Map([
      [0, 1],
      [60_000, 2],
    ]),
    new Map([[0, 3]]),
  ]);
  expect(sent.map(({ NextToken }) => NextToken)).toEqual([undefined, 'more']);
  expect(sent[0]?.MetricDataQueries?.[0]).toEqual({
    Id: 'm0',
    MetricStat: {
      Metric: {
        Namespace: 'Mlreg',
        MetricName: 'Requests',
        Dimensions: [
          { Name: 'Environment', Value: 'prod' },
          { Name: 'Model', Value: 'recommendation' },
          { Name: 'ModelVersion', Value: 'v1' },
        ],
      },
      Period: 60,
      Stat: 'Sum',
    },
  });
});

test.each([
  [
    'a part at the end',
    [{ MetricDataResults: [result('m0', 'Complete'), result('m1', 'PartialData')] }],
    'AWS',
  ],
  [
    'an error inside',
    [{ MetricDataResults: [result('m0', 'InternalError'), result('m1', 'Complete')], NextToken: 'more' }],
    '',
  ],
  ['no word of a metric', [{ MetricDataResults: [result('m0', 'Complete')] }], ''],
  ['nothing', [{}], ''],
  [
    'no end of pages',
    Array(200).fill({
      MetricDataResults: [result('m0', 'Complete'), result('m1', 'Complete')],
      NextToken: 'more',
    }),
  ],
] as [string, Page[]][])('%s is unreadable, not zero', async (_what, pages) => {
  expect(await failure(pages)).toMatchObject({ kind: 'unknown' });
});

test('forbidden is denied', async () => {
  const pages = [{ MetricDataResults: [result('m0', 'Complete'), result('m1', 'Forbidden')] }];
  expect(await failure(pages)).toMatchObject({ kind: 'denied', action: 'cloudwatch:GetMetricData' });
});

test('names, statistics and dimensions that do not exist are no program', () => {
  const endpoint = { EndpointName: 'e', VariantName: 'AllTraffic' };
  // @ts-expect-error -- a plural that no page of AWS's documents has
  metricStat('endpoint', 'Invocations5XXError', 'Sum', endpoint, 60_000);
  // @ts-expect-error -- a count has no percentiles
  metricStat('endpoint', 'Invocations', 'TC(0:1)', endpoint, 60_000);
  // @ts-expect-error -- all dimensions or no data
  metricStat('aliasVersion', 'Throttles', 'Sum', { FunctionName: 'f', Resource: 'f:live' }, 60_000);
  expect(metricStat('stage', '5xx', 'Sum', { ApiId: 'a', Stage: '$default' }, 60_000).Metric?.Namespace).toBe(
    'AWS/ApiGateway',
  );
});
