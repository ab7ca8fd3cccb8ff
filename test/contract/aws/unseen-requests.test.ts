import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../src/aws/cloudwatch-metrics.ts';
import { createWarmingLog } from '../../../src/aws/warming-log.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import { type Instant, instant, versionTag } from '../../../src/domain/units.ts';
import { createMetricStore, record } from '../../../src/local-aws/core/cloudwatch/metric-store.ts';
import type { FaultsRequest } from '../../../src/local-aws/core/faults.ts';
import { createLooks } from '../../../src/monitor/finality.ts';
import { observe } from '../../../src/monitor/observe.ts';
import type { ArmSource } from '../../../src/ports/index.ts';
import { createEmfLine } from '../../../src/router/emf-line.ts';
import { START } from '../../unit/local-aws/core/bench.ts';
import { functionName, stack } from './stack.ts';

const arm = (version: string): ArmSource => ({
  version: versionTag(version),
  endpoint: `recommendation-prod-${version}`,
  functionVersion: '1',
});
const [champion, challenger] = [arm('v1'), arm('v2')];
const emf = createEmfLine({ environment: 'prod', model: 'recommendation', metricResolution: 1 });

/** What happens in one second after the share began: users' requests, and all that is none of theirs. */
interface Second {
  readonly users?: readonly [champion: number, challenger: number];
  readonly testers?: number;
  /** At the champion's endpoint, past the function. */
  readonly direct?: number;
  /** By the function, for which it asks no model. */
  readonly health?: number;
  readonly warming?: number;
}

const everySeconds = 30;

/** Looks of one process, every 30 s, at a canary of 10 %. */
async function looksAt(options: {
  readonly faults: FaultsRequest;
  readonly second: (second: number) => Second;
  readonly forSeconds: number;
  readonly copies?: boolean;
}) {
  const store = createMetricStore();
  const made = await stack({ settings: { metrics: store } });
  const { clock, local } = made;
  local.inject(options.faults);
  made.functions.answer = async () => {
    const at = clock.now();
    const logs = [emf(at, 'v1', { Probe: 1 } as never, {})];
    return { payload: JSON.stringify({ probed: { at, version: 'v1' } }), coldStart: false, logs };
  };
  const warming = createWarmingLog();
  const metrics = createMetrics({
    clients: made.clients,
    environment: 'prod',
    model: 'recommendation',
    routing: 'sticky',
    functionName,
    alias: 'live',
    now: () => made.port.now(),
    warming,
    resolution: { routerMs: 1_000, awsMs: 60_000 },
  });
  const count = (namespace: string, dimensions: Record<string, string>, at: number, times: number): void => {
    const unit = namespace === 'AWS/Lambda' ? 'Count' : 'None';
    const series = { namespace, metricName: 'Invocations', dimensions };
    if (times > 0) record(store.series(series, unit, 1), at, 1, times);
  };
  const atEndpoint = ({ endpoint }: ArmSource, at: number, times: number): void =>
    count('AWS/SageMaker', { EndpointName: endpoint, VariantName: 'AllTraffic' }, at, times);
  const errors = options.copies === true ? 'ShadowErrors' : 'Errors';

  function pass(at: number, happens: Second): void {
    const { users = [0, 0], testers = 0, direct = 0, health = 0, warming: warmed = 0 } = happens;
    const lines = [champion, challenger].flatMap(({ version }, i) =>
      Array.from({ length: users[i] ?? 0 }, () => emf(at, version, { [errors]: 0 } as never, {})),
    );
    for (let i = 0; i < testers; i++) lines.push(emf(at, 'v2', { TesterErrors: 0 } as never, {}));
    local.putLogLines({ functionName } as never, lines);
    for (let i = 0; i < warmed; i++) warming.note(champion.endpoint, at, 'answered');
    atEndpoint(champion, at, users[0] + direct + warmed);
    atEndpoint(challenger, at, users[1] + testers);
    count('AWS/Lambda', { FunctionName: functionName }, at, users[0] + users[1] + testers + health);
  }

  const watched = {
    champion,
    challenger,
    tickMs: 10_000,
    settleMs: 120_000,
    horizonMs: 900_000,
    share: { percent: 10, since: instant(START), before: 0 },
    ...(options.copies === true ? { copies: true } : {}),
  };
  const looks = createLooks();
  const entered: Observation[] = [];
  const unreadable: { readonly second: number; readonly why: string }[] = [];
  let since: Instant = instant(START);
  for (let second = everySeconds; second <= options.forSeconds; second += everySeconds) {
    for (let s = second - everySeconds; s < second; s++) pass(START + s * 1_000, options.second(s));
    await clock.advance(everySeconds * 1_000);
    const reading = await observe(metrics, { ...watched, since }, instant(clock.now()), looks);
    if (reading?.kind === 'unreadable') unreadable.push({ second, why: reading.why });
    if (reading?.kind !== 'read') continue;
    entered.push(...reading.observations);
    since = reading.observations.at(-1)?.at ?? since;
  }
  return { entered, unreadable };
}

