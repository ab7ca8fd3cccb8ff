import { createRandom } from '../../bench/judge/random.ts';
import type { JudgePolicy } from '../../src/domain/policy.ts';
import { instant } from '../../src/domain/units.ts';
import { createJudge } from '../../src/monitor/judge/judge.ts';
import { arm, policyOf } from '../unit/judge/traffic.ts';

/** The defaults. */
export const guardrails = {
  errorRate: 0.05,
  meanLatencyMs: 1000,
  endpointErrorRate: 0.05,
  endpointErrorsPerMinute: null,
  throttleRate: 0.1,
};

/** Requests a second of both arms, what each refuses of them, and whether the rate wanders. */
export interface RefusalTraffic {
  readonly perSecond: number;
  readonly champion: number;
  readonly challenger: number;
  readonly wanders?: boolean;
  readonly history?: boolean;
}

/** An hour at 10 % and one at 50 %: the minute of the rollback, null where there is none. */
export function refusalRollback(
  traffic: RefusalTraffic,
  seed: number,
  changes: Partial<JudgePolicy> = {},
): number | null {
  const random = createRandom(20_261, seed);
  let log = 0;
  const wander = (): number => {
    if (traffic.wanders) log = 0.9 * log + 0.25 * random.normal();
    return Math.exp(log);
  };
  const one = (mean: number, rate: number) => {
    const requests = random.poisson(mean);
    return arm(requests, random.binomial(requests, 0.002), {
      refused: random.binomial(requests, Math.min(1, rate)),
    });
  };
  const history = Array.from({ length: traffic.history === false ? 0 : 180 }, () =>
    one(60 * traffic.perSecond, wander() * traffic.champion),
  );
  const steps = [10, 50].map((percent) => ({ percent, ticks: 360 }));
  const judge = createJudge(
    policyOf({
      tickMs: 10_000,
      historyTickMs: 60_000,
      steps,
      history,
      guardrails,
      refusedMore: 0.005,
      ...changes,
    }),
  );
  for (let i = 0; i < 720; i++) {
    const percent = i < 360 ? 10 : 50;
    const now = i % 6 === 0 ? wander() : Math.exp(log);
    judge.step({
      at: instant((i + 1) * 10_000),
      tickMs: 10_000,
      plannedPercent: percent,
      champion: one((traffic.perSecond * (100 - percent)) / 10, now * traffic.champion),
      challenger: one((traffic.perSecond * percent) / 10, now * traffic.challenger),
    });
    if (judge.failed()) return (i + 1) / 6;
  }
  return null;
}

export const shareRolledBack = (
  traffic: RefusalTraffic,
  runs: number,
  changes: Partial<JudgePolicy> = {},
): number =>
  Array.from({ length: runs }, (_, seed) => refusalRollback(traffic, seed, changes)).filter(
    (at) => at !== null,
  ).length / runs;

/** Challengers that equal their champion, or are worse by what is allowed. */
export const healthyRefusals: readonly (readonly [string, RefusalTraffic])[] = [
  ['none', { perSecond: 20, champion: 0, challenger: 0 }],
  ['1 %', { perSecond: 20, champion: 0.01, challenger: 0.01 }],
  [
    '5 %, callers’ mistakes that come and go',
    { perSecond: 20, champion: 0.05, challenger: 0.05, wanders: true },
  ],
  [
    '1 %, without history',
    { perSecond: 20, champion: 0.01, challenger: 0.01, wanders: true, history: false },
  ],
  ['half a percent more, which is allowed', { perSecond: 10, champion: 0.001, challenger: 0.006 }],
];
