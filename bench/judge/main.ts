import { join } from 'node:path';
import { allCells, cellNumber, tables, type Table } from './cells.ts';
import { readRuns, writeRuns, type CellRuns } from './runs-file.ts';
import { simulate } from './simulate.ts';

declare const BENCH_ROOT: string;

/** Every run is a function of this, its cell and its number. */
const seed = 20_261;
const [command = 'all', ...args] = process.argv.slice(2);
const options = new Map(args.filter((arg) => arg.includes('=')).map((arg) => arg.split('=', 2) as [string, string]));
const dir = options.get('dir') ?? join(BENCH_ROOT, 'bench/judge/.runs');

switch (command) {
  case 'simulate':
    simulateTables();
    break;
  default:
    throw new Error(`unknown command ${command}`);
}

/** simulate [table ...] runs=20 first=0 dir=... */
function simulateTables(): void {
  const chosen = args.filter((arg) => !arg.includes('=')) as Table[];
  const runs = Number(options.get('runs') ?? 20);
  const first = Number(options.get('first') ?? 0);
  for (const table of chosen.length > 0 ? chosen : tables) {
    const began = performance.now();
    const done: CellRuns[] = [];
    for (const cell of allCells().filter((one) => one.table === table)) {
      const outcomes = simulate(cell.scenario, cell.contestants, { seed, cell: cellNumber(cell), first, runs });
      done.push({ table, cell: cell.name, outcomes: Object.fromEntries(outcomes) });
    }
    writeRuns(dir, table, first, done);
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(`${table}: ${done.length} cells, runs ${first} to ${first + runs - 1}, ${seconds} s`);
  }
}

void readRuns;
