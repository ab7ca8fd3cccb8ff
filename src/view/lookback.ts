import type { ArmTick, Observation } from '../domain/observation.ts';
import type { JudgePolicy } from '../domain/policy.ts';
import { createHistogramSum, quantile } from '../monitor/judge/evidence/histogram.ts';
import type { Interval } from '../monitor/judge/evidence/proportion-interval.ts';
import { createDifferences } from './differences.ts';
import { type ArmSums, type BothArms, createArmSums } from './failed-requests.ts';

/** Some neighbouring ticks of the challenger together; null where it had no requests. */
export interface Recent {
  /** A second. */
  readonly requests: number;
  readonly errors: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
}

export interface Seen {
  readonly arms: BothArms;
  readonly difference: { readonly errors: Interval | null; readonly p95: Interval | null };
  /** At most `bars`, the newest last. */
  readonly recent: readonly Recent[];
}

export interface Lookback {
  /** @param table all ticks so far; what it began with before is not looked at again */
  upTo(table: readonly Observation[]): Seen;
}

const bars = 12;
const recentMs = 15 * 60_000;

/** What the ticks of both arms come to, for display: nothing is decided by it. Costs what is new since the last call. */
export function createLookback(policy: JudgePolicy): Lookback {
  let before: readonly Observation[] = [];
  let sums = createSums(policy);
  let seen: Seen | null = null;
  return {
    upTo(table) {
      if (table === before && seen !== null) return seen;
      // Ticks are never changed, so the last one's identity stands for all before it.
      const last = before.length - 1;
      const grown =
        before.length <= table.length &&
        (last < 0 || (before[0] === table[0] && before[last] === table[last]));
      if (!grown) {
        before = [];
        sums = createSums(policy);
      }
      for (let i = before.length; i < table.length; i++) sums.push(table[i]!);
      before = table;
      seen = { ...sums.seen(), recent: recentOf(table) };
      return seen;
    },
  };
}

function createSums(policy: JudgePolicy) {
  const arms: ArmSums = createArmSums();
  const differences = createDifferences(policy);
  return {
    push(observation: Observation) {
      arms.push(observation);
      differences.push(observation);
    },
    seen: (): Pick<Seen, 'arms' | 'difference'> => ({
      arms: arms.numbers(),
      difference: { errors: differences.errors().interval, p95: differences.p95().interval },
    }),
  };
}

function recentOf(table: readonly Observation[]): readonly Recent[] {
  const end = table.at(-1)?.at ?? 0;
  let from = table.length;
  while (from > 0 && table[from - 1]!.at > end - recentMs) from--;
  const ticks = table.slice(from);
  const size = Math.max(1, Math.ceil(ticks.length / bars));
  return Array.from({ length: Math.ceil(ticks.length / size) }, (_, i) =>
    together(ticks.slice(i * size, (i + 1) * size)),
  );
}

function together(ticks: readonly Observation[]): Recent {
  const arms = ticks.flatMap(({ challenger }): readonly ArmTick[] =>
    challenger === null ? [] : [challenger],
  );
  const requests = arms.reduce((sum, arm) => sum + arm.requests, 0);
  const errors = arms.reduce((sum, arm) => sum + arm.errors, 0);
  const ms = ticks.reduce((sum, { tickMs }) => sum + tickMs, 0);
  const times = createHistogramSum();
  for (const { latency } of arms) if (latency !== undefined) times.add(latency);
  const all = times.sum();
  return {
    requests: ms === 0 ? 0 : (1_000 * requests) / ms,
    errors: requests === 0 ? null : errors / requests,
    p50: all === null ? null : quantile(all, 0.5),
    p95: all === null ? null : quantile(all, 0.95),
  };
}
