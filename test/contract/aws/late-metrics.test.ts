import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../src/aws/cloudwatch-metrics.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import { type Instant, instant, versionTag } from '../../../src/domain/units.ts';
import type { FaultsRequest } from '../../../src/local-aws/core/faults.ts';
import { createLooks } from '../../../src/monitor/finality.ts';
import { createJudge } from '../../../src/monitor/judge/judge.ts';
import { observe } from '../../../src/monitor/observe.ts';
import { totalFailure } from '../../../src/monitor/total-failure.ts';
import type { ArmSource, Metrics } from '../../../src/ports/index.ts';
import { createEmfLine } from '../../../src/router/emf-line.ts';
import { START } from '../../unit/local-aws/core/bench.ts';
import { policy } from '../../unit/monitor/late-metrics.ts';
import { functionName, type Stack, stack } from './stack.ts';

const arm = (version: string): ArmSource => ({
  version: versionTag(version),
  endpoint: `recommendation-prod-${version}`,
  functionVersion: '1',
});
const [champion, challenger] = [arm('v1'), arm('v2')];
const metricsOf = (made: Stack, awsMs = 60_000, routing: 'sticky' | 'weighted' = 'sticky'): Metrics =>
  createMetrics({
    clients: made.clients,
    environment: 'prod',
    model: 'recommendation',
    routing,
    functionName,
    alias: 'live',
    now: () => made.port.now(),
    resolution: { routerMs: 1_000, awsMs },
  });

const emf = createEmfLine({ environment: 'prod', model: 'recommendation', metricResolution: 1 });
const line = (at: number, version: string, failed: boolean): string =>
  emf(
    at,
    version,
    { Requests: 1, Errors: failed ? 1 : 0, Throttles: 0, ...(failed ? {} : { Latency: 20 }) },
    {},
  );
const print = ({ local }: Stack, lines: readonly string[]): void =>
  local.putLogLines({ functionName } as never, lines);

/** Ten requests a second, one in ten the challenger's. */
function traffic(made: Stack, from: number, seconds: number, failing = true): void {
  const lines: string[] = [];
  for (let at = from; at < from + seconds * 1_000; at += 100) {
    const isOwn = (at / 100) % 10 === 0;
    lines.push(line(at, isOwn ? 'v2' : 'v1', isOwn && failing));
  }
  print(made, lines);
}

const share = { percent: 10, since: instant(START), before: 0 };
const watched = { champion, challenger, tickMs: 10_000, settleMs: 120_000, horizonMs: 900_000, share };

/** A rollout's looks, every 10 s. @returns seconds until it is failed; null: it was not */
async function rollout(made: Stack, forSeconds: number, failing = true) {
  const metrics = metricsOf(made);
  const judge = createJudge(policy);
  const looks = createLooks();
  const observed: Observation[] = [];
  let since: Instant = instant(START);
  for (let second = 10; second <= forSeconds; second += 10) {
    traffic(made, START + (second - 10) * 1_000, 10, failing);
    await made.clock.advance(10_000);
    const reading = await observe(metrics, { ...watched, since }, instant(made.clock.now()), looks);
    if (reading?.kind !== 'read') continue;
    for (const tick of reading.observations) {
      judge.step(tick);
      observed.push(tick);
      since = tick.at;
    }
    const early = totalFailure(policy, reading.provisional ?? []);
    if (early !== null || judge.judgement().kind === 'fail') return { failedAfter: second, observed };
  }
  return { failedAfter: null, observed };
}

