import { parseArgs } from 'node:util';
import { calls } from './calls.ts';
import { coldStarts } from './cold-starts.ts';
import { controller } from './controller.ts';
import { gateway } from './gateway.ts';
import { thisMachine } from './machine.ts';
import { longJournal } from './long-journal.ts';
import { memory } from './memory.ts';
import { overload } from './overload.ts';
import { pieces } from './pieces.ts';
import { shadow } from './shadow.ts';
import { startup } from './startup.ts';

declare const BENCH_ROOT: string;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    minutes: { type: 'string', default: '10' },
  },
});
/** Each prints one table of ratios that were measured in one run. */
const benches: Readonly<
  Record<string, (root: string, rounds: number, seconds: number) => string | Promise<string>>
> = {
  startup: (root, rounds) => startup(root, Math.max(rounds, 15)),
  gateway,
  pieces,
  memory,
  shadow,
  controller,
  calls,
  'cold-starts': coldStarts,
  'long-journal': longJournal,
  // Minutes of it: `npm run bench -- overload --minutes 10`.
  overload: (root) => overload(root, Number(values.minutes)),
};

/** What a run without names does; the others take minutes each. */
const quick = ['startup', 'gateway', 'pieces', 'memory'];
const unknown = positionals.filter((name) => benches[name] === undefined);
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
  process.exitCode = 2;
} else {
  console.log(`${new Date().toISOString().slice(0, 10)}, ${thisMachine()}`);
  for (const name of positionals.length > 0 ? positionals : quick) {
    console.log(`\n## ${name}\n`);
    console.log(await benches[name]?.(BENCH_ROOT, Number(values.rounds), Number(values.seconds)));
  }
}
