import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cellNumber } from '../cells.ts';
import { seed } from '../simulate.ts';
import { userCells } from './cells.ts';
import { readUserRuns, type UserRuns, userTables, writeUserRuns } from './report.ts';
import { simulateRollout, type RolloutOutcome, type Variant } from './rollout.ts';

/** Simulates the cells whose names begin with one of `wanted` (all: none named), and prints how long each took. */
export function simulateUsers(
  dir: string,
  wanted: readonly string[],
  { runs, first, only }: { runs: number; first: number; only: readonly Variant[] },
): void {
  for (const cell of userCells) {
    if (wanted.length > 0 && !wanted.some((word) => cell.name.startsWith(word))) continue;
    const began = performance.now();
    const outcomes: Partial<Record<Variant, RolloutOutcome[]>> = {};
    const number = cellNumber({ table: 'falseRollbacks', name: `users: ${cell.name}` });
    const variants = only.length > 0 ? cell.variants.filter((one) => only.includes(one)) : cell.variants;
    for (let run = first; run < first + runs; run++) {
      for (const [variant, outcome] of simulateRollout(cell.scenario, variants, [seed, number, run]))
        (outcomes[variant] ??= []).push(outcome);
    }
    const done: UserRuns = { cell: cell.name, first, outcomes };
    writeUserRuns(dir, done);
    const back = Object.entries(outcomes).map(
      ([variant, list]) => `${variant} ${list.filter(({ at }) => at !== null).length}`,
    );
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(`${cell.name}: ${runs} runs, ${seconds} s; rolled back: ${back.join(', ')}`);
  }
}

const missing = (dir: string): string => {
  const known = new Set(readUserRuns(dir).map(({ cell }) => cell));
  const names = userCells.flatMap(({ name }) => (known.has(name) ? [] : [name]));
  return names.length === 0 ? 'none' : names.join('; ');
};

/** bench/judge/users/RESULTS.md */
export function reportUsers(root: string, dir: string, date: string, note: string): void {
  const text = `# The comparison of users: simulated populations

Simulated on ${date}, seed ${seed}. Made by \`npm run bench:judge -- users-report\` from the runs of
\`nice -n 15 npm run bench:judge -- users runs=N first=M\`; do not edit.

A canary of 10 and 50 % under sticky routing, an hour each unless a cell says otherwise, ticks of 10 s, three hours of
history, the default policy (endpoint errors not simulated), a new salt in each run. \`judge\`: the judge on all requests,
without comparing users. \`kept\`: the same without requests of set-aside buckets. \`gate\`: what mlreg does. \`strata\`:
what it does where the router's log can't be read. \`held\`: % of runs that a doubt held at the end of a bake (for one more
bake at most). \`reads\`: times that the log was read. Standard error: sqrt(r (1 - r)/n). \`-\`: not simulated.

The aim for each cell is n = 300 and then 1,000; where \`n\` is less, a rate of 0 is bounded by 3/n only (95 %). The cells that
are not in the tables were not run: ${missing(dir)}.
${note === '' ? '' : `\n${note}\n`}
${userTables(readUserRuns(dir))}
`;
  writeFileSync(join(root, 'bench/judge/users/RESULTS.md'), text);
}