describe('late metrics', () => {
  const lag = (lagMs: number, dimensions?: Record<string, string>): FaultsRequest => ({
    metrics: { delays: [{ lagMs, ...(dimensions && { dimensions }) }] },
  });

  it.each([
    ['125 s', lag(125_000), 160],
    ['10 min', lag(600_000), 640],
    ["10 min of the challenger's only", lag(600_000, { ModelVersion: 'v2' }), 640],
    ['in pieces', { metrics: { delays: [{ lagMs: 60_000, pieces: 3, spreadMs: 200_000 }] } }, 300],
  ] as const)('a challenger that fails 100 %% is rolled back at a lag: %s', async (_name, faults, latest) => {
    const made = await stack();
    made.local.inject(faults as FaultsRequest);
    const { failedAfter } = await rollout(made, latest + 10);
    expect(failedAfter).not.toBeNull();
    expect(failedAfter).toBeLessThanOrEqual(latest);
  });

  it('requests and errors never arrive apart', async () => {
    const made = await stack();
    made.local.inject({
      metrics: {
        delays: [
          { metric: 'Requests', lagMs: 0 },
          { metric: 'Errors', lagMs: 200_000 },
        ],
      },
    });
    const { observed } = await rollout(made, 400, false);
    expect(observed.length).toBeGreaterThan(4);
    expect(observed.map(({ challenger: own }) => own?.requests)).toEqual(observed.map(() => 10));
  });
});

describe('empty data is never a pass', () => {
  it.each(
    (['sticky', 'weighted'] as const).flatMap((routing) =>
      [1, 10, 50, 100].map((percent) => [routing, percent, false] as const),
    ),
  )('%s at %i %%', async (routing, percent) => {
    await neverPasses(routing, percent, false);
  });

  it('in shadow', () => neverPasses('sticky', 50, true));

  async function neverPasses(
    routing: 'sticky' | 'weighted',
    percent: number,
    copies: boolean,
  ): Promise<void> {
    const made = await stack();
    await made.clock.advance(3_600_000);
    const reading = await metricsOf(made, 60_000, routing).read({
      champion: percent === 100 ? null : champion,
      challenger,
      from: instant(START),
      to: instant(START + 3_600_000),
      tickMs: 10_000,
      plannedPercent: percent,
      ...(copies ? { copies } : {}),
    });
    if (reading.kind !== 'read') throw new Error(reading.why);
    expect(reading.observations).toHaveLength(360);
    const judge = createJudge({ ...policy, steps: [{ percent, ticks: 360 }] });
    for (const each of reading.observations) expect(judge.push(each).kind).toBe('insufficient');
    expect(totalFailure(policy, reading.observations)).toBeNull();
  }
});

describe('windows older than three hours', () => {
  it('are read by the minute, and nothing is lost where they meet newer ones', async () => {
    const made = await stack();
    const hours = 4;
    for (let s = 0; s < hours * 3_600; s += 600) {
      const lines: string[] = [];
      for (let at = START + s * 1_000; at < START + (s + 600) * 1_000; at += 5_000)
        for (const version of ['v1', 'v2']) lines.push(line(at, version, version === 'v2'));
      print(made, lines);
      await made.clock.advance(600_000);
    }
    const metrics = metricsOf(made);
    const looks = createLooks();
    let since: Instant = instant(START);
    let [requests, errors] = [0, 0];
    for (let look = 0; look < 20; look++) {
      const reading = await observe(metrics, { ...watched, since }, instant(made.clock.now()), looks);
      if (reading?.kind !== 'read' || reading.observations.length === 0) break;
      for (const tick of reading.observations) {
        requests += tick.challenger?.requests ?? 0;
        errors += tick.challenger?.errors ?? 0;
        since = tick.at;
      }
    }
    // All but the ticks that have not reached the horizon yet, which wait for settle.
    expect(requests).toBe((since - START) / 5_000);
    expect(errors).toBe(requests);
    expect(since).toBeGreaterThanOrEqual(made.clock.now() - 910_000);
  });
});

