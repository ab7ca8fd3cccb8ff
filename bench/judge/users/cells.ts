import type { PopulationKind } from './population.ts';
import type { UserScenario, Variant } from './rollout.ts';

export interface UserCell {
  readonly name: string;
  readonly kind: 'healthy' | 'regression';
  readonly scenario: UserScenario;
  readonly variants: readonly Variant[];
}

const hour = 60;
const a = (users: number, zipf: number): PopulationKind => ({ users, zipf, errorRate: 0.01, beta: 0.2 });
const b = (count: number, share: number, errorRate = 1): PopulationKind => ({
  users: 2000,
  zipf: 0.67,
  errorRate: 0.005,
  beta: null,
  bots: { count, share, errorRate },
});
const p: PopulationKind = { users: 2000, zipf: 0.67, errorRate: 0.01, beta: 1 };
const q: PopulationKind = { users: 2000, zipf: 1, errorRate: 0.01, beta: 0.2 };
const speeds = (zipf: number, speedSd: number): PopulationKind => ({ ...p, zipf, errorRate: 0.001, speedSd });

/** The cells whose standing decides the gate's level. */
const healthyAll: readonly Variant[] = ['judge', 'kept', 'gate', 'strata'];
const found: readonly Variant[] = ['judge', 'kept', 'gate', 'strata'];

function cell(
  name: string,
  kind: UserCell['kind'],
  population: PopulationKind,
  perSecond: number,
  more: Partial<UserScenario> = {},
  variants: readonly Variant[] = kind === 'healthy' ? healthyAll : found,
): UserCell {
  return { name, kind, scenario: { population, perSecond, bakeMinutes: hour, ...more }, variants };
}

const added = (rate: number) => ({ fault: { kind: 'added', rate } }) as const;

export const userCells: readonly UserCell[] = [
  cell('A n=2000 z=1.5 10/s', 'healthy', a(2000, 1.5), 10),
  cell('A n=200 z=1.5 10/s', 'healthy', a(200, 1.5), 10),
  cell('A n=200 z=1 10/s', 'healthy', a(200, 1), 10),
  cell('A n=2000 z=1 10/s', 'healthy', a(2000, 1), 10),
  cell('B4 four bots of 2 % 10/s', 'healthy', b(4, 0.02), 10),
  cell('B bot 5 % failing always 10/s', 'healthy', b(1, 0.05), 10),
  cell('A n=2000 z=1 1/s', 'healthy', a(2000, 1), 1),
  cell('A n=200 z=1.5 1/s', 'healthy', a(200, 1.5), 1),
  cell('A n=2000 z=1 churn 10/s', 'healthy', a(2000, 1), 10, { churn: 0.3 }),
  cell('D 15 min bakes n=2000 z=1 10/s', 'healthy', a(2000, 1), 10, { bakeMinutes: 15 }),
  cell('20 callers z=0.67 10/s', 'healthy', a(20, 0.67), 10),
  cell('P x2 10/s', 'regression', { ...p, ...added(0.01) }, 10),
  cell('Q x2 10/s', 'regression', { ...q, ...added(0.01) }, 10),
  cell('P x5 10/s', 'regression', { ...p, ...added(0.04) }, 10),
  cell('S 1 % of users fail 10/s', 'regression', { ...p, fault: { kind: 'some-users', share: 0.01 } }, 10),
  cell('S 5 % of users fail 10/s', 'regression', { ...p, fault: { kind: 'some-users', share: 0.05 } }, 10),
  cell('M bot 5 % x2 10/s', 'regression', { ...b(1, 0.05), ...added(0.005) }, 10),
  cell('N no bot x2 10/s', 'regression', { ...b(0, 0), ...added(0.005) }, 10),
  cell('R x2 of each user’s rate, z=1 10/s', 'regression', { ...q, fault: { kind: 'times', factor: 2 } }, 10),
  cell('total failure 10/s', 'regression', { ...p, ...added(1) }, 10),
  cell('total failure 20 callers 10/s', 'regression', { ...a(20, 0.67), ...added(1) }, 10),
  cell('L speeds sd 0.3 z=1 10/s', 'healthy', speeds(1, 0.3), 10, { latency: 1 }),
  cell('L speeds sd 0.6 z=1 10/s', 'healthy', speeds(1, 0.6), 10, { latency: 1 }),
  cell(
    'L speeds sd 0.6 z=1, bot 5 % failing always 10/s',
    'healthy',
    { ...speeds(1, 0.6), bots: { count: 1, share: 0.05, errorRate: 1 } },
    10,
    { latency: 1 },
  ),
  cell('L x1.2 sd 0.3 z=0.67 10/s', 'regression', speeds(0.67, 0.3), 10, { latency: 1.2 }),
  cell('A n=2000 z=1.5 100/s', 'healthy', a(2000, 1.5), 100),
  cell('A n=200 z=1.5 100/s', 'healthy', a(200, 1.5), 100),
];
