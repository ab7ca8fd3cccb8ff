import { describe, expect, it } from 'vitest';
import { createFlagger, passes } from '../../../bench/judge/peers/flagger.ts';
import { oracle } from './oracle.ts';

const checks = oracle('flagger-metric-checks', 'fromTests', 'boundsFromCode');
const scheduler = oracle('flagger-scheduler', 'derivedFromCodeNotTests', 'phaseSequences');

describe('Flagger: one value', () => {
  it.each(checks.boundsFromCode)('$range $threshold $value', ({ range, value, ...legacy }: any) => {
    const bounds = range ?? { threshold: legacy.threshold, name: legacy.legacyThresholdOn };
    const measured = value === 'NaN' ? Number.NaN : value;
    expect(passes(bounds, measured)).toBe(
      checks.boundsFromCode.find((row: any) => row.value === value && same(row, bounds)).passes,
    );
  });

  function same(row: any, bounds: any): boolean {
    return row.range === bounds || row.threshold === bounds.threshold;
  }

  it.each(checks.fromTests.filter(({ providerValue }: any) => providerValue !== undefined))(
    '$providerValue inside $metric.thresholdRange',
    ({ metric, providerValue, passes: expected }: any) => {
      expect(passes(metric.thresholdRange, providerValue)).toBe(expected);
    },
  );

  it('a metric without a value is a failed check', () => {
    const undefinedMetric = checks.fromTests.find((row: any) => row.metric.name === 'undefined metric');
    expect(passes(undefinedMetric.metric.thresholdRange, null)).toBe(undefinedMetric.passes);
  });
});

describe('Flagger: failed checks to rollback', () => {
  it.each(scheduler.derivedFromCodeNotTests.filter(({ checks }: any) => checks))(
    'threshold $threshold, $checks: tick $rollbackOnTick',
    ({ threshold, checks: results, rollbackOnTick }: any) => {
      const loop = createFlagger(threshold);
      const ticks = Array.from({ length: rollbackOnTick }, (_, i) => loop.tick(() => results[i] === 'pass'));
      expect(ticks).toEqual(ticks.map((_, i) => i === rollbackOnTick - 1));
    },
  );

  it('a canary at its threshold fails on the next tick, within the two of the peer’s test', () => {
    const row = scheduler.phaseSequences.find((one: any) => one.failedChecks !== undefined);
    const loop = createFlagger(row.threshold, row.failedChecks);
    const ticks = Array.from({ length: row.nextTicks }, () => loop.tick(() => true));
    expect(ticks).toContain(row.phase === 'Failed');
  });
});
