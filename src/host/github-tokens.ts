import type { JobTokens } from '../ports/job-tokens.ts';
import { network } from './network-of-process.ts';

/** One for the process, so that keys are cached from one rollout to the next; loaded by whoever needs it. */
let known: Promise<JobTokens> | undefined;

async function made(): Promise<JobTokens> {
  const [{ createJobTokens }, proxy] = await Promise.all([import('../github/job-tokens.ts'), network()]);
  return createJobTokens(proxy === null ? {} : { proxy });
}

const loaded = (): Promise<JobTokens> => (known ??= made());

export const gitHubTokens: JobTokens = {
  request: async (...given) => (await loaded()).request(...given),
  verify: async (...given) => (await loaded()).verify(...given),
};
