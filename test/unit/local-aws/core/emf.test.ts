import { describe, expect, test } from 'vitest';
import { recordEmf } from '../../../../src/local-aws/core/cloudwatch/emf.ts';
import { createMetricStore, periodsOf } from '../../../../src/local-aws/core/cloudwatch/metric-store.ts';
import { START } from './bench.ts';

type Directive = Record<string, unknown>;

function line(root: Record<string, unknown>, directive: Directive, timestamp = START): string {
  return JSON.stringify({ _aws: { Timestamp: timestamp, CloudWatchMetrics: [directive] }, ...root });
}

/** All that was recorded, as `name{dimensions} unit: values`. */
function recorded(...lines: string[]): string[] {
  const store = createMetricStore();
  recordEmf(store, lines, START);
  return [...store.all()].flatMap((metric) =>
    metric.series.map((series) => {
      const [first] = periodsOf(metric, { start: 0, end: 1e11, period: 60, unit: series.unit }, true);
      const dimensions = Object.entries(metric.dimensions).map(([key, value]) => `${key}=${value}`);
      const resolution = series.resolution === 1 ? '@1' : '';
      return `${metric.metricName}{${dimensions.join(',')}} ${series.unit}${resolution}: ${first?.[1].values.join(',') ?? ''}`;
    }),
  );
}

const base: Directive = {
  Namespace: 'mlreg',
  Dimensions: [['Arm']],
  Metrics: [{ Name: 'Latency', Unit: 'Milliseconds' }, { Name: 'Requests' }],
};

describe('takes metrics', () => {
  test.each<[string, string, string[]]>([
    [
      'of one dimension set, unit None by default',
      line({ Arm: 'a', Latency: 12.5, Requests: 1 }, base),
      ['Latency{Arm=a} Milliseconds: 12.5', 'Requests{Arm=a} None: 1'],
    ],
    [
      'of several dimension sets, the empty one included',
      line(
        { Arm: 'a', Env: 'p', Latency: 1 },
        { ...base, Dimensions: [['Arm'], ['Arm', 'Env'], []], Metrics: [{ Name: 'Latency' }] },
      ),
      ['Latency{Arm=a} None: 1', 'Latency{Arm=a,Env=p} None: 1', 'Latency{} None: 1'],
    ],
    [
      'of a list of values',
      line({ Arm: 'a', Latency: [1, 2, 3] }, { ...base, Metrics: [{ Name: 'Latency' }] }),
      ['Latency{Arm=a} None: 1,2,3'],
    ],
    [
      'at high resolution',
      line({ Arm: 'a', Latency: 1 }, { ...base, Metrics: [{ Name: 'Latency', StorageResolution: 1 }] }),
      ['Latency{Arm=a} None@1: 1'],
    ],
    [
      'after a prefix',
      `2026-11-21 INFO ${line({ Arm: 'a', Requests: 1 }, base)}`,
      ['Requests{Arm=a} None: 1'],
    ],
    ['as far as targets are there', line({ Arm: 'a', Requests: 2 }, base), ['Requests{Arm=a} None: 2']],
  ])('%s', (_, text, expected) => {
    expect(recorded(text)).toEqual(expected);
  });

  test('of several directives, at the stated time', () => {
    const store = createMetricStore();
    const directives = [base, { ...base, Namespace: 'other' }];
    const text = JSON.stringify({
      _aws: { Timestamp: START - 61_000, CloudWatchMetrics: directives },
      Arm: 'a',
      Requests: 1,
    });
    recordEmf(store, ['plain line', text], START);
    expect([...store.all()].map(({ namespace, lastAt }) => [namespace, lastAt()])).toEqual([
      ['mlreg', START - 120_000],
      ['other', START - 120_000],
    ]);
  });
});

