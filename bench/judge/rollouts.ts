import { createRandom } from './random.ts';
import { type Group, groups, type NamedCell, rolloutCells } from './rollout-cells.ts';
import { seed } from './simulate.ts';
import { type RolloutEnd, wholeRollout } from './whole-rollout.ts';

export interface CellEnds {
  readonly cell: NamedCell;
  readonly ends: readonly RolloutEnd[];
}

/** `runs` rollouts of each cell of the groups; run n is a function of the seed, the cell's name and n. */
export function runRollouts(
  chosen: readonly Group[],
  runs: number,
  told: (line: string) => void,
): readonly CellEnds[] {
  const cells = rolloutCells().filter(({ group }) => (chosen.length === 0 ? groups : chosen).includes(group));
  return cells.map((cell) => {
    const began = performance.now();
    const number = hashOf(`${cell.group}: ${cell.name}`);
    const ends = Array.from({ length: runs }, (_, run) =>
      wholeRollout(cell, createRandom(seed, number, run), cell.changes),
    );
    told(rowOf({ cell, ends }) + ` ${Math.round((performance.now() - began) / 1000)} s`);
    return { cell, ends };
  });
}

function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const character of name) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  return hash >>> 0;
}

const median = (values: readonly number[]): number | null =>
  values.length === 0 ? null : [...values].sort((a, b) => a - b)[values.length >> 1]!;

const text = (value: number | null): string => (value === null ? '-' : value.toFixed(value < 10 ? 1 : 0));

/** One row of the table: how the rollouts of a cell ended. */
export function rowOf({ cell, ends }: CellEnds): string {
  const back = ends.filter(({ end }) => end === 'rolled-back');
  const share = (end: RolloutEnd['end']): string =>
    `${ends.filter((one) => one.end === end).length} of ${ends.length}`;
  const proven = ends.filter(({ why }) => why === 'proven').length;
  return `| ${cell.group} | ${cell.name} | ${cell.healthy ? 'healthy' : 'bad'} | ${share('rolled-back')} | ${text(median(back.map(({ minute }) => minute)))} | ${text(median(back.map(({ failed }) => failed)))} | ${share('held')} | ${share('promoted')}${proven > 0 ? ` (${proven} by proof)` : ''} | ${text(median(ends.filter(({ end }) => end === 'promoted').map(({ minute }) => minute)))} |`;
}

export const head =
  '| cells | cell | | rolled back | median minute | median failed requests | held | promoted | median minute |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |';