describe('a statistic that AWS refuses', () => {
  const query = {
    champion,
    challenger,
    from: instant(START),
    to: instant(START + 10_000),
    tickMs: 10_000,
    plannedPercent: 10,
  };

  it.each(['call', 'result'] as const)('costs that statistic, not the reading (%s)', async (how) => {
    const made = await stack();
    traffic(made, START, 10, false);
    await made.clock.advance(10_000);
    made.local.inject({ metrics: { refuse: [{ metric: 'Latency', statistic: 'TC(:5)', how }] } });
    const metrics = metricsOf(made);
    const reading = await metrics.read(query);
    expect(reading).toMatchObject({
      kind: 'read',
      observations: [{ champion: { requests: 90, meanLatencyMs: 20 }, challenger: { requests: 10 } }],
      notes: [expect.stringMatching(/^CloudWatch does not give Latency TC\(:5\).* not judged$/) as string],
    });
    if (reading.kind === 'read') expect(reading.observations[0]?.champion?.latency).toBeUndefined();
    made.asked.length = 0;
    await metrics.read(query);
    // A refused call is not made again; a result may be there the next time.
    expect(made.asked.length).toBeLessThanOrEqual(how === 'call' ? 1 : 3);
  });

  it('is unreadable where nothing can be judged without it', async () => {
    const made = await stack();
    made.local.inject({ metrics: { refuse: [{ metric: 'Errors', statistic: 'Sum' }] } });
    expect(await metricsOf(made).read(query)).toMatchObject({ kind: 'unreadable', denied: false });
  });

  it.each(['Invocation4XXErrors', 'Invocations4XXErrors'] as const)(
    'both spellings of the endpoint errors are asked for: %s',
    async (serverlessErrors) => {
      const made = await stack();
      made.local.inject({ metrics: { serverlessErrors, refuse: [] } });
      made.local.inject({
        metrics: {
          refuse: [
            {
              metric:
                serverlessErrors === 'Invocation4XXErrors' ? 'Invocations4XXErrors' : 'Invocation4XXErrors',
              statistic: 'Sum',
              how: 'result',
            },
          ],
        },
      });
      const reading = await metricsOf(made, 1_000, 'weighted').read(query);
      expect(reading).toMatchObject({ kind: 'read', observations: [{ champion: { errors: 0 } }] });
    },
  );

  it('no error metric at all is unreadable, never zero errors', async () => {
    const made = await stack();
    const names = ['Invocation4XXErrors', 'Invocations4XXErrors'];
    made.local.inject({
      metrics: { refuse: names.map((metric) => ({ metric, statistic: 'Sum', how: 'result' as const })) },
    });
    expect(await metricsOf(made, 1_000, 'weighted').read(query)).toMatchObject({ kind: 'unreadable' });
  });
});

describe("a clock that differs from AWS's", () => {
  const dated = { settings: { settings: { datesAnswers: true } } };
  const window = {
    champion,
    challenger,
    from: instant(START),
    to: instant(START + 60_000),
    tickMs: 10_000,
    plannedPercent: 10,
  };
  const requests = (reading: Awaited<ReturnType<Metrics['read']>>): readonly number[] =>
    reading.kind === 'read' ? reading.observations.map(({ challenger: own }) => own?.requests ?? 0) : [];

  it.each([
    [-600_000, "this machine's clock is 10m behind AWS's; mlreg goes by AWS's"],
    [-90_000, "this machine's clock is 1m30s behind AWS's; mlreg goes by AWS's"],
    [0, null],
    [7_000, "this machine's clock is 7s ahead of AWS's; mlreg goes by AWS's"],
    [86_400_000, "this machine's clock is 1d ahead of AWS's; mlreg goes by AWS's"],
  ])('by %i ms from the start reads the same ticks', async (clockErrorMs, note) => {
    const made = await stack({ ...dated, clockErrorMs });
    // Making the function took more than two answers.
    expect(Math.abs(made.port.now() - made.clock.now())).toBeLessThanOrEqual(1_000);
    traffic(made, START, 60, true);
    await made.clock.advance(60_000);
    const reading = await metricsOf(made).read(window);
    expect(requests(reading)).toEqual([10, 10, 10, 10, 10, 10]);
    expect(reading).toMatchObject(note === null ? {} : { notes: [note] });
    if (note === null) expect(reading).not.toHaveProperty('notes');
  });

  it('for some seconds reads the same ticks, and says so meanwhile', async () => {
    const made = await stack(dated);
    const metrics = metricsOf(made);
    traffic(made, START, 60, true);
    await made.clock.advance(58_000);
    made.clockErrorMs = 180_000;
    expect(made.port.now()).toBe(made.clock.now());
    expect(await metrics.read(window)).toMatchObject({
      notes: ["this machine's clock is 3m ahead of AWS's; mlreg goes by AWS's"],
    });
    await made.clock.advance(4_000);
    made.clockErrorMs = 0;
    const reading = await metrics.read(window);
    expect(requests(reading)).toEqual([10, 10, 10, 10, 10, 10]);
    expect(reading).not.toHaveProperty('notes');
  });
});

