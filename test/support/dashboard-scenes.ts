import type { ArmTick, Histogram, Observation } from '../../src/domain/observation.ts';
import type { Entry } from '../../src/domain/journal.ts';
import { instant } from '../../src/domain/units.ts';
import type { MetricsQuery } from '../../src/ports/index.ts';
import { type CliWorld, projectConfig, type Ran, serving } from './cli-world.ts';

/** How a version behaves: share of failed requests, and the median of its latency in ms. */
interface Manner {
  readonly errors: number;
  readonly p50: number;
}
const healthy: Manner = { errors: 0.0008, p50: 84 };

/** Minutes of a bake, as at AWS. */
const config = projectConfig
  .replace('steps: [10, 50], bake: 10s, tick: 1s, extend: 10s', 'steps: [5, 25, 50], bake: 30m, tick: 1m')
  .replaceAll('bake: 10s, tick: 1s, extend: 10s', 'bake: 30m, tick: 1m')
  .replace('shadow: { bake', 'shadow: { compare: { class: items.0.id, disagreement: 10% }, bake')
  .replace('minimumBake: 5s, history: 1m', 'minimumBake: 5m, history: 10m')
  .replace('maxHold: 1m', 'maxHold: 2h')
  .replace('approvalTimeout: 2m', 'approvalTimeout: 4h')
  .replace('unreadableLimit: 20', 'unreadableLimit: 30')
  .replace('prod: { approvals: 0,', 'prod: { approvals: 0,');

const edges = [
  10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150, 175, 200, 250, 300, 400, 600, 1_000,
];

/** The same numbers in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

function arm(next: () => number, mean: number, { errors, p50 }: Manner): ArmTick {
  const requests = Math.max(0, Math.round(mean * (0.85 + 0.3 * next())));
  const count = Array.from({ length: edges.length + 1 }, () => 0);
  let failed = 0;
  let total = 0;
  for (let i = 0; i < requests; i++) {
    if (next() < errors) failed++;
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    const ms = p50 * Math.exp(0.22 * normal);
    total += ms;
    const bucket = edges.findIndex((edge) => ms <= edge);
    count[bucket === -1 ? edges.length : bucket]!++;
  }
  const latency: Histogram = { le: edges, count };
  return {
    requests,
    errors: failed,
    throttles: 0,
    latency,
    ...(requests === 0 ? {} : { meanLatencyMs: total / requests }),
  };
}

/** Traffic of a shop: some 40 requests a second, never twice the same, and the same in each run. */
function traffic(manner: (version: string) => Manner, rate: number) {
  return ({
    from,
    to,
    tickMs,
    plannedPercent,
    champion,
    challenger,
    copies,
  }: MetricsQuery): Observation[] => {
    const ticks: Observation[] = [];
    for (let at = from + tickMs; at <= to; at += tickMs) {
      const next = random(at / 1_000);
      const mean = (rate * 40 * tickMs) / 1_000 / 10;
      const share = plannedPercent / 100;
      ticks.push({
        at: instant(at),
        tickMs,
        plannedPercent,
        champion:
          champion === null
            ? null
            : arm(next, copies ? mean / 4 : mean * (1 - share), manner(champion.version)),
        challenger:
          challenger === null
            ? null
            : arm(next, copies ? mean / 4 : mean * share, manner(challenger.version)),
        ...(copies
          ? {
              copies: {
                sent: 60,
                dropped: 0,
                compared: 60,
                disagreed: Math.round(2 + 4 * next()),
                distance: 3,
                duplicates: 0,
              },
            }
          : {}),
      });
    }
    return ticks;
  };
}

export interface DashboardScene {
  readonly name: string;
  /** The page as the server would send it. */
  readonly page: string;
}

const deploy = 'deploy --model-version v2.3.0 -e prod --yes';

/** Looks at the dashboard just after the entry of which this holds. */
interface Plot {
  readonly name: string;
  readonly words?: string;
  readonly manner?: Manner;
  /** Of the ordinary traffic; 1 unless said. */
  readonly rate?: number;
  /** From which minute of the rollout on; 0 unless said. */
  readonly from?: number;
  readonly when: (entry: Entry, ticks: number) => boolean;
  /** How long after it, ms. */
  readonly later?: number;
  readonly arrange?: (cli: CliWorld) => void;
  /** What somebody types at another time. */
  readonly act?: {
    readonly when: (entry: Entry, ticks: number) => boolean;
    readonly words: string;
    readonly as?: string;
  };
  readonly config?: string;
}

const ticksAt = (count: number) => (_entry: Entry, ticks: number) => ticks === count;
const ended = (entry: Entry): boolean => entry.kind === 'ended';

