import type { JudgePolicy } from '../../src/domain/policy.ts';
import type { RolloutCell } from './whole-rollout.ts';

export interface NamedCell extends RolloutCell {
  readonly group: Group;
  readonly name: string;
  /** Healthy: a rollback is false. */
  readonly healthy: boolean;
  readonly changes?: Partial<JudgePolicy>;
}

export const groups = [
  'endpoint',
  'flawless',
  'warm-up',
  'alone',
  'held-back',
  'proof',
  'incident',
  'sick',
] as const;
export type Group = (typeof groups)[number];

const canary = [10, 50, 100] as const;
const flat = (rate: number) => () => rate;

/** Whole rollouts under the defaults, guardrails on. */
export function rolloutCells(): readonly NamedCell[] {
  return [
    ...endpointErrors(),
    ...flawless(),
    ...warmUps(),
    ...alone(),
    ...heldBack(),
    ...carriedProof(),
    ...incidents(),
    ...sick(),
  ];
}

/** A healthy challenger of a busy service: the guardrail on endpoint errors. */
function endpointErrors(): readonly NamedCell[] {
  const cells = (
    [
      [100, 0.01],
      [40, 0.01],
      [20, 0.01],
      [100, 0.002],
    ] as const
  ).map(
    ([perSecond, rate]): NamedCell => ({
      group: 'endpoint',
      name: `${perSecond}/s, ${100 * rate} % on both, endpointErrorsPerMinute 10`,
      healthy: true,
      perSecond,
      steps: canary,
      champion: flat(rate),
      challenger: flat(rate),
      endpointErrors: true,
    }),
  );
  return [
    ...cells,
    ...cells.map(
      (cell): NamedCell => ({ ...cell, name: `${cell.name}, shares by the clock`, byClock: true }),
    ),
  ];
}

/** A champion without a failure. */
function flawless(): readonly NamedCell[] {
  const at = (history: number): readonly NamedCell[] =>
    [0, 0.01, 0.04].map((more) => ({
      group: 'flawless',
      name: `champion 0 %, 10/s, +${100 * more} points, ${history === 0 ? 'no' : `${history / 60} h`} history`,
      healthy: more === 0,
      perSecond: 10,
      steps: [10, 50],
      champion: flat(0),
      challenger: flat(more),
      historyMinutes: history,
    }));
  return [...at(0), ...at(180)];
}

/** Healthy but cold whenever its share grows. */
function warmUps(): readonly NamedCell[] {
  const cell = (name: string, perSecond: number, latency: RolloutCell['latency']): NamedCell => ({
    group: 'warm-up',
    name,
    healthy: true,
    perSecond,
    steps: [10, 50],
    champion: flat(0.001),
    challenger: flat(0.001),
    latency: latency!,
  });
  const at50 = (percent: number): boolean => percent === 50;
  return [
    cell('x1.5 that decays in 3 min, 100/s', 100, {
      factor: ({ percent, atShare }) => 1 + (at50(percent) ? 0.5 * Math.exp(-atShare / 3) : 0),
    }),
    cell('x2 that decays in 2 min, 10/s', 10, {
      factor: ({ percent, atShare }) => 1 + (at50(percent) ? Math.exp(-atShare / 2) : 0),
    }),
    cell('5 % of requests 1.9 s in the first minute, 100/s', 100, {
      factor: () => 1,
      slow: ({ percent, atShare }) => ({ share: at50(percent) && atShare < 1 ? 0.05 : 0, ms: 1900 }),
    }),
    { ...cell('x1.5 for good, 100/s', 100, { factor: () => 1.5 }), healthy: false },
    { ...cell('x1.5 for good, 10/s', 10, { factor: () => 1.5 }), healthy: false },
    { ...cell('x1.2 for good, 100/s', 100, { factor: () => 1.2 }), healthy: false },
  ];
}

/** Worse with all traffic only. */
function alone(): readonly NamedCell[] {
  const cell = (perSecond: number, more: number): NamedCell => ({
    group: 'alone',
    name: `${perSecond}/s, 0.1 %, +${100 * more} points at 100 % only`,
    healthy: more === 0,
    perSecond,
    steps: canary,
    champion: flat(0.001),
    challenger: ({ percent }) => 0.001 + (percent === 100 ? more : 0),
    endpointErrors: true,
  });
  return [cell(10, 0), cell(10, 0.01), cell(100, 0), cell(100, 0.03)];
}

/** 2 % of users stay with the champion until the last bake is over. */
function heldBack(): readonly NamedCell[] {
  const cell = (perSecond: number, p0: number, more: number): NamedCell => ({
    group: 'held-back',
    name: `${perSecond}/s, ${100 * p0} %, +${100 * more} points at 98 % only, 2 % held back`,
    healthy: more === 0,
    perSecond,
    steps: [10, 50, 98],
    champion: flat(p0),
    challenger: ({ percent }) => p0 + (percent === 98 ? more : 0),
    endpointErrors: true,
  });
  return [
    cell(10, 0.001, 0),
    cell(10, 0.01, 0),
    cell(100, 0.001, 0),
    cell(100, 0.01, 0),
    cell(10, 0.001, 0.01),
    cell(100, 0.001, 0.01),
    cell(100, 0.001, 0.03),
  ];
}

/** Healthy at 10 %, worse at 50 %, which is the last step. */
function carriedProof(): readonly NamedCell[] {
  return (
    [
      [100, 0.01, 0.02],
      [1000, 0.001, 0.002],
      [100, 0.01, 0.01],
    ] as const
  ).map(([perSecond, p0, p1]) => ({
    group: 'proof',
    name: `--steps 10,50, ${perSecond}/s, ${100 * p0} %, ${100 * p1} % at 50 %`,
    healthy: p0 === p1,
    perSecond,
    steps: [10, 50],
    champion: flat(p0),
    challenger: ({ percent }) => (percent === 50 ? p1 : p0),
  }));
}

/** Ten minutes in which both arms fail, 20 minutes into the first bake. */
function incidents(): readonly NamedCell[] {
  const rate = (minute: number): number => (minute >= 20 && minute < 30 ? 0.3 : 0.005);
  return [20, 100].map((perSecond) => ({
    group: 'incident',
    name: `${perSecond}/s, 0.5 %, both 30 % for 10 min`,
    healthy: true,
    perSecond,
    steps: canary,
    champion: rate,
    challenger: ({ minute }) => rate(minute),
  }));
}

/** A champion that is over a limit already, and its fix. */
function sick(): readonly NamedCell[] {
  return [0.08, 0.01].map((p1) => ({
    group: 'sick',
    name: `20/s, champion 8 % with a limit of 5 %, challenger ${100 * p1} %`,
    healthy: true,
    perSecond: 20,
    steps: canary,
    champion: flat(0.08),
    challenger: flat(p1),
    endpointErrors: true,
  }));
}
