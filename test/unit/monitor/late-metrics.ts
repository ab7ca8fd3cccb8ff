import type { ArmTick, Observation } from '../../../src/domain/observation.ts';
import type { JudgePolicy } from '../../../src/domain/policy.ts';
import { type Instant, instant, versionTag } from '../../../src/domain/units.ts';
import type { Judgement } from '../../../src/domain/verdict.ts';
import { createLooks } from '../../../src/monitor/finality.ts';
import { createJudge } from '../../../src/monitor/judge/judge.ts';
import { observe } from '../../../src/monitor/observe.ts';
import { totalFailure } from '../../../src/monitor/total-failure.ts';
import type { ArmSource, Metrics } from '../../../src/ports/index.ts';

export const start = Date.parse('2026-11-30T10:00:00Z');

export const source = (version: string): ArmSource => ({
  version: versionTag(version),
  endpoint: version,
  functionVersion: undefined,
});

export const policy: JudgePolicy = {
  alpha: 0.01,
  alphaPromote: 0.05,
  tickMs: 10_000,
  steps: [10, 50, 100].map((percent) => ({ percent, ticks: 90 })),
  warmUpMs: 300_000,
  minimumBakeMs: 300_000,
  minimumTicks: 3,
  rollbackMargin: { ratio: 1.1, difference: 0.0002, slower: 0.1 },
  promoteMargin: { ratio: 1.25, difference: 0.001, slower: 0.2 },
  guardrails: { errorRate: 0.05, meanLatencyMs: 1_000, endpointErrorsPerMinute: 10, throttleRate: 0.1 },
  scope: 'attributable',
  noise: 'robust',
  detectableRatio: 5,
  detectableSlower: 2,
  history: Array.from({ length: 60 }, () => ({ requests: 5_400, errors: 18, throttles: 0 })),
  historyTickMs: 60_000,
};

/** What CloudWatch shows of a tick of 10 s that ended at `at`, asked at `now`; both milliseconds after the start. */
export type Shows = (arm: 'champion' | 'challenger', at: number, now: number) => ArmTick;

export interface Told {
  /** Seconds after the share moved; null: it did not happen. */
  readonly rolledBackAfter: number | null;
  readonly why: string;
  readonly observed: readonly Observation[];
  readonly judgement: Judgement;
  readonly unreadable: readonly string[];
}

/** A rollout's looks, one every 10 s, as `tick` makes them. `forgets`: each look is a process of its own. */
export async function follow(
  shows: Shows,
  {
    forSeconds = 1_800,
    settleMs = 120_000,
    horizonMs = 900_000,
    forgets = false,
    percent = 10,
    port = {},
  }: {
    readonly forSeconds?: number;
    readonly settleMs?: number;
    /** null: a tick is final at `settleMs`, as it was before late metrics were read again. */
    readonly horizonMs?: number | null;
    readonly forgets?: boolean;
    readonly percent?: number;
    readonly port?: Partial<Metrics>;
  } = {},
): Promise<Told> {
  const judge = createJudge(policy);
  const share = { percent, since: instant(start), before: 0 };
  let since: Instant = instant(start);
  let looks = createLooks();
  const observed: Observation[] = [];
  const unreadable: string[] = [];
  const told = (rolledBackAfter: number | null, why: string): Told => ({
    rolledBackAfter,
    why,
    observed,
    judgement: judge.judgement(),
    unreadable,
  });
  for (let second = 10; second <= forSeconds; second += 10) {
    const now = second * 1_000;
    const metrics: Metrics = {
      read: async ({ from, to, tickMs, plannedPercent }) => ({
        kind: 'read',
        observations: Array.from({ length: (to - from) / tickMs }, (_, i) => {
          const at = from + (i + 1) * tickMs;
          return {
            at: instant(at),
            tickMs,
            plannedPercent: Number(plannedPercent),
            champion: shows('champion', at - start, now),
            challenger: shows('challenger', at - start, now),
          };
        }),
      }),
      ...port,
    };
    if (forgets) looks = createLooks();
    const watched = {
      champion: source('v1'),
      challenger: source('v2'),
      tickMs: 10_000,
      settleMs,
      horizonMs: horizonMs ?? undefined,
      since,
      share,
    };
    const reading = await observe(metrics, watched, instant(start + now), looks);
    if (reading === null) continue;
    if (reading.kind === 'unreadable') {
      unreadable.push(reading.why);
      continue;
    }
    for (const tick of reading.observations) {
      judge.step(tick);
      observed.push(tick);
      since = tick.at;
    }
    const failure = totalFailure(policy, reading.provisional ?? []) ?? judge.judgement();
    if (failure.kind === 'fail') return told(second, failure.reason.sentence);
  }
  return told(null, '');
}

export const nothing: ArmTick = { requests: 0, errors: 0, throttles: 0 };
/** Each tick, all of it visible so long after its end. */
export const afterLag =
  (lagMs: number | { readonly champion: number; readonly challenger: number }, failing = 100): Shows =>
  (arm, at, now) => {
    const lag = typeof lagMs === 'number' ? lagMs : lagMs[arm];
    if (at <= 0 || at + lag > now) return nothing;
    return arm === 'champion'
      ? { requests: 900, errors: 3, throttles: 0 }
      : { requests: 100, errors: failing, throttles: 0 };
  };
