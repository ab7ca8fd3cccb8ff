import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';
import { createAuthorizer } from './authorizer.ts';
import { createHandler } from './handler.ts';
import { createHttpClient } from './invoke-http.ts';

// Lambda's entry point. Everything that it needs comes from node: modules, process.env and console.log, so that the
// same bundle runs in a context of its own on a laptop.
const { env } = process;
const now = (): number => Date.now();
// eslint-disable-next-line no-console -- stdout is how a Lambda reports metrics
const emit = (line: string): void => console.log(line);
const timers = {
  set: (run: () => void, ms: number) => setTimeout(run, ms),
  clear: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
};

export const handler = createHandler({
  env,
  now,
  monotonicMs: () => performance.now(),
  client: createHttpClient({ env, now, timers }),
  emit,
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  environmentId: randomUUID(),
});

export const authorizer = createAuthorizer({ env, emit });
