import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { ArmTick, Observation } from '../../src/domain/observation.ts';
import { instant, versionTag } from '../../src/domain/units.ts';
import { createLooks } from '../../src/monitor/finality.ts';
import { createJudge } from '../../src/monitor/judge/judge.ts';
import { readLate } from '../../src/monitor/late.ts';
import { observe } from '../../src/monitor/observe.ts';
import { totalFailure } from '../../src/monitor/total-failure.ts';
import type { Metrics } from '../../src/ports/index.ts';
import { median, table, thisMachine } from '../machine.ts';
import { atMost } from './bound.ts';
import { createRandom, type Random } from './random.ts';
import { policyOf, seed } from './simulate.ts';
import { createTraffic, type Scenario } from './traffic.ts';

type Arm = 'champion' | 'challenger';
/** What CloudWatch shows of an arm's tick at so many milliseconds after its end. */
type Shows = (tick: ArmTick, age: number, arm: Arm) => ArmTick;

interface LagCell {
  readonly name: string;
  /** What arrives after its tick has entered the evidence, so that it is an observation of its own. */
  readonly late?: true;
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
  { name: 'with load: 2 s a request', shows: () => whole(({ requests }) => 2_000 * requests) },
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
    name: 'errors by arm and metric: challenger 3 min, its errors 9 min',
    shows: () => (tick, age, arm) => {
      if (arm === 'champion') return tick;
      const { requests, errors } = tick;
      if (age < 3 * minute) return nothing;
      return age >= 9 * minute ? tick : { requests: requests - errors, errors: 0, throttles: 0 };
    },
  },
  {
    name: 'with load, challenger alone: 3 s a request',
    shows: () => whole(({ requests }, arm) => (arm === 'challenger' ? 3_000 * requests : 0)),
  },
  {
    name: 'one arm 20 min',
    late: true,
    shows: () => whole((_, arm) => (arm === 'challenger' ? 20 * minute : 0)),
  },
  {
    name: 'half of each arm 20 min',
    late: true,
    shows: () => halves(() => 20 * minute),
  },
  {
    name: 'half of the challenger 20 min, champion none',
    late: true,
    shows: () => halves((arm) => (arm === 'challenger' ? 20 * minute : 0)),
  },
  {
    name: 'half of either arm in a tick of three, 16 to 40 min',
    late: true,
    shows: (random) => {
      const lag = {
        champion: (16 + 24 * random.uniform()) * minute,
        challenger: (16 + 24 * random.uniform()) * minute,
      };
      return halves((arm, tick) => (tick.requests % 3 === 0 ? lag[arm] : 0));
    },
  },
  {
    name: 'with load: half of a tick with more than the mean 20 min',
    late: true,
    shows: () =>
      halves((arm, { requests }) => (requests > (arm === 'champion' ? 180 : 20) ? 20 * minute : 0)),
  },
  {
    name: 'failed requests of each arm 20 min',
    late: true,
    shows: () => inPieces('others', [0, 20 * minute]),
  },
];

/** Half of an arm's requests at once, with its share of the errors by their order; all of them at that age. */
function halves(lag: (arm: Arm, tick: ArmTick) => number): Shows {
  return (tick, age, arm) => {
    if (age >= lag(arm, tick)) return tick;
    const { requests, errors } = tick;
    return { requests: Math.ceil(requests / 2), errors: Math.floor(errors / 2), throttles: 0 };
  };
}

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
  let entered: Observation[] = [];
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
    const { arrived, whole: again } = await readLate(
      metrics,
      { ...watched, since },
      entered,
      instant(now),
      looks,
    );
    const [first, ...rest] = reading.observations;
    const ticks =
      first === undefined || arrived.length === 0
        ? reading.observations
        : [{ ...first, late: arrived }, ...rest];
    entered = [...entered, ...ticks];
    for (const tick of ticks) {
      since = tick.at;
      // The traffic ends with the hour.
      if (tick.at <= 60 * minute) judge.step(tick);
    }
    const early = totalFailure(
      policy,
      [...again, ...(reading.provisional ?? [])].filter(({ at }) => at <= 60 * minute),
    );
    if (early !== null || judge.failed() !== null) return now / minute;
  }
  return null;
}

