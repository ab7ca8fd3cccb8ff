import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allCells, cellNumber, tables, type Cell, type Table } from './cells.ts';
import { errorPeers, kayentas } from './contestants.ts';
import { labels } from './labels/main.ts';
import { lagPage, runLag } from './lag.ts';
import { report } from './report.ts';
import { resultsOf } from './results.ts';
import type { Group } from './rollout-cells.ts';
import { head, runRollouts } from './rollouts.ts';
import { readRuns, writeRuns, type CellRuns } from './runs-file.ts';
import { seed, simulate } from './simulate.ts';
import { speed } from './speed.ts';
import { reportUsers, simulateUsers } from './users/main.ts';
import { type Variant } from './users/rollout.ts';
import { recordOf } from './watched.ts';

declare const BENCH_ROOT: string;

const [command = 'all', ...args] = process.argv.slice(2);
/** `runs=20`; a cell's name may hold an equals sign too. */
const isOption = (arg: string): boolean => /^[a-z]+=/.test(arg);
const options = new Map(args.filter(isOption).map((arg) => arg.split('=', 2) as [string, string]));
const dir = options.get('dir') ?? join(BENCH_ROOT, 'node_modules/.cache/bench-judge');

const errorJudges = new Set([...errorPeers, ...kayentas].map(({ name }) => name));

switch (command) {
  case 'all':
    rmSync(dir, { recursive: true, force: true });
    simulateTables();
    writeReport();
    break;
  case 'simulate':
    simulateTables();
    break;
  case 'report':
    writeReport();
    break;
  case 'rollouts':
    rollouts();
    break;
  case 'speed':
    console.log(speed());
    break;
  case 'users':
    simulateUsers(
      dir,
      args.filter((arg) => !isOption(arg)),
      {
        runs: Number(options.get('runs') ?? 100),
        first: Number(options.get('first') ?? 0),
        only: (options.get('variants')?.split(',') ?? []) as Variant[],
      },
    );
    break;
  case 'users-report':
    reportUsers(BENCH_ROOT, dir, new Date().toISOString().slice(0, 10), options.get('note') ?? '');
    break;
  case 'labels':
    labels(BENCH_ROOT, Number(options.get('runs') ?? 100));
    break;
  case 'lag':
    await lagging();
    break;
  default:
    throw new Error(
      `bench:judge: unknown command "${command}": all, simulate, report, rollouts, users, users-report, labels, lag or speed`,
    );
}

/** Late metrics, whose cells are rollouts with looks. Cells that were run before are kept: delete lag.json to begin anew. */
async function lagging(): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'lag.json');
  const runs = Number(options.get('runs') ?? 100);
  const late = Number(options.get('late') ?? runs);
  await runLag(file, { runs, late });
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(join(BENCH_ROOT, 'bench/judge/LAG.md'), lagPage(file, { date }));
}

/**
 * all | simulate [table ...] runs=20 first=0 dir=... who=peers: a later call with a higher `first` adds more runs, of the
 * peers alone if need be, for they are fast.
 */
function simulateTables(): void {
  const chosen = args.filter((arg) => !isOption(arg)) as Table[];
  const runs = Number(options.get('runs') ?? 20);
  const first = Number(options.get('first') ?? 0);
  for (const table of chosen.length > 0 ? chosen : tables) {
    const began = performance.now();
    const done: CellRuns[] = [];
    for (const cell of allCells().filter((one) => one.table === table)) {
      const { scenario, contestants } = options.get('who') === 'peers' ? peersOnly(cell) : cell;
      const outcomes = simulate(scenario, contestants, { cell: cellNumber(cell), first, runs });
      done.push({ table, cell: cell.name, outcomes: Object.fromEntries(outcomes) });
    }
    writeRuns(dir, table, first, done);
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(`${table}: ${done.length} cells, runs ${first} to ${first + runs - 1}, ${seconds} s`);
  }
}

/** The peers of errors look at no latency, which takes longest to simulate. */
function peersOnly({ scenario, contestants }: Cell): Pick<Cell, 'scenario' | 'contestants'> {
  const peers = contestants.filter(({ kind }) => kind === 'peer');
  if (peers.some(({ name }) => !errorJudges.has(name))) return { scenario, contestants: peers };
  const { latency: _, ...errorsOnly } = scenario;
  return { scenario: errorsOnly, contestants: peers };
}

/** RESULTS.md, and the numbers that a test holds the judge to. */
function writeReport(): void {
  const results = resultsOf(allCells(), readRuns(dir));
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(join(BENCH_ROOT, 'bench/judge/RESULTS.md'), report(results, { seed, date, speed: speed() }));
  const record = `${JSON.stringify(recordOf(results), null, 2)}\n`;
  writeFileSync(join(BENCH_ROOT, 'bench/judge/recorded.json'), record);
}

/** rollouts [group ...] runs=100: whole rollouts under the defaults, guardrails on; a table as Markdown. */
function rollouts(): void {
  const chosen = args.filter((arg) => !arg.includes('=')) as Group[];
  console.log(head);
  runRollouts(chosen, Number(options.get('runs') ?? 100), console.log);
}
