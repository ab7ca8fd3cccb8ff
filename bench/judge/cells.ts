import {
  defaults,
  defaultsFine,
  defaultsWarm,
  errorPeers,
  independent,
  kayentas,
  latencyPeers,
  strict,
  type Contestant,
} from './contestants.ts';
import type { Scenario } from './traffic.ts';

/** One row of a table: a scenario, who is judged on it, and where the study has it. */
export interface Cell {
  readonly table: Table;
  readonly name: string;
  readonly scenario: Scenario;
  readonly contestants: readonly Contestant[];
}

export const tables = [
  'falseRollbacks',
  'errors',
  'latencyFalse',
  'latency',
  'bursts',
  'storms',
  'cold',
] as const;
export type Table = (typeof tables)[number];

export const rates = [1, 10, 100, 1000] as const;
export const shares = [0.01, 0.1, 0.5] as const;
export const baseRates = [0.001, 0.01, 0.04] as const;
export const regressions = ['1.5x', '2x', '5x', 'total'] as const;
export const tickLengths = [60_000, 10_000] as const;

const text = (share: number): string => `${Math.round(share * 1e4) / 100}%`;
export const nameOf = ({ tickMs, perSecond, share }: Scenario, ...rest: readonly string[]): string =>
  [`${tickMs / 1000} s`, `${perSecond}/s`, text(share), ...rest].join(', ');

export function allCells(): readonly Cell[] {
  return [
    ...grid().map(falseRollbacks),
    ...grid().flatMap((scenario) => regressions.map((regression) => errors(scenario, regression))),
    ...latencyGrid(),
    ...burstGrid(),
    ...storms(),
    ...coldStarts(),
  ];
}

/** A number of its own for each cell, which stays when others come or go: part of its traffic's seed. */
export function cellNumber({ table, name }: Pick<Cell, 'table' | 'name'>): number {
  let hash = 0x811c9dc5;
  for (const character of `${table}: ${name}`) {
    hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  }
  return hash >>> 0;
}

/** Everything but what is wrong with the challenger. */
function grid(): readonly Scenario[] {
  return tickLengths.flatMap((tickMs) =>
    rates.flatMap((perSecond) =>
      shares.flatMap((share) =>
        baseRates.map((errorRate) => ({
          tickMs,
          perSecond,
          share,
          errorRate,
          challengerErrorRate: errorRate,
        })),
      ),
    ),
  );
}

const same = { factor: 1, load: 0, cold: 0 } as const;

const byTheMinute = (tickMs: number, all: readonly Contestant[]): readonly Contestant[] =>
  tickMs === 60_000 ? all : [];

function falseRollbacks(scenario: Scenario): Cell {
  return {
    table: 'falseRollbacks',
    name: nameOf(scenario, text(scenario.errorRate)),
    scenario: { ...scenario, latency: same },
    contestants: [strict, defaults, ...errorPeers, ...byTheMinute(scenario.tickMs, kayentas)],
  };
}

function errors(scenario: Scenario, regression: (typeof regressions)[number]): Cell {
  return {
    table: 'errors',
    name: nameOf(scenario, text(scenario.errorRate), regression),
    scenario: { ...scenario, challengerErrorRate: regressed(scenario.errorRate, regression) },
    contestants: [strict, defaults, independent, ...errorPeers, ...byTheMinute(scenario.tickMs, kayentas)],
  };
}

export function regressed(errorRate: number, regression: (typeof regressions)[number]): number {
  return regression === 'total' ? 1 : Math.min(1, errorRate * Number.parseFloat(regression));
}

const noErrors = { errorRate: 0.001, challengerErrorRate: 0.001 } as const;

function latencyGrid(): readonly Cell[] {
  return [0, 0.1].flatMap((load) =>
    tickLengths.flatMap((tickMs) =>
      rates.flatMap((perSecond) =>
        shares.flatMap((share) =>
          [1, 1.2, 2].map((factor): Cell => {
            const scenario = { tickMs, perSecond, share, ...noErrors, latency: { factor, load, cold: 0 } };
            const regression = factor === 1 ? [] : [`+${Math.round(100 * (factor - 1))}%`];
            return {
              table: factor === 1 ? 'latencyFalse' : 'latency',
              name: nameOf(scenario, `load ${load}`, ...regression),
              scenario,
              contestants: [strict, defaultsWarm, defaultsFine, ...latencyPeers],
            };
          }),
        ),
      ),
    ),
  );
}

function burstGrid(): readonly Cell[] {
  const noises = [
    { cluster: 1, shared: 0, history: 1 },
    { cluster: 1.5, shared: 0, history: 1.5 },
    { cluster: 3, shared: 0, history: 3 },
    { cluster: 10, shared: 0, history: 10 },
    { cluster: 3, shared: 0, history: 1 },
    { cluster: 10, shared: 0, history: 3 },
    { cluster: 1, shared: 0.7, history: 1 },
  ];
  const services = [
    { perSecond: 10, share: 0.1, errorRate: 0.01 },
    { perSecond: 100, share: 0.1, errorRate: 0.01 },
    { perSecond: 100, share: 0.5, errorRate: 0.04 },
    { perSecond: 1000, share: 0.01, errorRate: 0.01 },
  ];
  return tickLengths.flatMap((tickMs) =>
    services.flatMap((service) =>
      noises.flatMap(({ cluster, shared, history }) =>
        [1, 2, 5].map((times): Cell => {
          const scenario = {
            tickMs,
            ...service,
            challengerErrorRate: times * service.errorRate,
            cluster,
            historyCluster: history,
            sharedBursts: shared,
          };
          const noise = `cluster ${cluster}, shared ${shared}, history ${history}`;
          return {
            table: 'bursts',
            name: nameOf(scenario, text(service.errorRate), noise, `${times}x`),
            scenario,
            contestants: [strict, defaults, independent, ...errorPeers],
          };
        }),
      ),
    ),
  );
}

function storms(): readonly Cell[] {
  const services = [
    { perSecond: 10, share: 0.1, errorRate: 0.01, storm: 50 },
    { perSecond: 100, share: 0.1, errorRate: 0.01, storm: 300 },
    { perSecond: 100, share: 0.5, errorRate: 0.001, storm: 300 },
    { perSecond: 10, share: 0.5, errorRate: 0.01, storm: 100 },
  ];
  return tickLengths.flatMap((tickMs) =>
    services.map((service): Cell => {
      const scenario = { tickMs, ...service, challengerErrorRate: service.errorRate };
      return {
        table: 'storms',
        name: nameOf(scenario, text(service.errorRate), `storm ${service.storm}`),
        scenario,
        contestants: [strict, defaults, independent, ...errorPeers, ...byTheMinute(tickMs, kayentas)],
      };
    }),
  );
}

/** Only the challenger's latency is out of the ordinary, and only while it gets warm. */
function coldStarts(): readonly Cell[] {
  return tickLengths.flatMap((tickMs) =>
    [10, 100, 1000].flatMap((perSecond) =>
      shares.map((share): Cell => {
        const scenario = { tickMs, perSecond, share, ...noErrors, latency: { factor: 1, load: 0, cold: 2 } };
        const warmUp = (name: string, warmUpMs: number): Contestant => ({
          kind: 'mlreg',
          name,
          policy: { warmUpMs },
          buckets: 'fine',
        });
        return {
          table: 'cold',
          name: nameOf(scenario),
          scenario,
          contestants: [warmUp('no warm-up', 0), warmUp('warm-up 5 min', 300_000), defaults, ...latencyPeers],
        };
      }),
    ),
  );
}
