import { table } from '../machine.ts';
import { tickLengths } from './cells.ts';
import { atTicks } from './report-false.ts';
import { studied, type CellResult, type Results } from './results.ts';
import { digits } from './words.ts';

/** Errors in clusters: % false, then minutes at 2x and at 5x. */
export function burstTables({ bursts }: Results): readonly string[] {
  if (bursts.length === 0) return [];
  const intro =
    '`cluster`: mean size of clusters of errors inside an arm (geometric); `shared`: deviation of a factor on both arms’ error rate; `history`: the cluster size in the history that the judge saw. % rolled back when healthy; mean minutes at 2x; at 5x.';
  return [
    `## Bursts\n\n${intro}`,
    ...tickLengths.map((tickMs) => {
      const cells = atTicks(bursts, tickMs);
      const healthy = cells.filter(({ cell }) => cell.name.endsWith(', 1x'));
      const names = healthy[0]?.contestants ?? [];
      const rows = healthy.map((one) => {
        const name = one.cell.name.replace(/, 1x$/, '');
        const at = (times: string): CellResult | undefined =>
          cells.find(({ cell }) => cell.name === `${name}, ${times}`);
        const triple = (who: string): string =>
          `${digits(one.of(who)?.power)} ; ${digits(at('2x')?.of(who)?.mean)} ; ${digits(at('5x')?.of(who)?.mean)}`;
        const study = studied.bursts(name);
        const inStudy = study ? `${study.false} ; ${study['2x']} ; ${study['5x']}` : '-';
        return [name, triple(names[0]!), inStudy, ...names.slice(1).map(triple)];
      });
      return `### ${tickMs / 1000} s ticks\n\n${table(['cell', names[0]!, 'study', ...names.slice(1)], rows)}`;
    }),
  ];
}

export function stormTable({ storms }: Results): string {
  if (storms.length === 0) return '';
  const names = storms[0]!.contestants;
  const rows = storms.map(({ cell, of }) => [
    cell.name,
    digits(of(names[0]!)?.power),
    digits(studied.storms(cell.name)),
    ...names.slice(1).map((name) => digits(of(name)?.power)),
  ]);
  const intro =
    'One client sends so many failing requests in one tick, all to one arm (the challenger with probability = share). % rolled back; nothing is wrong with the challenger.';
  return `### One retry storm\n\n${intro}\n\n${table(['cell', names[0]!, 'study', ...names.slice(1)], rows)}`;
}

export function coldTable({ cold }: Results): string {
  if (cold.length === 0) return '';
  const names = cold[0]!.contestants;
  const rows = cold.map(({ cell, of }) => {
    const strict = studied.cold(`${cell.name}, margin 0%`);
    return [
      cell.name,
      digits(of(names[0]!)?.power),
      digits(strict?.[0]),
      digits(of(names[1]!)?.power),
      digits(strict?.[300]),
      ...names.slice(2).map((name) => digits(of(name)?.power)),
    ];
  });
  const head = ['cell', names[0]!, 'study', names[1]!, 'study', ...names.slice(2)];
  const intro =
    'The challenger starts three times as slow and gets warm with a time constant of one minute; nothing else is wrong. % rolled back.';
  return `## Cold starts\n\n${intro}\n\n${table(head, rows)}`;
}
