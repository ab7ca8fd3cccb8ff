import { rolloutId } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { gitHubSummary } from '../reporting/github-summary.ts';
import { type Context, storyOf, target } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';

export interface ReportOptions {
  readonly html?: string;
  readonly md?: string;
}

/** A rollout as a page to look at and to keep: one file that needs nothing else. */
export async function report(
  context: Context,
  options: ReportOptions,
  text: string | undefined,
): Promise<ExitCode> {
  const at = await target(context, 'lenient');
  const { store } = at.connection;
  const [newest] = text === undefined ? await store.rollouts() : [];
  const id = text === undefined ? newest : rolloutId(text);
  if (id === undefined) {
    throw new UserError('usage', `no rollout yet in ${at.config.name}`, {
      mend: `mlreg deploy --model-version VERSION --environment ${at.config.name}`,
    });
  }
  const { entries, state } = await storyOf(at, id);
  const files: string[] = [];
  const write = (path: string, content: string): void => {
    try {
      context.world.files.replace(path, content);
    } catch (error) {
      throw new UserError('usage', `${path} can't be written`, {
        why: error instanceof Error ? error.message : String(error),
        mend: 'name a file in a directory that is there and may be written',
      });
    }
    files.push(path);
  };
  const { html, md } = options;
  if (md !== undefined) write(md, gitHubSummary(state));
  if (html !== undefined || md === undefined) {
    const [{ page }, { rolloutReport }] = await Promise.all([
      import('../reporting/report/page.ts'),
      import('../reporting/report/rollout-report.ts'),
    ]);
    const body = rolloutReport(state, entries, context.world.clock.now());
    write(html ?? `${id}.html`, page(`${state.plan.challenger} in ${at.config.name}, ${id}`, body));
  }
  context.output.answer({ kind: 'Report', rollout: id, files }, () => files.join('\n'));
  return exitCode.done;
}
