import type { ChalkInstance } from 'chalk';
import type { Replayed } from '../engine/replay-judge.ts';

export interface CaseResult {
  readonly name: string;
  readonly expect: Replayed['decision'];
  readonly byTick: number | null;
  readonly result: Replayed;
  readonly passed: boolean;
}

/** A line for each case, what was expected where it failed, and how many passed. */
export function policyTestText(results: readonly CaseResult[], paint: ChalkInstance): string {
  const width = Math.max(...results.map(({ name }) => name.length));
  const lines = results.flatMap(({ name, expect, byTick, result, passed }) => {
    const by = byTick === null ? '' : ` by tick ${byTick}`;
    const decided = `${result.decision} ${result.decision === 'hold' ? 'to' : 'at'} tick ${result.tick}`;
    return [
      `${passed ? paint.green('✔') : paint.red('✖')} ${name.padEnd(width)}  ${decided}${passed ? '' : paint.red(`, expected ${expect}${by}`)}`,
      `  ${paint.dim(result.why)}`,
    ];
  });
  const passed = results.filter((one) => one.passed).length;
  return [
    ...lines,
    `${passed} of ${results.length} ${results.length === 1 ? 'case passes' : 'cases pass'}`,
  ].join('\n');
}
