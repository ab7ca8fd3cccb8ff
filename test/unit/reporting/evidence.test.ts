import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../src/aws/metric-catalogue.ts';
import { generatedTicks } from '../../../src/commands/generated-ticks.ts';
import type { ArmTick } from '../../../src/domain/observation.ts';
import type { JudgePolicy } from '../../../src/domain/policy.ts';
import { percent, rolloutId } from '../../../src/domain/units.ts';
import type { Finding, Verdict } from '../../../src/domain/verdict.ts';
import { lanes } from '../../../src/monitor/judge/evidence/lanes.ts';
import { createHistogramSum } from '../../../src/monitor/judge/evidence/histogram.ts';
import { planLooks } from '../../../src/monitor/judge/evidence/look-schedule.ts';
import { promotionTime } from '../../../src/monitor/judge/power/promotion-time.ts';
import { slowerDetection } from '../../../src/monitor/judge/power/slower-detection.ts';
import { evidenceOf, evidenceText, shortVerdict } from '../../../src/reporting/evidence.ts';
import { metricSource, namespaces, origins } from '../../../src/reporting/metric-source.ts';
import { powerOf } from '../../../src/view/power.ts';
import { powerText } from '../../../src/reporting/power-view.ts';
import { drive } from '../../../src/runner/drive.ts';
import { start } from '../../../src/runner/own.ts';
import { createReplay } from '../../../src/engine/replay-judge.ts';
import { replay } from '../../../src/engine/fold-journal.ts';
import { openMemoryStore } from '../../support/memory-store.ts';
import { canary } from '../../../src/strategies/canary.ts';
import type { CanarySettings } from '../../../src/strategies/settings.ts';
import {
  canarySettings,
  type ModelWorld,
  modelWorld,
  policy,
  seedRegistry,
  startOf,
  v23,
} from '../../support/model-world.ts';
import { policyOf } from '../judge/traffic.ts';

const plain = new Chalk({ level: 0 });
const id = rolloutId('r-1');

async function rollout(prepare: (world: ModelWorld) => void, over: Partial<CanarySettings> = {}) {
  const world = modelWorld();
  await seedRegistry(world);
  prepare(world);
  const journal = await start(world.ports, id, startOf(over));
  await drive(world.ports, journal, { signal: new AbortController().signal });
  const entries = await openMemoryStore(world.place).journal(id);
  return { entries, state: replay(id, entries) };
}

