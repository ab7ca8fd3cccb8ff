import { parseArgs } from 'node:util';
import type { Campaign } from './campaign.ts';
import { designNames, designOf } from './designs.ts';
import { type Campaigning, campaignOver, optionsOf, serve } from './jobs.ts';
import { levelNames } from './levels.ts';
import { freeze, shrink } from './shrink.ts';
import { type RunOptions, simulate } from './simulate.ts';
import { mustSee } from './situations.ts';

const usage = `npm run sim -- [--seeds 10000] [--from 1] [--jobs 1] [--most 10] [--level ${levelNames.join('|')}] [--design NAME]
npm run sim -- --from SEED --trace [--only KEY,KEY] [--level LEVEL] [--design NAME]
npm run sim -- --designs [--seeds 10000] [--level LEVEL]: in how many seeds each of these is convicted
designs: ${designNames('aws').join('; ')}`;

/** Fewer seeds than this needn't have seen everything. */
const fewSeeds = 20_000;
/** Counterexamples that are shrunk; of the others the seed is named. */
const mostShrunk = 3;

type Names = Pick<Campaigning, 'design' | 'level'>;
type Task = Pick<Campaigning, 'from' | 'seeds' | 'jobs' | 'level'> & { readonly bundle: URL };

serve();

/** @returns the exit code: 1 where a law was broken, a run was not repeatable, or a situation was never seen */
export async function main(args: readonly string[], bundle: URL): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '10000' },
      from: { type: 'string', default: '1' },
      most: { type: 'string', default: '10' },
      jobs: { type: 'string', default: '1' },
      level: { type: 'string', default: 'engine' },
      design: { type: 'string' },
      designs: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return say(usage, 0);
  const [seeds, from, jobs, most] = [values.seeds, values.from, values.jobs, values.most].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const isCount = (value: number): boolean => Number.isInteger(value) && value > 0;
  if (![seeds, from, jobs, most].every(isCount)) return say(usage, 2);
  const { design, level } = values;
  if (design !== undefined && designOf(design) === undefined) return say(usage, 2);
  if (!levelNames.includes(level)) return say(usage, 2);
  const options = optionsOf({ design, level });
  if (values.trace || values.only !== undefined) return replay(from, values.only, options);

  if (values.designs) return convict({ from, seeds, jobs, level, bundle });

  const began = performance.now();
  const rate = (done: number): number => Math.round(done / ((performance.now() - began) / 1_000));
  let told = 0;
  const enough = new AbortController();
  process.once('SIGINT', () => enough.abort());
  const result = await campaignOver(bundle, {
    from,
    seeds,
    jobs,
    most,
    design,
    level,
    signal: enough.signal,
    onPart: (part, all) => {
      for (const { seed, message } of part.violations) console.log(`seed ${seed}: ${message}`);
      const due = Math.floor((10 * all.seeds) / seeds);
      if (due > told) console.log(`${all.seeds} seeds, ${rate(all.seeds)} a second`);
      told = Math.max(told, due);
    },
  });
  const { violations, situations, unsteady } = result;
  for (const { seed } of violations.slice(0, mostShrunk)) await explain(seed, options, { design, level });
  for (const [name, count] of [...situations].sort()) console.log(`${String(count).padStart(9)}  ${name}`);
  const unseen = result.seeds < fewSeeds ? [] : mustSee.filter((name) => !situations.has(name));
  if (unseen.length > 0) console.log(`never seen: ${unseen.join(', ')}`);
  if (unsteady.length > 0) console.log(`not repeatable: seeds ${unsteady.join(', ')}`);
  console.log(summary(result, from, rate(result.seeds)));
  return violations.length + unseen.length + unsteady.length === 0 ? 0 : 1;
}

/** Each bad design over the same seeds, in which the good one breaks no law. */
async function convict(wanted: Task): Promise<number> {
  const { bundle, ...range } = wanted;
  let acquitted = 0;
  for (const design of [undefined, ...designNames(range.level)]) {
    const all = await campaignOver(bundle, { ...range, design, most: Infinity, onPart: () => undefined });
    const laws = new Map<string, number>();
    for (const { message } of all.violations) {
      const law = message.slice(0, message.indexOf(':'));
      laws.set(law, (laws.get(law) ?? 0) + 1);
    }
    const most = [...laws].sort(([, a], [, b]) => b - a).map(([law, count]) => `${law} ${count}`);
    console.log(
      `${String(all.violations.length).padStart(7)} of ${all.seeds}  ${design ?? '(as it is)'}  ${most.join(', ')}`,
    );
    if ((design === undefined) !== (all.violations.length === 0)) acquitted++;
  }
  return acquitted === 0 ? 0 : 1;
}

function summary(all: Campaign, from: number, rate: number): string {
  return (
    `${all.seeds} seeds from ${from}, ${rate} a second: ${all.rollouts} rollouts, ${all.crashes} crashes, ` +
    `${Math.round(all.virtualMs / 3_600_000)} virtual hours, ${all.events} events, ` +
    `${all.twice} seeds run twice, ${all.violations.length} violations`
  );
}

async function explain(seed: number, options: RunOptions, { design, level }: Names): Promise<void> {
  const counterexample = await shrink(await simulate(seed, options), options);
  const { run, only } = counterexample;
  const { ops, windows } = run.story;
  console.log(`\nseed ${seed} shrunk to ${only.length}: ${run.violation?.message}`);
  for (const op of ops)
    if (only.includes(op.key))
      console.log(`  ${op.key}: ${op.kind} ${JSON.stringify(op.wish ?? '')} at ${op.at} ms`);
  for (const fault of run.faults) console.log(`  ${fault.key}: ${fault.kind} ${fault.ms} ms`);
  for (const { key, call, kind, from, to } of windows)
    if (only.includes(key)) console.log(`  ${key}: ${call} ${kind} from ${from} to ${to} ms`);
  const named = `${level === 'engine' ? '' : ` --level ${level}`}${design === undefined ? '' : ` --design '${design}'`}`;
  console.log(`  npm run sim -- --from ${seed} --only '${only.join(',')}'${named}`);
  console.log(`  ${JSON.stringify(freeze(counterexample))}\n`);
}

async function replay(seed: number, only: string | undefined, options: RunOptions): Promise<number> {
  const keys = only === undefined ? undefined : new Set(only.split(','));
  const run = await simulate(seed, {
    ...options,
    tracing: true,
    ...(keys === undefined ? {} : { allows: (key: string) => keys.has(key) }),
  });
  const { manner, bad, horizonMs } = run.story;
  console.log(run.trace.join('\n'));
  console.log(JSON.stringify({ seed, manner, bad, horizonMs }));
  return say(run.violation?.message ?? 'no law was broken', run.violation === null ? 0 : 1);
}

function say(text: string, code: number): number {
  console.log(text);
  return code;
}
