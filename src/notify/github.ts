import * as z from 'zod';
import type { Channel } from '../ports/index.ts';
import type { Notice } from '../domain/notice.ts';
import { ask, type Reach } from './https-request.ts';

export interface GitHubOptions {
  readonly apiUrl: string;
  /** `owner/name` */
  readonly repository: string;
  /** Commit or branch that the deployment is of. */
  readonly ref: string;
  readonly token: string;
  /** Page of the run that drives the rollout. */
  readonly logUrl: string | undefined;
}

/** What the runner says of itself; null outside of GitHub Actions, or where the job was given no token. */
export function gitHubOptions(env: Readonly<Record<string, string | undefined>>): GitHubOptions | null {
  const {
    GITHUB_TOKEN: token,
    GITHUB_REPOSITORY: repository,
    GITHUB_SHA: ref,
    GITHUB_SERVER_URL: server,
  } = env;
  if (env.GITHUB_ACTIONS !== 'true' || !token || !repository || !ref) return null;
  const run = env.GITHUB_RUN_ID;
  return {
    apiUrl: env.GITHUB_API_URL ?? 'https://api.github.com',
    repository,
    ref,
    token,
    logUrl: server && run ? `${server}/${repository}/actions/runs/${run}` : undefined,
  };
}

const deployments = z.array(z.object({ id: z.int() }));
const deployment = z.object({ id: z.int() });

const states: Readonly<Record<Notice['progress'], string>> = {
  begun: 'in_progress',
  waiting: 'in_progress',
  'going-back': 'in_progress',
  promoted: 'success',
  ended: 'success',
  'rolled-back': 'failure',
  stuck: 'error',
};

/**
 * The rollout as a GitHub deployment of the environment. The deployment's task names the rollout, so a notice that is sent
 * again, from whatever process, finds the same one.
 */
export function gitHubChannel(options: GitHubOptions, reach?: Reach): Channel {
  const base = `${options.apiUrl}/repos/${options.repository}/deployments`;
  const call = async (method: 'GET' | 'POST', url: string, body?: object): Promise<unknown> => {
    const answer = await ask(
      {
        method,
        url,
        name: 'GitHub',
        headers: {
          accept: 'application/vnd.github+json',
          authorization: `Bearer ${options.token}`,
          'x-github-api-version': '2022-11-28',
        },
        ...(body === undefined ? {} : { body }),
      },
      reach,
    );
    if (answer.status >= 200 && answer.status < 300) return JSON.parse(answer.text);
    const mend = answer.status === 403 || answer.status === 404 ? ': give the job deployments: write' : '';
    throw new Error(`GitHub answered ${answer.status} to a deployment of ${options.repository}${mend}`);
  };
  const find = async ({ rollout, environment, version }: Notice): Promise<number> => {
    const task = `mlreg:${rollout}`;
    const query = new URLSearchParams({ task, environment, per_page: '1' });
    const [known] = deployments.parse(await call('GET', `${base}?${query.toString()}`));
    if (known !== undefined) return known.id;
    const made = await call('POST', base, {
      ref: options.ref,
      task,
      environment,
      description: `mlreg ${version}`.slice(0, 140),
      auto_merge: false,
      required_contexts: [],
      payload: { rollout, version },
    });
    return deployment.parse(made).id;
  };
  return {
    name: 'github',
    async send(notice) {
      const id = await find(notice);
      await call('POST', `${base}/${id}/statuses`, {
        state: states[notice.progress],
        description: notice.subject.slice(0, 140),
        environment: notice.environment,
        auto_inactive: notice.progress === 'promoted',
        ...(options.logUrl === undefined ? {} : { log_url: options.logUrl }),
      });
    },
  };
}