describe('the evidence of a verdict', () => {
  it('is all that one needs to believe it', async () => {
    const { entries, state } = await rollout(
      (world) => (world.behaviour[v23] = { errors: 0.2, latencyMs: 20 }),
    );
    const evidence = evidenceOf(state, entries);
    if (evidence === null) throw new Error('no evidence');
    expect(evidence.finding).toEqual(state.lastVerdict?.kind === 'fail' ? state.lastVerdict.reason : null);
    expect(evidence.window?.to).toBe(state.lastObservedAt);
    expect(evidence.window?.tick).toBe(state.observations.length);
    expect(evidence.together?.evidence).toBeGreaterThanOrEqual(evidence.together?.threshold ?? NaN);
    expect(evidenceText(evidence, state.plan.tickMs, plain)).toMatchInlineSnapshot(`
      "  said       240 endpoint errors a minute, limit 10 a minute, champion 1.7 a minute, over 80 challenger requests. Odds of this by chance: 1 in 24,000; rolled back after 80 challenger requests, 16 of them failed
        rule       endpoint errors > 10 a minute
        champion   1.7 a minute over 720 requests
        challenger 240 a minute over 80 requests, limit 10 a minute
        evidence   24420.2, decides alone at 4000
        together   1277.3 of all metrics, rolls back at 200
        window     4 ticks of 1s, 2025-06-15T15:06:41.000Z to 2025-06-15T15:06:45.000Z; decided at tick 4
        errors     12 or more times the champion's, by 7.5 to 41 percentage points (95 % sure, whenever one looks)
        latency    p95 10 ms or more beside the champion's 10 to 25 ms (95 % sure, whenever one looks)
        numbers    AWS/SageMaker Invocation5XXErrors by EndpointName=recommendation-local-v2-3-0-bbbbbbbb|recommendation-local-v2-2-0-aaaaaaaa
        action     roll back, 2025-06-15T15:06:46.000Z
        next       mlreg show r-1 --observations --environment local > r-1.ndjson
                   mlreg replay r-1.ndjson   judges it again; --policy FILE under another policy
                   mlreg register VERSION --artifact URI --environment local   the fixed model, under a version of its own"
    `);
  });

  it('counts the ticks of a comparison, and not those that straddle a change', async () => {
    const { entries, state } = await rollout(() => undefined);
    const of = (limit: number | null, ticks: number) => {
      const verdict = { ...state.lastVerdict, findings: [finding({ limit, ticks })] } as Verdict;
      const others = entries.filter(({ kind }) => kind !== 'verdict');
      const last = others.length;
      const straddling = others.map((entry) =>
        entry.kind === 'observed'
          ? {
              ...entry,
              observations: entry.observations.map((one, i) => ({
                ...one,
                straddlesChange: i === 0 && one.plannedPercent === 50,
              })),
            }
          : entry,
      );
      return evidenceOf(state, [
        ...straddling,
        { kind: 'verdict', verdict, action: 'advance', seq: last + 1, at: state.startedAt, token: 1 },
      ])?.window;
    };
    const first = state.observations[0]!;
    expect(of(0.05, 4)?.from).toBe(state.observations.at(-4)!.at - 1_000);
    expect(of(0.05, 1_000)?.from).toBe(first.at - 1_000);
    // Each look read one tick, so none at 50 % is left: the last comparable one is of 10 %.
    expect(of(null, 1)?.from).toBe(
      state.observations.findLast((one) => one.plannedPercent === 10)!.at - 1_000,
    );
  });

  it('is none where there was no verdict', async () => {
    const { entries, state } = await rollout(
      (world) => (world.reading = () => ({ kind: 'unreadable', why: 'x', denied: true })),
    );
    expect(evidenceOf(state, entries)).toBeNull();
  });

  it('names the next commands by how it ended', async () => {
    const ended = await rollout(() => undefined);
    const next = (outcome: typeof ended.state.outcome) =>
      evidenceOf({ ...ended.state, outcome }, ended.entries)?.next.join('\n');
    expect(next(ended.state.outcome)).toContain('mlreg status --environment local');
    expect(next(null)).toContain('mlreg promote --environment local');
    expect(next({ kind: 'stuck', sentence: 's', mend: ['mlreg doctor'] })).toBe('mlreg doctor');
    expect(
      next({ kind: 'rolled-back', cause: { kind: 'verdict', sentence: 's' }, harmedRequests: 1 }),
    ).toContain('mlreg replay r-1.ndjson');
  });
});

const finding = (over: Partial<Finding> = {}): Finding => ({
  metric: 'errors',
  rule: 'errors against champion',
  unit: 'share',
  champion: 0.009,
  challenger: 0.041,
  limit: null,
  evidence: 3_800,
  threshold: 400,
  championRequests: 1_900,
  challengerRequests: 212,
  ticks: 20,
  sentence: 'challenger 4.1 % errors against 0.9 %: 1 in 3,800 by chance (9 of 212 requests failed)',
  ...over,
});

