import { describe, expect, it } from 'vitest';
import { missingText } from '../../../src/aws/given-statistics.ts';
import { metricStat } from '../../../src/aws/metric-catalogue.ts';

const endpoint = { EndpointName: 'e', VariantName: 'v' };
const router = { Environment: 'e', Model: 'm', ModelVersion: 'v1' };
const singular = metricStat('endpoint', 'Invocation5XXErrors', 'Sum', endpoint, 60_000);
const plural = metricStat('endpoint', 'Invocations5XXErrors', 'Sum', endpoint, 60_000);
const sum = metricStat('router', 'Latency', 'Sum', router, 60_000);
const trimmed = metricStat('router', 'Latency', 'TC(:5)', router, 60_000);
const given = new Map<number, number>();

describe('what a person is told of statistics that CloudWatch refuses', () => {
  it.each([
    ['all are given', [singular, plural, sum], [given, given, given], null],
    ['one of two spellings is given', [singular, plural], [null, given], null],
    ['the other one is given', [singular, plural], [given, null], null],
    ['neither spelling is given', [singular, plural], [null, null], /Invocation5XXErrors Sum and 1 more/],
    ['another statistic of the metric is given', [sum, trimmed], [given, null], /Latency TC\(:5\):/],
  ] as const)('%s', (_what, stats, points, expected) => {
    const text = missingText(stats, points);
    if (expected === null) expect(text).toBeNull();
    else expect(text).toMatch(expected);
  });
});
