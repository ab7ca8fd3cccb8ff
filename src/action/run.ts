import { appendFileSync } from 'node:fs';
import { main } from '../cli.ts';
import { UserError } from '../domain/user-error.ts';
import { gitHubErrorSummary } from '../reporting/error-summary.ts';
import { annotation, fileEntry } from '../reporting/github.ts';
import { createWorld } from '../host/world.ts';
import { inputsOf } from './inputs.ts';

declare const MLREG_VERSION: string;

/**
 * mlreg as a step of a job, in this very process: the runner signals the process of a JavaScript action when a job is
 * cancelled, and no other.
 */
export async function run(words: () => readonly string[] | null): Promise<void> {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const code = await codeOf(words);
  const { GITHUB_OUTPUT: outputs = '' } = process.env;
  if (outputs !== '' && code !== null)
    appendFileSync(outputs, fileEntry('exit-code', String(code), 'mlreg-exit-code'));
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  // Keep-alive sockets of the SDK would hold the process open for seconds.
  setImmediate(() => process.exit(code ?? 0));
}

async function codeOf(words: () => readonly string[] | null): Promise<number | null> {
  try {
    const argv = words();
    if (argv === null) return null;
    process.chdir(inputsOf(process.env).get('working-directory') ?? '.');
    return await main(argv, createWorld(MLREG_VERSION));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { GITHUB_STEP_SUMMARY: summary = '' } = process.env;
    const { message: what, mend } = error;
    if (summary !== '')
      appendFileSync(summary, gitHubErrorSummary({ what, mend, isBefore: true }, process.env));
    process.stderr.write(`${annotation('error', 'mlreg', [error.message, ...error.mend].join('\n'))}\n`);
    return 2;
  }
}
