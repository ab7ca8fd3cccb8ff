import { dirname, join, relative, resolve } from 'node:path';
import { changedPolicy } from '../config/index.ts';
import { UserError } from '../domain/user-error.ts';
import { type CaseResult, policyTestText } from '../reporting/policy-test-view.ts';
import { createReplay, type Replayed } from '../engine/replay-judge.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { generatedTicks } from './generated-ticks.ts';
import { changedByFile, environmentPolicy, type JudgedBy } from './judged-by.ts';
import { linesOfFile } from './lines.ts';
import { readRecording } from './observations.ts';
import { type PolicyCase, type PolicyTests, readPolicyTests } from './policy-tests.ts';
import { judgeRecording, replayData } from './replay.ts';

/** Judges each case and compares what was decided with what is expected. */
export async function policyTest(context: Context, _options: object, file: string): Promise<ExitCode> {
  const tests = readPolicyTests(textOf(context, file), file);
  const directory = dirname(resolve(context.world.cwd, file));
  // A policy file with mistakes is told before anything is judged.
  judgedBy(context, tests, directory, environmentPolicy(context, tests.tickMs));
  const results: CaseResult[] = [];
  for (const one of tests.cases) {
    const result = await resultOf(context, tests, one, directory);
    results.push({ ...one, result, passed: meets(one, result) });
  }
  const failed = results.filter(({ passed }) => !passed).length;
  context.output.answer(
    {
      kind: 'PolicyTest',
      file,
      passed: results.length - failed,
      failed,
      cases: results.map(({ name, expect, byTick, passed, result }) => ({
        name,
        passed,
        expect,
        byTick,
        ...replayData(result),
      })),
    },
    () => policyTestText(results, context.output.paint),
  );
  return failed === 0 ? exitCode.done : exitCode.unexpected;
}

function textOf({ world }: Context, file: string): string {
  const path = resolve(world.cwd, file);
  if (!world.files.exists(path)) {
    throw new UserError('usage', `there is no file ${file}`, {
      mend: 'examples/flights/policy-test.yaml is one to begin with',
    });
  }
  return world.files.read(path);
}

const meets = ({ expect, byTick }: PolicyCase, { decision, tick }: Replayed): boolean =>
  decision === expect && (byTick === null || tick <= byTick);

async function resultOf(
  context: Context,
  tests: PolicyTests,
  { observations }: PolicyCase,
  directory: string,
): Promise<Replayed> {
  if (observations.kind === 'file') {
    const shown = join(relative(context.world.cwd, directory), observations.file);
    const recording = await readRecording(linesOfFile(directory, observations.file), shown);
    const { header } = recording;
    const base =
      header.policy === null
        ? environmentPolicy(context, header.tickMs)
        : { policy: header.policy, from: 'its plan' };
    return judgeRecording(recording, judgedBy(context, tests, directory, base), shown);
  }
  const base = environmentPolicy(context, tests.tickMs);
  const { policy } = judgedBy(context, tests, directory, base);
  if (observations.kind === 'ticks') return judged(policy, observations.ticks);
  const { traffic } = observations;
  // The bake is planned: so are its looks.
  const steps = [{ percent: traffic.percent, ticks: traffic.ticks }];
  return judged({ ...policy, steps }, generatedTicks(traffic, tests.tickMs));
}

function judgedBy(context: Context, tests: PolicyTests, directory: string, base: JudgedBy): JudgedBy {
  if (tests.policyFile !== null) {
    return changedByFile(context, base, relative(context.world.cwd, join(directory, tests.policyFile)));
  }
  if (tests.changes === null) return base;
  return { policy: changedPolicy(base.policy, tests.changes), from: `the file, over ${base.from}` };
}

function judged(
  policy: JudgedBy['policy'],
  observations: Iterable<Parameters<ReturnType<typeof createReplay>['push']>[0]>,
): Replayed {
  const replay = createReplay({ policy, gathersHistory: true, bakes: null });
  for (const observation of observations) replay.push(observation);
  return replay.result();
}