/** What the runs of a cell came to: kept, so that a long benchmark can go on where it was stopped. */
interface LagRuns {
  readonly runs: number;
  readonly wrong: number;
  readonly failing: number;
  readonly found: number;
  /** Minutes; null: none was found. */
  readonly median: number | null;
}

async function runCell(number: number, { shows }: LagCell, runs: number): Promise<LagRuns> {
  const failing = Math.max(5, Math.round(runs / 10));
  let wrong = 0;
  const found: number[] = [];
  for (let run = 0; run < runs; run++) {
    const random = createRandom(seed, 9_000 + number, run);
    if ((await rolledBackAfter(healthy, shows(random), random)) !== null) wrong++;
  }
  for (let run = 0; run < failing; run++) {
    const random = createRandom(seed, 9_500 + number, run);
    const scenario = { ...healthy, challengerErrorRate: 1, cluster: 1 };
    const after = await rolledBackAfter(scenario, shows(random), random);
    if (after !== null) found.push(after);
  }
  return {
    runs,
    wrong,
    failing,
    found: found.length,
    median: found.length === 0 ? null : median(found),
  };
}

/**
 * Runs the cells of which `file` holds no runs yet, and writes each there when it is done. Those beyond the horizon read
 * every tick again and again, and take ten times as long: `late` runs of each.
 */
export async function runLag(
  file: string,
  { runs, late }: { readonly runs: number; readonly late: number },
): Promise<void> {
  for (const [number, cell] of cells.entries()) {
    const known = readLag(file);
    if (known[cell.name] !== undefined) continue;
    const done = await runCell(number, cell, cell.late === true ? late : runs);
    writeFileSync(file, JSON.stringify({ ...known, [cell.name]: done }, null, 1));
    console.error(rowOf(cell, done).join(' | '));
  }
}

const readLag = (file: string): Readonly<Record<string, LagRuns>> =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, LagRuns>) : {};

function rowOf({ name }: LagCell, done: LagRuns): readonly string[] {
  const upper = `${(100 * atMost(done.wrong, done.runs)).toFixed(2)} %`;
  const after = done.median === null ? '-' : done.median.toFixed(1);
  return [name, `${done.wrong} of ${done.runs}`, upper, `${done.found} of ${done.failing}`, after];
}

/** LAG.md: how often a healthy challenger is rolled back, and when one that fails all requests is. */
export function lagPage(file: string, about: { readonly date: string }): string {
  const known = readLag(file);
  const tableOf = (isLate: boolean): string =>
    table(
      ['what is late', 'healthy, rolled back', 'at most', 'total failure, found', 'median minute'],
      cells
        .filter(({ late, name }) => (late === true) === isLate && known[name] !== undefined)
        .map((cell) => rowOf(cell, known[cell.name]!)),
    );
  return [
    '# Late metrics in simulation',
    `Simulated on ${about.date}, seed ${seed}, ${thisMachine()}. Made by \`npm run bench:judge -- lag runs=3000 late=1000\`; do not edit.`,
    'One hour at 10 % of 20 requests a second, 0.5 % failing on both arms in clusters of 3, ticks of 10 s, `settle` 2 minutes, `horizon` 15 minutes, alpha 1 %. Each look reads what the metrics show at that moment, as the rollout does, late evidence included. "At most": one-sided upper bound of the false rate at 95 %. A total failure is a challenger that fails all requests; "median minute" is counted from the moment the share moved.',
    '## Within the horizon',
    'The lag differs by arm, by metric and with load. A tick enters the evidence once, when it is final.',
    tableOf(false),
    '## Beyond the horizon',
    'What arrives after its tick has entered the evidence is an observation of its own at its arrival, so this is the false-alarm rate of late evidence.',
    tableOf(true),
    '',
  ].join('\n\n');
}
