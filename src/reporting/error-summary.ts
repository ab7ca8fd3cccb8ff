import { code, escape, runText } from './markdown.ts';

/** GitHub drops a step's summary above 1 MiB and leaves the step green; nobody reads so much anyway. */
const mostCharacters = 60_000;

export interface ErrorSummary {
  readonly what: string;
  readonly why?: string | undefined;
  /** Commands, or what to change. */
  readonly mend: readonly string[];
  /** It was found before anything was changed. */
  readonly isBefore: boolean;
}

/** What a job's summary says where a command ended in an error. Markdown, safe with any text. */
export function gitHubErrorSummary(
  { what, why, mend, isBefore }: ErrorSummary,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const run = runLink(env);
  const parts = [
    `## ❌ mlreg: ${escape(what)}`,
    ...(isBefore ? ['No rollout began, and nothing was changed.'] : []),
    ...(why === undefined ? [] : [escape(why)]),
    ...(mend.length === 0 ? [] : [mend.map((line) => `- ${code(line)}`).join('\n')]),
    ...(run === null ? [] : [runText(run)]),
  ];
  return `${parts.join('\n\n').slice(0, mostCharacters)}\n`;
}

/** The page of the job's run; null outside of GitHub, or where its variables are no page of its server. */
export function runLink(env: Readonly<Record<string, string | undefined>>): string | null {
  const { GITHUB_SERVER_URL: server = '', GITHUB_REPOSITORY: repository = '', GITHUB_RUN_ID: run = '' } = env;
  const isSafe =
    /^https:\/\/[\w.-]+$/.test(server) && /^[\w.-]+\/[\w.-]+$/.test(repository) && /^\d+$/.test(run);
  return isSafe ? `${server}/${repository}/actions/runs/${run}` : null;
}
