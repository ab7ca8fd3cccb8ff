import { GetMetricDataCommand, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { beforeEach, describe, expect, it } from 'vitest';
import { createFaults, type FaultsRequest } from '../../../../src/local-aws/core/faults.ts';
import { defaultSettings } from '../../../../src/local-aws/core/settings.ts';
import { loadHandler } from '../../../../src/local-aws/data-plane/handler-module.ts';
import type { FunctionLogging } from '../../../../src/local-aws/seams.ts';
import { type Bench, bench, START } from './bench.ts';
import { type Clients, clients, failure } from './clients.ts';

let b: Bench;
let cloudwatch: Clients['cloudwatch'];
beforeEach(() => {
  b = bench();
  ({ cloudwatch } = clients(b.local));
});

const line = (at: number, version: string, values: Readonly<Record<string, number>>): string =>
  JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [
        {
          Namespace: 'Mlreg',
          Dimensions: [['ModelVersion']],
          Metrics: Object.keys(values).map((Name) => ({ Name, StorageResolution: 1 })),
        },
      ],
    },
    ModelVersion: version,
    ...values,
  });
const print = (...lines: string[]): void => b.local.putLogLines({ functionName: 'f' } as never, lines);
const query = (metric: string, version: string, Stat = 'Sum', Period = 10) => ({
  Id: 'q',
  MetricStat: {
    Metric: {
      Namespace: 'Mlreg',
      MetricName: metric,
      Dimensions: [{ Name: 'ModelVersion', Value: version }],
    },
    Period,
    Stat,
  },
});
async function values(metric: string, version: string, stat = 'Sum', period = 10): Promise<number[]> {
  const { MetricDataResults } = await cloudwatch.send(
    new GetMetricDataCommand({
      MetricDataQueries: [query(metric, version, stat, period)],
      StartTime: new Date(START),
      EndTime: new Date(START + 3_600_000 * 5),
      ScanBy: 'TimestampAscending',
    }),
  );
  return MetricDataResults![0]!.Values!;
}
const inject = (metrics: NonNullable<FaultsRequest['metrics']>): void => b.local.inject({ metrics });

describe('delayed metrics', () => {
  it('shows a sample only after its lag, counted from the time it is for', async () => {
    inject({ delays: [{ lagMs: 125_000 }] });
    print(line(START + 1_000, 'v1', { Requests: 3 }));
    await b.clock.advance(125_999);
    expect(await values('Requests', 'v1')).toEqual([]);
    expect((await cloudwatch.send(new ListMetricsCommand({}))).Metrics).toEqual([]);
    await b.clock.advance(1);
    expect(await values('Requests', 'v1')).toEqual([3]);
  });

  it('delays by dimension and by metric, and leaves the others alone', async () => {
    inject({ delays: [{ dimensions: { ModelVersion: 'v2' }, metric: 'Errors', lagMs: 600_000 }] });
    for (const version of ['v1', 'v2']) print(line(START, version, { Requests: 1, Errors: 1 }));
    expect(await values('Errors', 'v1')).toEqual([1]);
    expect(await values('Requests', 'v2')).toEqual([1]);
    expect(await values('Errors', 'v2')).toEqual([]);
    await b.clock.advance(600_000);
    expect(await values('Errors', 'v2')).toEqual([1]);
  });

  it('grows with load', async () => {
    inject({ delays: [{ lagMs: 1_000, perThousandMs: 100_000 }] });
    for (let i = 0; i < 100; i++) print(line(START, 'v1', { Requests: 1 }));
    await b.clock.advance(1_000);
    expect(await values('Requests', 'v1')).toEqual([1]);
    await b.clock.advance(5_000);
    expect(await values('Requests', 'v1')).toEqual([51]);
    await b.clock.advance(5_000);
    expect(await values('Requests', 'v1')).toEqual([100]);
  });

  it('gives a point in pieces', async () => {
    inject({ delays: [{ lagMs: 10_000, pieces: 2, spreadMs: 50_000 }] });
    for (let i = 0; i < 10; i++) print(line(START, 'v1', { Requests: 1 }));
    await b.clock.advance(10_000);
    expect(await values('Requests', 'v1')).toEqual([5]);
    await b.clock.advance(50_000);
    expect(await values('Requests', 'v1')).toEqual([10]);
  });

  it('is forgotten with the other faults', async () => {
    inject({ delays: [{ lagMs: 10_000 }] });
    b.local.inject({ reset: true });
    print(line(START, 'v1', { Requests: 1 }));
    expect(await values('Requests', 'v1')).toEqual([1]);
  });

  it('refuses a fault it does not know', () => {
    const faults = createFaults({ inject: () => undefined }, { ...defaultSettings });
    expect(() => faults.apply({ metrics: { lag: 1 } } as FaultsRequest)).toThrow(/lag/);
  });
});

it('gives no periods under a minute where the window begins more than three hours ago', async () => {
  print(line(START, 'v1', { Requests: 1 }));
  await b.clock.advance(3 * 3_600_000);
  expect(await values('Requests', 'v1', 'Sum', 10)).toEqual([1]);
  await b.clock.advance(1);
  expect(await values('Requests', 'v1', 'Sum', 10)).toEqual([]);
  expect(await values('Requests', 'v1', 'Sum', 60)).toEqual([1]);
});

describe('a refused statistic', () => {
  it('costs the whole call, as an unknown one does', async () => {
    inject({ refuse: [{ metric: 'Latency', statistic: 'TC(:5)' }] });
    expect(await failure(values('Latency', 'v1', 'TC(:5)'))).toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('TC(:5)') as string,
    });
    expect(await values('Errors', 'v1', 'TC(:5)')).toEqual([]);
  });

  it('costs only its own result where it is asked to', async () => {
    inject({ refuse: [{ statistic: 'Sum', how: 'result' }] });
    print(line(START, 'v1', { Requests: 1 }));
    expect(await values('Requests', 'v1')).toEqual([]);
    expect(await values('Requests', 'v1', 'SampleCount')).toEqual([1]);
  });
});

describe('the log format', () => {
  const code = Buffer.from(
    'exports.handler = () => { console.debug("d"); console.log("l"); process.stdout.write("s\\n"); }',
  );
  const printed = (logging: FunctionLogging | undefined): readonly string[] => {
    const lines: string[] = [];
    const version = { handler: 'index.handler', codeSha256: 'sha', code, ...(logging && { logging }) };
    void loadHandler(version as never, {}, (text) => lines.push(text)).handler({}, {});
    return lines;
  };

  it.each<[string, FunctionLogging | undefined, string[]]>([
    ['text', undefined, ['d', 'l', 's']],
    ['JSON', { format: 'JSON', level: 'INFO' }, ['{"level":"INFO","message":"l"}', 's']],
    ['JSON, errors only', { format: 'JSON', level: 'ERROR' }, ['s']],
  ])('%s: wraps or drops console lines, never what goes to stdout', (_name, logging, lines) => {
    expect(printed(logging)).toEqual(lines);
  });
});
