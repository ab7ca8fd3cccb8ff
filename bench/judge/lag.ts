import type { ArmTick, Observation } from '../../src/domain/observation.ts';
import { instant, versionTag } from '../../src/domain/units.ts';
import { createLooks } from '../../src/monitor/finality.ts';
import { createJudge } from '../../src/monitor/judge/judge.ts';
import { observe } from '../../src/monitor/observe.ts';
import { totalFailure } from '../../src/monitor/total-failure.ts';
import type { Metrics } from '../../src/ports/index.ts';
import { createRandom, type Random } from './random.ts';
import { policyOf, seed } from './simulate.ts';
import { createTraffic, type Scenario } from './traffic.ts';

type Arm = 'champion' | 'challenger';
/** What CloudWatch shows of an arm's tick at so many milliseconds after its end. */
type Shows = (tick: ArmTick, age: number, arm: Arm) => ArmTick;

interface LagCell {
  readonly name: string;
  /** Drawn anew for each run. */
  readonly shows: (random: Random) => Shows;
}

const nothing: ArmTick = { requests: 0, errors: 0, throttles: 0 };
const minute = 60_000;
const whole =
  (lag: (tick: ArmTick, arm: Arm) => number): Shows =>
  (tick, age, arm) =>
    age >= lag(tick, arm) ? tick : nothing;

/** Errors are seen only at this age, or at once with all else later: the worst order of a point's pieces. */
const inPieces =
  (first: 'errors' | 'others', agesMs: readonly [number, number]): Shows =>
  (tick, age) => {
    if (age < agesMs[0]) return nothing;
    if (age >= agesMs[1]) return tick;
    const { requests, errors } = tick;
    return first === 'errors'
      ? { requests: errors, errors, throttles: 0 }
      : { requests: requests - errors, errors: 0, throttles: 0 };
  };

const cells: readonly LagCell[] = [
  { name: 'none', shows: () => whole(() => 0) },
  { name: 'both arms 125 s', shows: () => whole(() => 125_000) },
  { name: 'both arms 10 min', shows: () => whole(() => 10 * minute) },
  {
    name: 'challenger 10 min, champion none',
    shows: () => whole((_, arm) => (arm === 'challenger' ? 10 * minute : 0)),
  },
  {
    name: 'champion 10 min, challenger none',
    shows: () => whole((_, arm) => (arm === 'champion' ? 10 * minute : 0)),
  },
  {
    name: 'drawn for each arm, up to 14 min',
    shows: (random) => {
      const lag = { champion: random.uniform() * 14 * minute, challenger: random.uniform() * 14 * minute };
      return whole((_, arm) => lag[arm]);
    },
  },
  { name: 'with load: 100 ms a request', shows: () => whole(({ requests }) => 100 * requests) },
  {
    name: 'latency 5 min, errors none',
    shows: () => (tick, age) => {
      const { latency: _late, ...errors } = tick;
      return age >= 5 * minute ? tick : errors;
    },
  },
  { name: 'in pieces, errors first by 100 s', shows: () => inPieces('errors', [10_000, 110_000]) },
  { name: 'in pieces, errors last by 100 s', shows: () => inPieces('others', [10_000, 110_000]) },
  {
    name: 'one arm 20 min: beyond the horizon',
    shows: () => whole((_, arm) => (arm === 'challenger' ? 20 * minute : 0)),
  },
];

const healthy: Scenario = {
  perSecond: 20,
  share: 0.1,
  errorRate: 0.005,
  challengerErrorRate: 0.005,
  tickMs: 10_000,
  cluster: 3,
};

/** Minutes after the share moved; null: not within the hour and the horizon. */
async function rolledBackAfter(scenario: Scenario, shows: Shows, random: Random): Promise<number | null> {
  const { history, observations } = createTraffic(scenario, random);
  const policy = policyOf(scenario, history, {});
  const judge = createJudge(policy);
  const looks = createLooks();
  let since = instant(0);
  let now = 0;
  const metrics: Metrics = {
    read: async ({ from, to, tickMs }) => ({
      kind: 'read',
      observations: Array.from({ length: (to - from) / tickMs }, (_, i): Observation => {
        const at = from + (i + 1) * tickMs;
        const tick = observations[at / tickMs - 1];
        if (tick === undefined || tick.champion === null || tick.challenger === null)
          return { at: instant(at), tickMs, plannedPercent: 10, champion: nothing, challenger: nothing };
        return {
          ...tick,
          champion: shows(tick.champion, now - at, 'champion'),
          challenger: shows(tick.challenger, now - at, 'challenger'),
        };
      }),
    }),
  };
  const arm = (version: string) => ({
    version: versionTag(version),
    endpoint: version,
    functionVersion: undefined,
  });
  const watched = {
    champion: arm('v1'),
    challenger: arm('v2'),
    tickMs: scenario.tickMs,
    settleMs: 2 * minute,
    horizonMs: 15 * minute,
    share: { percent: 100 * scenario.share, since: instant(0), before: 0 },
  };
  for (now = scenario.tickMs; now <= 76 * minute; now += scenario.tickMs) {
    const reading = await observe(metrics, { ...watched, since }, instant(now), looks);
    if (reading?.kind !== 'read') continue;
    for (const tick of reading.observations) {
      since = tick.at;
      // The traffic ends with the hour.
      if (tick.at <= 60 * minute) judge.step(tick);
    }
    const early = totalFailure(
      policy,
      (reading.provisional ?? []).filter(({ at }) => at <= 60 * minute),
    );
    if (early !== null || judge.failed() !== null) return now / minute;
  }
  return null;
}

/** A table: how often a healthy challenger is rolled back, and when one that fails all requests is. */
export async function lag(runs: number): Promise<string> {
  const lines = [
    '| lag | healthy, rolled back | total failure, found | after, median min |',
    '| --- | --- | --- | --- |',
  ];
  for (const [number, { name, shows }] of cells.entries()) {
    let wrong = 0;
    const found: number[] = [];
    const failing = Math.max(5, Math.round(runs / 10));
    for (let run = 0; run < runs; run++) {
      const random = createRandom(seed, 9_000 + number, run);
      if ((await rolledBackAfter(healthy, shows(random), random)) !== null) wrong++;
    }
    for (let run = 0; run < failing; run++) {
      const random = createRandom(seed, 9_500 + number, run);
      const after = await rolledBackAfter(
        { ...healthy, challengerErrorRate: 1, cluster: 1 },
        shows(random),
        random,
      );
      if (after !== null) found.push(after);
    }
    found.sort((a, b) => a - b);
    const median = found[Math.floor(found.length / 2)];
    lines.push(
      `| ${name} | ${wrong} of ${runs} | ${found.length} of ${failing} | ${median?.toFixed(1) ?? '-'} |`,
    );
    console.error(lines.at(-1));
  }
  return lines.join('\n');
}
