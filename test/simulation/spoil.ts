import type { ArmTick, Reading } from '../../src/domain/observation.ts';
import type { FaultKind } from './faults.ts';

/** What metrics say when they can't be trusted. */
export function spoil(kind: FaultKind, reading: Reading): Reading {
  if (kind === 'unreadable' || kind === 'metrics-denied')
    return { kind: 'unreadable', why: 'GetMetricData failed', denied: kind === 'metrics-denied' };
  if (reading.kind === 'unreadable') return reading;
  const part = kind === 'half' ? 0.5 : 0;
  return {
    kind: 'read',
    observations: reading.observations.map((tick) => ({
      ...tick,
      champion: less(tick.champion, part),
      challenger: less(tick.challenger, part),
    })),
  };
}

function less(arm: ArmTick | null, part: number): ArmTick | null {
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
