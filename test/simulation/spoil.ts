import type { ArmTick, Observation, Reading } from '../../src/domain/observation.ts';
import type { MetricFault } from './faults.ts';

/** What metrics say when they can't be trusted. */
export function spoil(kind: MetricFault, reading: Reading): Reading {
  if (kind === 'unreadable' || kind === 'metrics-denied')
    return { kind: 'unreadable', why: 'GetMetricData failed', denied: kind === 'metrics-denied' };
  if (reading.kind === 'unreadable') return reading;
  const { observations } = reading;
  if (kind === 'repeated')
    return { kind: 'read', observations: observations.flatMap((tick) => [tick, tick]) };
  return { kind: 'read', observations: observations.map((tick, index) => spoiled(kind, tick, index)) };
}

function spoiled(kind: MetricFault, tick: Observation, index: number): Observation {
  const arms = (champion: number, challenger: number): Observation => ({
    ...tick,
    champion: scaled(tick.champion, champion),
    challenger: scaled(tick.challenger, challenger),
  });
  switch (kind) {
    case 'late-metrics':
      return index === 0 ? tick : arms(0, 0);
    case 'zeros':
      return arms(0, 0);
    case 'half':
      return arms(0.5, 0.5);
    case 'doubled':
      return arms(2, 2);
    case 'no-champion':
      return arms(0, 1);
    case 'no-challenger':
      return arms(1, 0);
    case 'nan':
      return {
        ...tick,
        challenger: tick.challenger && { ...tick.challenger, requests: NaN, meanLatencyMs: NaN },
      };
    default:
      return tick;
  }
}

function scaled(arm: ArmTick | null, part: number): ArmTick | null {
  if (arm === null) return null;
  const count = (all: number): number => Math.floor(all * part);
  return {
    ...arm,
    requests: count(arm.requests),
    errors: count(arm.errors),
    endpointErrors: count(arm.endpointErrors ?? 0),
    ...(arm.latency && { latency: { ...arm.latency, count: arm.latency.count.map(count) } }),
  };
}