const lag = (...delays: NonNullable<FaultsRequest['metrics']>['delays'] & object): FaultsRequest => ({
  metrics: { delays },
});
const calls = (): Second => ({ users: [9, 1] });

describe('requests that AWS counts and the router does not show', () => {
  it.each([
    ['both arms', lag({ namespace: 'Mlreg', metric: 'Errors', lagMs: 1_800_000 })],
    ['the challenger', lag({ metric: 'Errors', dimensions: { ModelVersion: 'v2' }, lagMs: 1_800_000 })],
    [
      'both arms, and AWS’s own counts by five minutes',
      lag(
        { namespace: 'Mlreg', metric: 'Errors', lagMs: 1_800_000 },
        { metric: 'Invocations', lagMs: 300_000 },
      ),
    ],
  ] as const)('make metrics unreadable that are half an hour late: %s', async (who, faults) => {
    const { entered, unreadable } = await looksAt({ faults, second: calls, forSeconds: 1_500 });
    // Before AWS's own counts were there nobody could know better.
    const early = who.includes('five minutes') ? 900 : 130;
    expect(entered.filter(({ at }) => at > START + early * 1_000)).toEqual([]);
    const [first] = unreadable;
    expect(first?.second).toBeLessThanOrEqual(900 + early);
    expect(first?.why).toMatch(
      /the router's metrics show no request of v2 since .*, but AWS counted \d+ at endpoint recommendation-prod-v2: metrics are late or lost/,
    );
    // Once it is said it stays so: it is the patience of the plan that ends it.
    expect(unreadable.length).toBe((1_500 - first!.second) / everySeconds + 1);
  });

  it('make a shadow’s metrics unreadable as well', async () => {
    const { unreadable, entered } = await looksAt({
      faults: lag({ metric: 'ShadowErrors', lagMs: 1_800_000 }),
      second: () => ({ users: [0, 10] }),
      forSeconds: 1_000,
      copies: true,
    });
    expect(entered.filter(({ at }) => at > START + 130_000)).toEqual([]);
    expect(unreadable.length).toBeGreaterThan(0);
  });

  it('are awaited where they come within the horizon, and then all are counted', async () => {
    const { entered, unreadable } = await looksAt({
      faults: lag({ namespace: 'Mlreg', metric: 'Errors', lagMs: 600_000 }),
      second: calls,
      forSeconds: 1_200,
    });
    expect(unreadable).toEqual([]);
    expect(entered.length).toBeGreaterThan(40);
    expect(new Set(entered.slice(13).map((tick) => tick.challenger?.requests))).toEqual(new Set([10]));
  });
});

describe('a quiet night', () => {
  it.each<[string, (second: number) => Second]>([
    ['without any request', () => ({})],
    ['with a batch job at the endpoint', () => ({ direct: 5 })],
    ['with checks of the function’s health', () => ({ health: 1 })],
    ['with warming requests and checks of health', (s) => ({ warming: s % 10 === 0 ? 3 : 0, health: 1 })],
    ['with testers, and a batch job at the endpoint', () => ({ testers: 1, direct: 5 })],
  ])('stays one: %s', async (_name, second) => {
    const { entered, unreadable } = await looksAt({ faults: {}, second, forSeconds: 1_500 });
    expect(unreadable).toEqual([]);
    expect(entered.length).toBeGreaterThan(120);
    expect(entered.filter(({ quiet }) => quiet !== true)).toEqual([]);
  });
});
