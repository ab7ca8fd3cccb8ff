import { UserError } from '../domain/user-error.ts';
import { replayText } from '../reporting/replay-text.ts';
import { createReplay, type Replayed } from '../engine/replay-judge.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { changedByFile, environmentPolicy, type JudgedBy } from './judged-by.ts';
import { linesOfFile } from './lines.ts';
import { type Recording, readRecording } from './observations.ts';

export interface ReplayOptions {
  readonly policy?: string;
}

/** Judges recorded observations again: what would have been decided, at which tick, and why. */
export async function replay(context: Context, options: ReplayOptions, file: string): Promise<ExitCode> {
  const name = file === '-' ? 'stdin' : file;
  const recording = await readRecording(linesOfFile(context.world.cwd, file), name);
  const by = judgedBy(context, recording, options.policy);
  const result = await judgeRecording(recording, by, name);
  context.output.answer(
    {
      kind: 'Replay',
      file: name,
      ...replayData(result),
      policy: { from: by.from, ...by.policy, history: undefined },
    },
    () => replayText(result, by.from, context.output.paint),
  );
  return exitCode.done;
}

/** A recorded rollout is judged by its own plan's policy, all else by the environment's. */
export function judgedBy(context: Context, { header }: Recording, file: string | undefined): JudgedBy {
  const base =
    header.policy === null
      ? environmentPolicy(context, header.tickMs)
      : { policy: header.policy, from: `the plan of ${header.rollout ?? 'the recorded rollout'}` };
  return file === undefined ? base : changedByFile(context, base, file);
}

/** Reads to the end even when all is decided, for a recording with a mistake is none. */
export async function judgeRecording(
  { header, ticks }: Recording,
  { policy }: JudgedBy,
  name: string,
): Promise<Replayed> {
  const recorded = header.policy !== null;
  let line = 1;
  try {
    const judging = createReplay({
      policy,
      gathersHistory: !recorded,
      bakes: header.bakes,
      salt: header.salt ?? undefined,
    });
    for await (const tick of ticks) {
      line = tick.line;
      judging.push(tick.observation);
    }
    return judging.result();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UserError('usage', `${name}:${line} ${error.message}`, {
      mend: 'mend this line, or record it again: mlreg show ROLLOUT --observations > rollout.ndjson',
      cause: error,
    });
  }
}

/** For machines. */
export function replayData(result: Replayed): Record<string, unknown> {
  const { reason, at } = result;
  return {
    decision: result.decision,
    tick: result.tick,
    at: at === null ? null : new Date(at).toISOString(),
    reason:
      reason === null
        ? null
        : { metric: reason.metric, evidence: reason.evidence, threshold: reason.threshold },
    harmedRequests: result.harmedRequests,
    challengerRequests: result.challengerRequests,
    why: result.why,
    needRequests: result.needRequests,
    ticks: result.ticks,
    historyTicks: result.historyTicks,
    finding: reason?.finding ?? null,
  };
}
