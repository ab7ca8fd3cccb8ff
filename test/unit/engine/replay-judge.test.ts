import { describe, expect, it } from 'vitest';
import { observationLines } from '../../../src/commands/export-observations.ts';
import { readRecording } from '../../../src/commands/observations.ts';
import type { Entry } from '../../../src/domain/journal.ts';
import type { Observation, Reading } from '../../../src/domain/observation.ts';
import type { OnInconclusive } from '../../../src/domain/plan.ts';
import type { JudgePolicy } from '../../../src/domain/policy.ts';
import { instant, percent, rolloutId } from '../../../src/domain/units.ts';
import type { Finding } from '../../../src/domain/verdict.ts';
import type { MetricsQuery } from '../../../src/ports/index.ts';
import { drive } from '../../../src/runner/drive.ts';
import { start } from '../../../src/runner/own.ts';
import { createReplay, type Replayed, type ReplayOptions } from '../../../src/engine/replay-judge.ts';
import { tick as lookAround } from '../../../src/runner/tick.ts';
import { openMemoryStore } from '../../support/memory-store.ts';
import type { CanarySettings } from '../../../src/strategies/settings.ts';
import {
  type ModelWorld,
  modelWorld,
  policy,
  seedRegistry,
  startOf,
  v22,
  v23,
} from '../../support/model-world.ts';
import { arm, policyOf, tick } from '../judge/traffic.ts';

const id = rolloutId('r-1');

async function simulated(prepare: (world: ModelWorld) => void, over: Partial<CanarySettings> = {}) {
  const world = modelWorld();
  await seedRegistry(world);
  prepare(world);
  const journal = await start(world.ports, id, startOf(over));
  await drive(world.ports, journal, { signal: new AbortController().signal });
  return openMemoryStore(world.place).journal(id);
}

/** Through the very text that `mlreg show --observations` prints. */
async function replayed(entries: readonly Entry[]): Promise<Replayed> {
  const lines = [...observationLines(id, entries)];
  async function* read() {
    await null;
    yield* lines;
  }
  const { header, ticks } = await readRecording(read(), 'rollout.ndjson');
  if (header.policy === null) throw new Error('no policy in the first line');
  const replay = createReplay({
    policy: header.policy,
    gathersHistory: false,
    bakes: header.bakes,
    salt: header.salt ?? undefined,
  });
  for await (const { observation } of ticks) replay.push(observation);
  return replay.result();
}

/** What the journal says: the decision, the observations known to whoever decided, and the reason. */
function decided(entries: readonly Entry[]) {
  const done = entries.findIndex((entry, index) => {
    if (entry.kind !== 'verdict') return false;
    return entry.action === 'roll back' || endsLastBake(entries, entries[index + 1]);
  });
  const verdict = entries[done];
  const before = done < 0 ? entries : entries.slice(0, done);
  const tick = before.reduce(
    (sum, entry) => sum + (entry.kind === 'observed' ? entry.observations.length : 0),
    0,
  );
  if (verdict?.kind !== 'verdict') return { decision: 'hold', tick };
  return {
    decision: verdict.action === 'roll back' ? 'rollback' : 'promote',
    tick,
    ...(verdict.verdict.kind === 'fail' ? { finding: verdict.verdict.reason } : {}),
  };
}

function endsLastBake([first]: readonly Entry[], entry: Entry | undefined): boolean {
  if (first?.kind !== 'started' || entry?.kind !== 'step-done') return false;
  const step = first.plan.steps[entry.step];
  return step?.kind === 'bake' && step.final;
}

/** Traffic of a rate and without latencies, which can be shown to be no worse. */
const steady =
  (requests: number, rate: (version: string) => number) =>
  (query: MetricsQuery): Reading => {
    const observations: Observation[] = [];
    for (let at = query.from + query.tickMs; at <= query.to; at += query.tickMs) {
      const share = Number(query.plannedPercent) / 100;
      const of = (version: string, part: number) => {
        const n = Math.round(requests * part);
        return arm(n, Math.round(n * rate(version)));
      };
      observations.push({
        at: instant(at),
        tickMs: query.tickMs,
        plannedPercent: share * 100,
        champion: of(v22, 1 - share),
        challenger: of(v23, share),
      });
    }
    return { kind: 'read', observations };
  };

const inconclusive = (onInconclusive: OnInconclusive): Partial<CanarySettings> => ({ onInconclusive });

