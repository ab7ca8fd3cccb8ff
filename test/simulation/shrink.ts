import { play, type Run, type RunOptions } from './simulate.ts';
import type { Story } from './story.ts';

export interface Counterexample {
  readonly run: Run;
  /** What is needed for it to fail: operations, faults, windows. */
  readonly only: readonly string[];
}

const mostRuns = 400;

/** Leaves out one fault, one operation after the other, as long as the same law is broken. */
export async function shrink(failed: Run, options: RunOptions = {}): Promise<Counterexample> {
  const law = failed.violation?.law;
  let best = failed;
  let only = keysOf(failed);
  let runs = 0;
  for (let size = -1; size !== only.length && runs < mostRuns; ) {
    size = only.length;
    for (const key of [...only].reverse()) {
      if (runs++ >= mostRuns) break;
      const rest = new Set(only.filter((other) => other !== key));
      const run = await play(failed.story, { ...options, allows: (name) => rest.has(name) });
      if (run.violation?.law !== law) continue;
      best = run;
      only = keysOf(run).filter((other) => rest.has(other));
    }
  }
  return { run: best, only };
}

const keysOf = ({ story, faults }: Run): readonly string[] => [
  ...story.ops.map(({ key }) => key),
  ...story.windows.map(({ key }) => key),
  'endpoint',
  'skew',
  ...new Set(faults.map(({ key }) => key)),
];

/** A counterexample as data: what it needs and nothing else, whatever seeds come to mean later. */
export const freeze = ({ run }: Counterexample): Story => ({
  ...run.story,
  faults: run.faults.filter(({ isInert }) => !isInert).map(({ call, kind, ms }) => ({ key: call, kind, ms })),
});