const plots: readonly Plot[] = [
  { name: 'preparing', when: ({ kind }) => kind === 'intent' },
  { name: 'baking-early', when: ticksAt(4) },
  { name: 'baking', when: ticksAt(48) },
  { name: 'over-the-limit', manner: { errors: 0.07, p50: 86 }, from: 40, when: ticksAt(43) },
  {
    name: 'paused',
    when: ({ kind }) => kind === 'request',
    later: 240_000,
    act: { when: ticksAt(40), words: 'pause --reason "payment provider has an incident" -e prod', as: 'bob' },
  },
  {
    name: 'held',
    rate: 0.02,
    when: ({ kind }) => kind === 'held',
    later: 60_000,
  },
  {
    name: 'waiting-for-approval',
    config: config.replace('prod: { approvals: 0,', 'prod: { approvals: 1,'),
    when: ({ kind }) => kind === 'held',
    later: 600_000,
  },
  {
    name: 'blind',
    when: ({ kind }) => kind === 'unreadable',
    later: 300_000,
  },
  {
    name: 'rolling-back',
    manner: { errors: 0.3, p50: 84 },
    from: 20,
    when: ({ kind }) => kind === 'rolling-back',
  },
  { name: 'rolled-back', manner: { errors: 0.3, p50: 84 }, from: 20, when: ended },
  { name: 'slower', manner: { errors: 0.0008, p50: 140 }, from: 20, when: ended },
  { name: 'promoted', when: ended },
  {
    name: 'stuck',
    manner: { errors: 0.3, p50: 84 },
    from: 40,
    when: ended,
    arrange: (cli) => {
      let isBack = false;
      cli.when(
        ({ kind }) => kind === 'rolling-back',
        () => (isBack = true),
      );
      cli.model.fault = (_index, name) =>
        isBack && /setAlias|updateAlias|alias/i.test(name) ? 'denied' : null;
    },
  },
  { name: 'shadow', words: '--strategy shadow --sample 25', when: ticksAt(20) },
  { name: 'blue-green', words: '--strategy blue-green', when: ticksAt(14) },
  { name: 'store-lost', when: ticksAt(40) },
];

export const sceneNames: readonly string[] = ['at-rest', ...plots.map(({ name }) => name)];

/** Every state that the dashboard shows, as a real rollout comes to it. */
export async function dashboardScenes(
  only: readonly string[] = sceneNames,
): Promise<readonly DashboardScene[]> {
  const scenes: DashboardScene[] = only.includes('at-rest') ? [await atRest()] : [];
  for (const plot of plots)
    if (only.includes(plot.name)) scenes.push({ name: plot.name, page: await sceneOf(plot) });
  return scenes;
}

async function watched(cli: CliWorld): Promise<() => Promise<void>> {
  const ran = cli.run('dashboard -e prod');
  while (cli.pages === null) await new Promise(setImmediate);
  return async () => {
    cli.signal('SIGINT');
    await ran;
  };
}

const pageNow = async (cli: CliWorld): Promise<string> => (await cli.pages?.page('/', 'nonce')) ?? '';

async function atRest(): Promise<DashboardScene> {
  const cli = await serving(config);
  const stop = await watched(cli);
  const page = await pageNow(cli);
  await stop();
  return { name: 'at-rest', page };
}

async function sceneOf({
  name,
  words = '',
  manner,
  from = 0,
  rate = 1,
  when,
  later = 0,
  arrange,
  act,
  config: own,
}: Plot): Promise<string> {
  const cli = await serving(own ?? config);
  const began = cli.clock.now();
  const made = traffic(
    (version) =>
      version === 'v2.3.0' && manner !== undefined && cli.clock.now() - began > from * 60_000
        ? manner
        : healthy,
    rate,
  );
  cli.model.reading = (query) =>
    name === 'blind' && cli.clock.now() - began > 38 * 60_000
      ? { kind: 'unreadable', why: 'cloudwatch:GetMetricData did not answer within 5 s', denied: false }
      : { kind: 'read', observations: made(query) };
  arrange?.(cli);
  const stop = await watched(cli);
  let ticks = 0;
  let page: Promise<string> | null = null;
  const at = (holds: NonNullable<Plot['when']>, then: () => void): void =>
    cli.when((entry) => {
      return holds(entry, ticks);
    }, then);
  cli.when(
    (entry) => {
      if (entry.kind === 'observed') ticks += entry.observations.length;
      return false;
    },
    () => undefined,
  );
  if (act !== undefined) at(act.when, () => void cli.run(act.words, { as: act.as ?? 'ana' }));
  at(when, () => {
    page = (async () => {
      if (later > 0) await cli.clock.sleepUntil(instant(cli.clock.now() + later));
      if (name === 'store-lost') {
        await pageNow(cli);
        cli.model.fault = (_index, called) => (called.startsWith('store.') ? 'error-before' : null);
        await cli.clock.sleepUntil(instant(cli.clock.now() + 90_000));
      }
      return pageNow(cli);
    })();
  });
  let end: Ran | null = null;
  void cli.run(`${deploy} ${words}`).then((ran) => (end = ran));
  while (page === null && end === null) await new Promise(setImmediate);
  if (page === null) throw new Error(`${name} was not come to: ${JSON.stringify(end)}`);
  const text = await (page as Promise<string>);
  cli.signal('SIGINT');
  await stop();
  return text;
}