describe('a verdict in one sentence', () => {
  const judged = { findings: [], harmedRequests: 9, challengerRequests: 212 };
  it.each<[Verdict, string | null, string]>([
    [
      { kind: 'fail', reason: finding(), ...judged },
      'roll back',
      'challenger 4.1 % errors against 0.9 %: 1 in 3,800 by chance; rolled back after 212 challenger requests, 9 of them failed',
    ],
    [
      { kind: 'fail', reason: finding(), ...judged, challengerRequests: 1, harmedRequests: 12 },
      'tell',
      'challenger 4.1 % errors against 0.9 %: 1 in 3,800 by chance; failed after 1 challenger request, 12 of them failed or too slow',
    ],
    [
      { kind: 'pass', nonInferior: false, ...judged },
      'advance',
      'nothing breached in 212 challenger requests, 9 of them failed',
    ],
    [
      { kind: 'pass', nonInferior: true, ...judged },
      null,
      'nothing breached in 212 challenger requests, 9 of them failed; shown to be no worse than the champion',
    ],
    [
      { kind: 'insufficient', why: 'too few requests', needRequests: 3_000, ...judged },
      null,
      'not enough to tell: too few requests, about 3,000 more requests would do',
    ],
    [
      { kind: 'insufficient', why: 'too soon', needRequests: null, ...judged },
      null,
      'not enough to tell: too soon',
    ],
    [
      {
        kind: 'pass',
        nonInferior: false,
        deferred: 'challenger 2 % errors against 1 %; explained by which users it got (p = 0.31)',
        ...judged,
      },
      'advance',
      'nothing breached in 212 challenger requests, 9 of them failed; challenger 2 % errors against 1 %; explained by which users it got (p = 0.31)',
    ],
    [
      {
        kind: 'insufficient',
        why: 'too soon',
        needRequests: null,
        deferred: 'p95; perhaps explained',
        ...judged,
      },
      null,
      'not enough to tell: too soon; p95; perhaps explained',
    ],
    [{ kind: 'unreadable', why: 'denied', denied: true }, null, 'metrics unreadable: denied'],
  ])('%#', (verdict, action, sentence) => {
    expect(shortVerdict(verdict, { action, failed: 9 })).toBe(sentence);
  });
});

describe('where the numbers come from', () => {
  it('names metrics and dimensions that are read', async () => {
    const { state } = await rollout(() => undefined);
    for (const routing of ['sticky', 'weighted'] as const) {
      for (const [metric, { kind, metrics }] of Object.entries(origins[routing])) {
        expect(namespaces[kind]).toBe(catalogue[kind].namespace);
        expect(Object.keys(catalogue[kind].metrics)).toEqual(expect.arrayContaining([...metrics]));
        const source = metricSource(
          { ...state, plan: { ...state.plan, routing } },
          metric as keyof (typeof origins)['sticky'],
        );
        const known: readonly string[] = [...catalogue[kind].dimensions, 'Alias'];
        expect(known).toEqual(expect.arrayContaining(Object.keys(source.dimensions)));
      }
    }
  });

  it('reads one arm of a watch', async () => {
    const { state } = await rollout(() => undefined);
    const watched = { ...state, plan: { ...state.plan, strategy: 'watch' as const } };
    expect(metricSource(watched, 'errors').dimensions.ModelVersion).toEqual([v23]);
    expect(metricSource(state, 'errors').dimensions.ModelVersion).toEqual([v23, 'v2.2.0']);
  });
});

/** The champion's past: a minute's ticks. */
function past(requestsPerSecond: number, errorRate: number, latencyMs = 60): readonly ArmTick[] {
  return [
    ...generatedTicks(
      {
        requestsPerTick: requestsPerSecond * 60,
        percent: 10,
        championErrors: errorRate,
        challengerErrors: 0,
        championLatencyMs: latencyMs,
        ticks: 1,
        historyTicks: 180,
        seed: 7,
      },
      60_000,
    ),
  ].flatMap(({ challenger, champion }) => (challenger === null && champion !== null ? [champion] : []));
}

const bakes = (
  shares: readonly number[],
  minutes: number,
  over: Partial<JudgePolicy>,
  more: Partial<CanarySettings> = {},
) =>
  canary(
    canarySettings({
      tickMs: 10_000,
      bakeMs: minutes * 60_000,
      steps: shares.map(percent),
      policy: {
        ...policy,
        tickMs: 10_000,
        warmUpMs: 300_000,
        minimumBakeMs: 300_000,
        steps: shares.map((share) => ({ percent: share, ticks: minutes * 6 })),
        historyTickMs: 60_000,
        ...over,
      },
      ...more,
    }),
  );