describe('a recorded rollout, judged again', () => {
  it.each<[string, string, (world: ModelWorld) => void, Partial<CanarySettings>]>([
    ['fails', 'rollback', (w) => (w.behaviour[v23] = { errors: 0.2, latencyMs: 20 }), {}],
    [
      'fails, weighted',
      'rollback',
      (w) => (w.behaviour[v23] = { errors: 0.1, latencyMs: 20 }),
      { routing: 'weighted' },
    ],
    ['fails a little', 'rollback', (w) => (w.behaviour[v23] = { errors: 0.05, latencyMs: 20 }), {}],
    ['is slow', 'rollback', (w) => (w.behaviour[v23] = { errors: 0, latencyMs: 300 }), {}],
    ['is well to the end of its last bake', 'promote', () => undefined, {}],
    [
      'is well at 100 %',
      'promote',
      () => undefined,
      {
        steps: [percent(10), percent(100)],
        policy: { ...policy, steps: [10, 100].map((share) => ({ percent: share, ticks: 10 })) },
      },
    ],
    ['has too little traffic, and then enough', 'promote', (w) => (w.requestsPerTick = 70), {}],
    ['is well, and nothing is proven', 'rollback', () => undefined, inconclusive('rollback')],
    ['is well, and a person is waited for', 'hold', () => undefined, inconclusive('hold')],
    ['has no traffic', 'hold', (w) => (w.requestsPerTick = 0), {}],
    [
      'has no traffic, and rolls back for it',
      'rollback',
      (w) => (w.requestsPerTick = 0),
      inconclusive('rollback'),
    ],
    [
      'is shown to be no worse before its bake is over',
      'promote',
      (w) => (w.reading = steady(20_000, () => 0.01)),
      {
        steps: [percent(10)],
        bakeMs: 60_000,
        policy: { ...policy, steps: [{ percent: 10, ticks: 60 }] },
      },
    ],
  ])('comes to the journal’s decision at its tick: it %s', async (_, decision, prepare, over) => {
    const entries = await simulated(prepare, over);
    const again = await replayed(entries);
    const was = decided(entries);
    expect(was.decision).toBe(decision);
    expect({ decision: again.decision, tick: again.tick }).toEqual({
      decision: was.decision,
      tick: was.tick,
    });
    expect(again.reason?.finding).toEqual(was.finding);
  });

  it('finds the tick that failed among those that were read at once', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    world.behaviour[v23] = { errors: 0.2, latencyMs: 20 };
    const journal = await start(world.ports, id, startOf());
    while (journal.state().observations.length < 2) {
      await lookAround(world.ports, journal);
      world.advance(1_000);
    }
    // Nobody looked for a while.
    world.advance(6_000);
    await drive(world.ports, journal, { signal: new AbortController().signal });
    const entries = await openMemoryStore(world.place).journal(id);
    const again = await replayed(entries);
    const was = decided(entries);
    expect([again.decision, was.decision]).toEqual(['rollback', 'rollback']);
    expect(again.tick).toBeLessThan(was.tick);
    expect(again.reason?.finding).toEqual(was.finding);
  });

  it('keeps all that the judge saw', async () => {
    const entries = await simulated((world) => (world.behaviour[v23] = { errors: 0.2, latencyMs: 20 }));
    const straddling = entries.map((entry) =>
      entry.kind === 'observed'
        ? { ...entry, observations: entry.observations.map((one) => ({ ...one, straddlesChange: true })) }
        : entry,
    );
    for (const journal of [entries, straddling]) {
      const lines = [...observationLines(id, journal)];
      async function* read() {
        await null;
        yield* lines;
      }
      const { header, ticks } = await readRecording(read(), 'rollout.ndjson');
      const seen: Observation[] = [];
      for await (const { observation } of ticks) seen.push(observation);
      expect(seen).toEqual(journal.flatMap((entry) => (entry.kind === 'observed' ? entry.observations : [])));
      const [first] = journal;
      expect(header.policy).toEqual(first?.kind === 'started' ? first.plan.policy : null);
    }
  });
});

function run(
  policy: JudgePolicy,
  ticks: readonly Observation[],
  over: Partial<ReplayOptions> = {},
): Replayed {
  const replay = createReplay({ policy, gathersHistory: true, bakes: null, ...over });
  for (const one of ticks) replay.push(one);
  return replay.result();
}

const table = (count: number, of: (n: number) => Observation): readonly Observation[] =>
  Array.from({ length: count }, (_, i) => of(i + 1));

