import { UserError } from '../domain/user-error.ts';
import { runLink } from '../reporting/error-summary.ts';
import { gitHubSummary } from '../reporting/github-summary.ts';
import { viewOf } from '../view/view.ts';
import { rolloutNamed, storyOf } from '../app/session.ts';
import { openSession } from '../app/open-session.ts';
import type { Context } from './context.ts';
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
  const at = await openSession(context, 'lenient', 'records');
  const id = await rolloutNamed(at, text);
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
  const markdown = (): string =>
    gitHubSummary(viewOf(state, entries, context.world.clock.now()), runLink(context.world.env));
  if (html === '-')
    throw new UserError('usage', '--html: - is no file', {
      why: 'a page has several hundred kilobytes; Markdown alone goes to stdout',
      mend: 'mlreg report --html report.html',
    });
  // As elsewhere - is stdout, which then carries the report and nothing else.
  if (md === '-' && html === undefined) {
    context.output.streams.stdout(markdown());
    return exitCode.done;
  }
  if (md !== undefined) write(md, markdown());
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
