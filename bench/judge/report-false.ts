import { table } from '../machine.ts';
import { tickLengths } from './cells.ts';
import { studied, type CellResult, type Results } from './results.ts';
import { medianOf } from './summary.ts';
import { digits } from './words.ts';

/** How often a healthy challenger was rolled back. */
export function falseRollbackTables({ falseRollbacks }: Results): readonly string[] {
  if (falseRollbacks.length === 0) return [];
  return [
    '## False rollbacks: challenger = champion, one hour, all metrics on',
    overview(falseRollbacks),
    ...tickLengths.map((tickMs) => full(atTicks(falseRollbacks, tickMs), tickMs)),
  ];
}

export const atTicks = (cells: readonly CellResult[], tickMs: number): readonly CellResult[] =>
  cells.filter(({ cell }) => cell.scenario.tickMs === tickMs);

function overview(cells: readonly CellResult[]): string {
  const names = [...new Set(cells.flatMap(({ contestants }) => contestants))];
  const rows = names.map((name) => [
    name,
    ...tickLengths.flatMap((tickMs) => {
      const found = atTicks(cells, tickMs)
        .map((one) => one.of(name)?.power)
        .filter((power) => power !== undefined);
      if (found.length === 0) return ['-', '-', '-', '-'];
      const within = (limit: number): string =>
        `${found.filter((power) => power <= limit).length}/${found.length}`;
      return [within(1), within(5), digits(medianOf(found)), digits(Math.max(...found))];
    }),
  ]);
  const head = [
    'judge',
    ...['60 s', '10 s'].flatMap((t) => [`${t}: <= 1 %`, '<= 5 %', 'median %', 'worst %']),
  ];
  return table(head, rows);
}

function full(cells: readonly CellResult[], tickMs: number): string {
  const names = cells[0]?.contestants ?? [];
  const [ours, ...others] = names;
  const rows = cells.map(({ cell, of }) => [
    cell.name,
    digits(of(ours!)?.power),
    digits(studied.false(cell.name)),
    ...others.map((name) => digits(of(name)?.power)),
  ]);
  return `### ${tickMs / 1000} s ticks, % rolled back\n\n${table(['cell', ours!, 'study', ...others], rows)}`;
}