describe('observations by themselves', () => {
  it('roll back by all metrics together, and name the strongest', () => {
    const result = run(
      policyOf(),
      table(30, (n) => tick(n, arm(900, 3), arm(100, 20))),
    );
    expect(result).toMatchObject({ decision: 'rollback', reason: { metric: 'errors', threshold: 200 } });
    expect(result.reason?.evidence).toBeGreaterThanOrEqual(200);
    expect(result.tick).toBeLessThan(15);
    expect(result.ticks).toBe(30);
    expect(result.harmedRequests).toBe(20 * result.tick);
  });

  it('never say less evidence than what it had to reach', () => {
    for (let errors = 3; errors <= 100; errors += 6) {
      const { decision, reason } = run(
        policyOf(),
        table(60, (n) => tick(n, arm(900, 3), arm(100, errors))),
      );
      if (decision !== 'rollback') continue;
      expect(reason?.evidence).toBeGreaterThanOrEqual((reason?.threshold ?? NaN) * (1 - 1e-9));
    }
  });

  it('promote at the first tick that proves it, and not before the least bake', () => {
    const well = table(200, (n) => tick(n, arm(9_000, 90), arm(1_000, 10)));
    const soon = run(policyOf({ minimumBakeMs: 0, minimumTicks: 1 }), well);
    expect(soon.decision).toBe('promote');
    expect(soon.tick).toBeLessThan(100);
    const later = run(policyOf({ minimumBakeMs: 150_000 }), well);
    expect([later.decision, later.tick]).toEqual(['promote', 150]);
  });

  it('hold to the last tick', () => {
    expect(
      run(
        policyOf(),
        table(4, (n) => tick(n, arm(90), arm(10))),
      ),
    ).toMatchObject({
      decision: 'hold',
      tick: 4,
      at: 4_000,
      reason: null,
      why: '4 of at least 5 seconds at this share',
    });
    expect(run(policyOf(), [])).toMatchObject({ decision: 'hold', tick: 0, at: null, judgement: null });
  });

  it('count the champion’s past, and learn from it', () => {
    const past = table(40, (n) => tick(n, arm(1_000, n % 2 === 0 ? 6 : 4), null, { plannedPercent: 0 }));
    const trial = table(30, (n) => tick(40 + n, arm(900, 3), arm(100, 20)));
    const { decision, tick: at, historyTicks } = run(policyOf(), [...past, ...trial]);
    const history = past.flatMap(({ champion }) => champion ?? []);
    const told = run(policyOf({ history }), trial);
    expect([decision, historyTicks]).toEqual(['rollback', 40]);
    expect(at).toBe(40 + told.tick);
    expect(run(policyOf(), past)).toMatchObject({ decision: 'hold', tick: 40, historyTicks: 40 });
  });

  it('promote in the last bake only, where the bakes are known', () => {
    const bake = { extendMs: 0, onInconclusive: 'hold' } as const;
    const bakes = [
      { ...bake, percent: 10, from: instant(0), over: instant(60_000), final: false },
      { ...bake, percent: 50, from: instant(60_000), over: null, final: true },
    ];
    const shares = table(90, (n) =>
      n <= 60
        ? tick(n, arm(9_000, 90), arm(1_000, 10))
        : tick(n, arm(5_000, 50), arm(5_000, 50), { plannedPercent: 50 }),
    );
    const policy = policyOf({ steps: [10, 50].map((share) => ({ percent: share, ticks: 60 })) });
    // 50 % has a least bake of its own, 5 s, and proves by its own ticks.
    expect(run(policy, shares, { bakes, gathersHistory: false })).toMatchObject({
      decision: 'promote',
      tick: 68,
    });
    expect(run(policy, shares).tick).toBeLessThan(60);
    const alone = bakes.map((one) => (one.final ? { ...one, percent: 100 } : one));
    expect(run(policy, shares, { bakes: alone, gathersHistory: false }).decision).toBe('hold');
  });

  it('leave all to the guardrails where everybody is on the challenger', () => {
    const alone = table(10, (n) => tick(n, null, arm(10, 10), { plannedPercent: 100 }));
    const result = run(policyOf({ steps: [10, 100].map((share) => ({ percent: share, ticks: 60 })) }), alone);
    expect(result.decision).toBe('rollback');
    // With the weight of a metric among others it would have taken longer.
    expect(result.reason?.finding.threshold).toBeCloseTo(400, 6);
  });

  it('know a planned look by its own threshold', () => {
    const off = { errorRate: null, meanLatencyMs: null, endpointErrorsPerMinute: null, throttleRate: null };
    const policy = policyOf({ steps: [{ percent: 50, ticks: 60 }], guardrails: off });
    const half = { plannedPercent: 50 };
    const little = table(60, (n) =>
      tick(n, arm(5_000, 95 + ((n * 7) % 11)), arm(5_000, 119 + ((n * 5) % 13)), half),
    );
    // The second of eight looks.
    expect(run(policy, little)).toMatchObject({
      decision: 'rollback',
      tick: 10,
      reason: { finding: { rule: 'errors against champion, planned look' } },
    });
    const { reason } = run(policy, little);
    expect(reason?.threshold).toBe(reason?.finding.threshold);
    expect(reason?.evidence).toBe(reason?.finding.evidence);
  });
});

describe('evidence together', () => {
  it('is the judge’s weighted average', async () => {
    const { evidenceTogether } = await import('../../../src/engine/replay-judge.ts');
    const finding = (evidence: number, threshold: number, metric: Finding['metric'] = 'errors') =>
      ({ metric, evidence, threshold }) as Finding;
    // Half errors, a tenth of latency; the rest of the weights has no evidence either way.
    expect(evidenceTogether([finding(400, 400), finding(10, 2_000)], 200)).toBeCloseTo(
      0.5 * 400 + 0.1 * 10 + 0.4,
      9,
    );
    expect(evidenceTogether([finding(1e6, 1e4, 'sample-ratio'), finding(5, Infinity)], 200)).toBeCloseTo(
      1,
      12,
    );
  });
});