describe('a tagged request', () => {
  const answering = async (made: Stack, logs: (at: number) => readonly string[]) => {
    made.functions.answer = async () => {
      const at = made.clock.now();
      return {
        payload: JSON.stringify({ probed: { at, version: 'v1' } }),
        coldStart: false,
        logs: logs(at),
      };
    };
  };
  const probeLine = (at: number): string => emf(at, 'v1', { Probe: 1 } as never, {});

  it('shows in the metrics after their lag, and counts as no request', async () => {
    const made = await stack();
    await answering(made, (at) => [probeLine(at)]);
    made.local.inject({ metrics: { delays: [{ lagMs: 30_000 }] } });
    const metrics = metricsOf(made);
    const sent = await metrics.probe!(champion);
    expect(sent).toEqual({ kind: 'sent', at: made.clock.now(), version: 'v1' });
    if (sent.kind !== 'sent') return;
    expect(await metrics.probeSeen!(champion, sent.at)).toBe(false);
    await made.clock.advance(30_000);
    expect(await metrics.probeSeen!(champion, sent.at)).toBe(true);
    const reading = await metrics.read({
      champion,
      challenger,
      from: instant(Math.floor(sent.at / 60_000) * 60_000),
      to: instant(Math.floor(sent.at / 60_000) * 60_000 + 60_000),
      tickMs: 60_000,
      plannedPercent: 10,
    });
    expect(reading).toMatchObject({
      observations: [{ champion: { requests: 0 }, challenger: { requests: 0 } }],
    });
  });

  it.each([
    ['a function that is no router', { payload: '{"ok":true}', coldStart: false, logs: [] }],
    [
      'a router that does not know it',
      { payload: '{}', functionError: 'Unhandled', coldStart: false, logs: [] },
    ],
  ] as const)('of %s is unknown', async (_name, answer) => {
    const made = await stack();
    made.functions.answer = async () => answer as never;
    expect(await metricsOf(made).probe!(champion)).toEqual({ kind: 'unknown' });
  });

  it('that may not be sent says so', async () => {
    const made = await stack();
    made.local.inject({ deny: { 'lambda:InvokeFunction': true } });
    expect(await metricsOf(made).probe!(champion)).toMatchObject({ kind: 'failed', denied: true });
  });

  it('proves the router under weighted routing, by the version that answered it', async () => {
    const made = await stack();
    await answering(made, (at) => [probeLine(at)]);
    made.local.inject({ metrics: { delays: [{ lagMs: 30_000 }] } });
    const metrics = metricsOf(made, 60_000, 'weighted');
    const sent = await metrics.probe!(challenger);
    if (sent.kind !== 'sent') throw new Error(sent.kind);
    expect(await metrics.probeSeen!(challenger, sent.at)).toBe(false);
    await made.clock.advance(30_000);
    expect(await metrics.probeSeen!(challenger, sent.at)).toBe(true);
  });
});
