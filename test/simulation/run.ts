import { parseArgs } from 'node:util';
import { campaign } from './campaign.ts';
import { badDesigns } from './designs.ts';
import { shrink } from './shrink.ts';
import { type Run, type RunOptions, simulate } from './simulate.ts';
import { mustSee } from './situations.ts';

const usage = `npm run sim -- [--seeds 10000] [--from 1] [--most 10] [--design NAME] [--trace] [--only KEY,KEY]
designs: ${Object.keys(badDesigns).join('; ')}`;

/** Fewer seeds than this needn't have seen everything. */
const fewSeeds = 5_000;

/** @returns the exit code: 1 where a law was broken, a run was not repeatable, or a situation was never seen */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '10000' },
      from: { type: 'string', default: '1' },
      most: { type: 'string', default: '10' },
      design: { type: 'string' },
      trace: { type: 'boolean', default: false },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return say(usage, 0);
  const seeds = Number(values.seeds);
  const from = Number(values.from);
  if (!Number.isInteger(seeds) || seeds < 1 || !Number.isInteger(from)) return say(usage, 2);
  const design = Object.entries(badDesigns).find(([name]) => name === values.design)?.[1];
  if (values.design !== undefined && design === undefined) return say(usage, 2);
  const options: RunOptions = design === undefined ? {} : { design };
  if (values.trace || values.only !== undefined) return replay(from, values.only, options);

  const began = performance.now();
  const rate = (done: number): number => Math.round(done / ((performance.now() - began) / 1_000));
  const result = await campaign(from, seeds, {
    ...options,
    most: Number(values.most),
    onRun: (run, done) => {
      if (run.violation !== null) console.log(`seed ${run.story.seed}: ${run.violation.message}`);
      if (done % 10_000 === 0) console.log(`${done} seeds, ${rate(done)} a second`);
    },
  });
  for (const failed of result.violations.slice(0, 3)) await explain(failed, options, values.design);
  for (const [name, count] of [...result.situations].sort())
    console.log(`${String(count).padStart(9)}  ${name}`);
  const unseen = result.seeds < fewSeeds ? [] : mustSee.filter((name) => !result.situations.has(name));
  if (unseen.length > 0) console.log(`never seen: ${unseen.join(', ')}`);
  if (result.unsteady.length > 0) console.log(`not repeatable: seeds ${result.unsteady.join(', ')}`);
  console.log(
    `${result.seeds} seeds from ${from}, ${rate(result.seeds)} a second: ${result.rollouts} rollouts, ${result.crashes} crashes, ` +
      `${Math.round(result.virtualHours)} virtual hours, ${result.events} events, ${result.violations.length} violations`,
  );
  return result.violations.length + unseen.length + result.unsteady.length === 0 ? 0 : 1;
}

async function explain(failed: Run, options: RunOptions, design: string | undefined): Promise<void> {
  const { run, only } = await shrink(failed, options);
  const { seed, ops, windows } = run.story;
  console.log(`\nseed ${seed} shrunk to ${only.length}: ${run.violation?.message}`);
  for (const op of ops)
    if (only.includes(op.key))
      console.log(`  ${op.key}: ${op.kind} ${JSON.stringify(op.wish ?? '')} at ${op.at} ms`);
  for (const fault of run.faults) console.log(`  ${fault.key}: ${fault.kind} ${fault.ms} ms`);
  for (const { key, call, kind, from, to } of windows)
    if (only.includes(key)) console.log(`  ${key}: ${call} ${kind} from ${from} to ${to} ms`);
  const named = design === undefined ? '' : ` --design '${design}'`;
  console.log(`  npm run sim -- --from ${seed} --only '${only.join(',')}'${named}\n`);
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
