import { randomBytes, randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';
import { createAuthorizer } from './authorizer.ts';
import { createHandler } from './handler.ts';
import { createHttpClient } from './invoke-http.ts';
import { createReadKeys, createReadParameter } from './key-parameter.ts';
import { receiptKeys } from './receipts/keys.ts';
import { ivBytes } from './receipts/receipt.ts';
import { createSendCopy } from './shadow/copy.ts';
import { createShadow } from './shadow/handler.ts';
import { createSeen } from './shadow/seen.ts';

// Lambda's entry point. Everything that it needs comes from node: modules, process.env and process.stdout, so that the
// same bundle runs in a context of its own on a laptop.
const { env, stdout } = process;
const now = (): number => Date.now();
const monotonicMs = (): number => performance.now();
// Not console.log: with the JSON log format Lambda wraps what it prints, and CloudWatch finds no metrics in that.
const emit = (line: string): void => {
  stdout.write(`${line}\n`);
};
const timers = {
  set: (run: () => void, ms: number) => setTimeout(run, ms),
  clear: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
};

const random = (): number => Math.random();
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const readsKeys = (parameter: string) => createReadKeys({ env, now, timers }, parameter);

export const handler = createHandler({
  env,
  now,
  monotonicMs,
  client: createHttpClient({ env, now, timers }),
  copiesTo: (target) => createSendCopy({ env, now, timers }, target),
  readsKeys,
  readsReceiptKeys: (parameter) => createReadParameter({ env, now, timers }, parameter, receiptKeys),
  iv: () => randomBytes(ivBytes),
  random,
  emit,
  wait,
  environmentId: randomUUID(),
});

/** The shadow function's. */
export const shadow = createShadow({
  env,
  now,
  monotonicMs,
  client: createHttpClient({ env, now, timers, attributes: 'mlreg-shadow' }),
  seen: createSeen({ env, now, timers }),
  emit,
});

export const authorizer = createAuthorizer({ env, now, monotonicMs, readsKeys, random, wait, emit });
