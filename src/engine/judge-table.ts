import type { Observation } from '../domain/observation.ts';
import type { JudgePolicy } from '../domain/policy.ts';
import type { Judgement } from '../domain/verdict.ts';
import { createJudge, type Judge } from '../monitor/judge/judge.ts';

interface Judged {
  readonly judge: Judge;
  readonly table: readonly Observation[];
  readonly judgement: Judgement;
}

/** By the plan's own policy, of one rollout each: its salt is part of what was judged. What is lost with the process is computed anew from the table. */
const known = new WeakMap<JudgePolicy, Judged>();

/**
 * `judge(policy, table)`, at the price of the ticks that are new since the last call: a table only grows, and the
 * judge's state is a function of it.
 * @param salt of the rollout: which user buckets are whose
 */
export function judgeTable(policy: JudgePolicy, table: readonly Observation[], salt?: string): Judgement {
  const before = known.get(policy);
  if (before?.table === table) return before.judgement;
  const grown = before !== undefined && extend(before.table, table);
  const judge = grown ? before.judge : createJudge(policy, salt === undefined ? {} : { salt });
  // A tick that can't be judged leaves a judge behind that must not be used again.
  known.delete(policy);
  for (let i = grown ? before.table.length : 0; i < table.length; i++) judge.step(table[i]!);
  const judgement = judge.judgement();
  known.set(policy, { judge, table, judgement });
  return judgement;
}

/** Ticks are never changed, so the last one's identity stands for all before it. */
function extend(before: readonly Observation[], table: readonly Observation[]): boolean {
  const last = before.length - 1;
  return before.length <= table.length && before[0] === table[0] && before[last] === table[last];
}