test.each<[string, string]>([
  ['a line that is no JSON', '{"_aws" oops'],
  ['no metadata', JSON.stringify({ _aws: {}, Requests: 1 })],
  ['no timestamp', JSON.stringify({ _aws: { CloudWatchMetrics: [base] }, Arm: 'a', Requests: 1 })],
  ['a dimension that is missing', line({ Requests: 1 }, base)],
  ['a dimension that is a number', line({ Arm: 1, Requests: 1 }, base)],
  ['a dimension that is nested', line({ x: { Arm: 'a' }, Requests: 1 }, base)],
  ['a value that is text', line({ Arm: 'a', Requests: '1' }, base)],
  ['a list with text in it', line({ Arm: 'a', Requests: [1, 'x'] }, base)],
  ['a list of 101 values', line({ Arm: 'a', Requests: Array.from({ length: 101 }, () => 1) }, base)],
  [
    '101 metrics',
    line({ Arm: 'a', m: 1 }, { ...base, Metrics: Array.from({ length: 101 }, () => ({ Name: 'm' })) }),
  ],
  [
    '31 dimensions',
    line({ Arm: 'a', Requests: 1 }, { ...base, Dimensions: [Array.from({ length: 31 }, () => 'Arm')] }),
  ],
  [
    'a resolution of 5',
    line({ Arm: 'a', m: 1 }, { ...base, Metrics: [{ Name: 'm', StorageResolution: 5 }] }),
  ],
  ['an AWS namespace', line({ Arm: 'a', Requests: 1 }, { ...base, Namespace: 'AWS/Lambda' })],
  ['a time three weeks ago', line({ Arm: 'a', Requests: 1 }, base, START - 21 * 24 * 3600_000)],
  ['a time tomorrow', line({ Arm: 'a', Requests: 1 }, base, START + 24 * 3600_000)],
])('takes nothing of %s', (_, text) => {
  expect(recorded(text)).toEqual([]);
});

describe('a line that begins as one before it', () => {
  const begin = (timestamp: number, directive = base): string =>
    `{"_aws":{"Timestamp":${timestamp},"CloudWatchMetrics":[${JSON.stringify(directive)}]},`;

  test.each<[string, string, string[]]>([
    ['gives its own values', `${begin(START)}"Arm":"a","Requests":3}`, ['Requests{Arm=a} None: 1,3']],
    [
      'gives its own dimensions',
      `${begin(START)}"Arm":"b","Requests":3}`,
      ['Requests{Arm=a} None: 1', 'Requests{Arm=b} None: 3'],
    ],
    ['keeps its own time', `${begin(START - 90_000)}"Arm":"a","Requests":3}`, ['Requests{Arm=a} None: 3']],
    ['is of a time too old', `${begin(1)}"Arm":"a","Requests":3}`, ['Requests{Arm=a} None: 1']],
    ['has a number that is none', `${begin(START)}"Arm":"a","Requests":03}`, ['Requests{Arm=a} None: 1']],
    ['is cut off', `${begin(START)}"Arm":"a","Requests":3`, ['Requests{Arm=a} None: 1']],
    [
      'has a second _aws, which is the one that counts',
      `${begin(START)}"Arm":"a","Requests":3,"Errors":5,${line({}, { ...base, Metrics: [{ Name: 'Errors' }] }).slice(1)}`,
      ['Requests{Arm=a} None: 1', 'Errors{Arm=a} None: 5'],
    ],
    [
      'goes on otherwise',
      `${begin(START, { ...base, Namespace: 'other' })}"Arm":"a","Requests":3}`,
      ['Requests{Arm=a} None: 1', 'Requests{Arm=a} None: 3'],
    ],
  ])('%s', (_, text, expected) => {
    expect(recorded(line({ Arm: 'a', Requests: 1 }, base), text)).toEqual(expected);
  });

  test('is not taken for it where a string holds what looks like the end', () => {
    const odd = { ...base, Namespace: 'a]},"b' };
    const text = line({ Arm: 'a', Requests: 1 }, odd);
    expect(recorded(text, text)).toEqual(['Requests{Arm=a} None: 1']);
  });

  test('does not mix up dimensions whose values run together', () => {
    const two = { ...base, Dimensions: [['Arm', 'Env']] };
    expect(
      recorded(
        line({ Arm: 'a 1:b', Env: 'c', Requests: 1 }, two),
        line({ Arm: 'a', Env: 'b 1:c', Requests: 2 }, two),
      ),
    ).toEqual(['Requests{Arm=a 1:b,Env=c} None: 1', 'Requests{Arm=a,Env=b 1:c} None: 2']);
  });
});