describe('the power of a plan', () => {
  it('is stated for each bake, with how long a proof takes', () => {
    const plan = bakes([10, 50], 15, { history: past(50, 0.004) });
    const power = powerOf(plan);
    expect(powerText(power, plan, plain)).toMatchInlineSnapshot(`
      "  power  50 requests a second, 0.4 % errors, p50 53 ms, p95 124 ms (champion, last 3h); the chance that a bake rolls back, and after how long:
               BAKE          REQUESTS  ERRORS x1.5  x2                 x5                    LATENCY +20 %  ALL FAIL
               10 % for 15m  4,500     at most 2 %  1 to 22 %          at least 98 %, 3m10s  98 %, 9m       > 99 %, 10s
               50 % for 15m  22,500    2 to 25 %    72 to 97 %, 9m10s  > 99 %, 2m20s         > 99 %, 6m30s  > 99 %, 10s
               promoted                63 to 98 %   at most 28 %       < 1 %
        proof  an equal challenger is shown to be no worse after about 33m of baking (by errors, which takes longest), more than the 30m planned; the last bake runs to its end: promotes if nothing is breached"
    `);
    if (power.kind !== 'known') throw new Error(power.why);
    expect(power.bakes.map((bake) => bake.errors.map(({ ratio }) => ratio))).toEqual([
      [1.5, 2, 5],
      [1.5, 2, 5],
    ]);
  });

  it('warns where a bake can’t do what the policy is for', () => {
    const plan = bakes([10, 50, 100], 15, { history: past(0.5, 0.004) });
    const power = powerOf(plan);
    expect(powerText(power, plan, plain)).toMatchInlineSnapshot(`
      "  power  0.5 requests a second, 0.46 % errors, p50 53 ms, p95 123 ms (champion, last 3h); the chance that a bake rolls back, and after how long:
               BAKE           REQUESTS  ERRORS x1.5  x2           x5           LATENCY +20 %  ALL FAIL
               10 % for 15m   45        < 1 %        < 1 %        at most 2 %  < 1 %          > 99 %, 1m50s
               50 % for 15m   225       at most 2 %  at most 2 %  at most 5 %  < 1 %          > 99 %, 29s
               100 % for 15m  450       at most 2 %  at most 2 %  at most 2 %  -              > 99 %, 14s
        proof  the last bake is at 100 %, with nobody to compare with; at its end: promotes if nothing is breached
        ▲      the bake at 10 % is too short for a verdict: errors 5 times the champion's are caught with a chance of < 1 %; it would hold (about 32m would do)
        ▲      the bake at 50 % may miss what its guardrail is for: 10 % errors, twice the limit, are caught with a chance of 61 %
        ▲      the bake at 50 % may miss a challenger 20 % slower: it is caught with a chance of < 1 %
        ▲      the bake at 100 % may miss what its guardrail is for: 10 % errors, twice the limit, are caught with a chance of < 1 %
        ▲      the bake at 100 % has no champion beside it: there only the guardrails guard"
    `);
    const warned = power.kind === 'known' ? power.warnings.map(({ kind, percent: at }) => [kind, at]) : [];
    expect(warned).toContainEqual(['no-verdict', 10]);
    expect(warned).toContainEqual(['alone', 100]);
    expect(powerOf(bakes([10, 50], 15, { history: past(500, 0.004) }))).toMatchObject({
      kind: 'known',
      warnings: [],
    });
  });

  it('says that a bake of the length it names would do', () => {
    const plan = (minutes: number) => powerOf(bakes([10], minutes, { history: past(2, 0.004) }));
    const short = plan(6);
    const warning =
      short.kind === 'known' ? short.warnings.find(({ kind }) => kind === 'no-verdict') : undefined;
    if (warning?.kind !== 'no-verdict' || warning.enoughMs === null) throw new Error('no warning');
    const enough = plan(Math.ceil(warning.enoughMs / 60_000));
    expect(enough).toMatchObject({ kind: 'known' });
    expect(enough.kind === 'known' && enough.warnings.some(({ kind }) => kind === 'no-verdict')).toBe(false);
  });

  it.each<[string, ReturnType<typeof bakes>, RegExp]>([
    ['without history', bakes([10], 15, { history: [] }), /no requests in its history/],
    [
      'without traffic',
      bakes([10], 15, { history: [{ requests: 0, errors: 0, throttles: 0 }] }),
      /no requests in its history/,
    ],
    ['without a champion', bakes([10], 15, {}, { champion: null }), /there is no champion/],
  ])('can’t be stated %s, and says why', (_, plan, why) => {
    const power = powerOf(plan);
    expect(power).toEqual({ kind: 'unknown', why: expect.stringMatching(why) });
    expect(powerText(power, plan, plain)).toMatch(/can't be stated: /);
  });

  it('knows no comparison by latencies that were not reported', () => {
    const history = past(50, 0.004).map(({ requests, errors, throttles }) => ({
      requests,
      errors,
      throttles,
    }));
    const power = powerOf(bakes([10], 15, { history }));
    expect(power).toMatchObject({
      kind: 'known',
      promotionBy: 'errors',
      traffic: { p50Ms: null, p95Ms: null },
    });
  });
});

describe('what was estimated', () => {
  const trial = (over: object, ticks: number, seed: number) => ({
    requestsPerTick: 1_000,
    percent: 10,
    championErrors: 0.003,
    challengerErrors: 0.003,
    championLatencyMs: 130,
    challengerLatencyMs: 130,
    ticks,
    historyTicks: 60,
    seed,
    ...over,
  });
  const judged = (steps: JudgePolicy['steps'], traffic: ReturnType<typeof trial>) => {
    const replaying = createReplay({
      policy: policyOf({ steps, minimumBakeMs: 0 }),
      gathersHistory: true,
      bakes: null,
    });
    for (const tick of generatedTicks(traffic, 1_000)) replaying.push(tick);
    return replaying.result();
  };
  const latencyOf = (traffic: ReturnType<typeof trial>) => {
    const sum = createHistogramSum();
    for (const { champion, challenger } of generatedTicks(traffic, 1_000)) {
      if (challenger === null && champion?.latency) sum.add(champion.latency);
    }
    const latency = sum.sum();
    if (latency === null) throw new Error('no latency');
    return latency;
  };

  it.each([
    [1_000, 10, 90, 130],
    [100, 10, 90, 60],
    [2_000, 50, 60, 60],
  ])(
    'of a challenger a fifth slower is near what happens, and rather low: %d a tick, share %d, %d ticks, %d ms',
    (requestsPerTick, share, ticks, ms) => {
      const steps = [{ percent: share, ticks }];
      const over = { requestsPerTick, percent: share, championLatencyMs: ms };
      const trials = 12;
      let caught = 0;
      for (let seed = 1; seed <= trials; seed++) {
        const { decision } = judged(steps, trial({ ...over, challengerLatencyMs: ms * 1.2 }, ticks, seed));
        if (decision === 'rollback') caught++;
      }
      const { probability } = slowerDetection({
        latency: latencyOf(trial(over, 1, 99)),
        factor: 1.2,
        slower: 0.1,
        n0: (requestsPerTick * (100 - share)) / 100,
        n1: (requestsPerTick * share) / 100,
        ticks,
        lanes: lanes(0.01, planLooks(steps).planned),
      });
      expect(probability).toBeLessThan(caught / trials + 0.2);
      expect(probability).toBeGreaterThan(caught / trials - 0.5);
    },
  );

  it('of the time to a proof is near what happens', () => {
    const steps = [{ percent: 10, ticks: 90 }];
    const times = Array.from({ length: 5 }, (_, i) => judged(steps, trial({}, 1_200, i + 1)))
      .map(({ decision, tick }) => (decision === 'promote' ? tick - 60 : Infinity))
      .sort((a, b) => a - b);
    const { ticks } = promotionTime({
      steps: [{ n0: 900, n1: 100, ticks: 90 }],
      errorRate: 0.003,
      phi: 1,
      latency: latencyOf(trial({}, 1, 99)),
      policy: policyOf(),
    });
    expect(ticks).toBeGreaterThan(0.5 * (times[2] ?? NaN));
    expect(ticks).toBeLessThan(2 * (times[2] ?? NaN));
  });

  it('is never where there is nobody to compare with, or no margin', () => {
    const base = { errorRate: 0.003, phi: 1, latency: null, policy: policyOf() };
    expect(promotionTime({ ...base, steps: [{ n0: 0, n1: 100, ticks: 90 }] }).ticks).toBeNull();
    const strict = policyOf({ promoteMargin: { ratio: 1, difference: 0, slower: 0 } });
    expect(
      promotionTime({ ...base, policy: strict, steps: [{ n0: 900, n1: 100, ticks: 90 }] }).ticks,
    ).toBeNull();
  });
});
