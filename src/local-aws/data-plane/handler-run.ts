import type { FunctionSnapshot, Invocation, LocalClock } from '../seams.ts';
import { type HandlerModule, taskRoot } from './handler-module.ts';

export interface Outcome {
  readonly payload: string;
  readonly failed: boolean;
  /** The environment is of no further use. */
  readonly dead: boolean;
}

/** One request through a loaded handler, up to the version's time limit. */
export function runHandler(
  clock: LocalClock,
  loaded: HandlerModule,
  version: FunctionSnapshot,
  invocation: Invocation,
): Promise<Outcome> {
  return new Promise<Outcome>((resolve) => {
    const deadline = clock.now() + version.timeoutMs;
    const cancel = clock.at(deadline, () => {
      const seconds = (version.timeoutMs / 1000).toFixed(2);
      const errorMessage = `RequestId: ${invocation.requestId} Error: Task timed out after ${seconds} seconds`;
      // Lambda kills the environment; what still runs in it here finds nobody listening.
      resolve({
        payload: JSON.stringify({ errorType: 'Sandbox.Timedout', errorMessage }),
        failed: true,
        dead: true,
      });
    });
    const succeed = (value: unknown): void => {
      cancel();
      resolve(answer(value));
    };
    const fail = (error: unknown): void => {
      cancel();
      resolve({ payload: failureOf(error), failed: true, dead: loaded.exited() });
    };
    try {
      const event: unknown = JSON.parse(invocation.payload);
      const returned = loaded.handler(event, contextOf(clock, deadline, version, invocation));
      if (isThenable(returned)) returned.then(succeed, fail);
      else succeed(returned);
    } catch (error) {
      fail(error);
    }
  });
}

/** Lambda's limit on a synchronous answer, bytes. */
const payloadLimit = 6_291_556;

function answer(value: unknown): Outcome {
  let payload: string;
  try {
    payload = JSON.stringify(value) ?? 'null';
  } catch (error) {
    return { payload: failureOf(error), failed: true, dead: false };
  }
  if (payload.length * 3 > payloadLimit && Buffer.byteLength(payload) > payloadLimit) {
    const errorMessage = `Response payload size exceeded maximum allowed payload size (${payloadLimit} bytes).`;
    const errorType = 'Function.ResponseSizeTooLarge';
    return { payload: JSON.stringify({ errorType, errorMessage }), failed: true, dead: false };
  }
  return { payload, failed: false, dead: false };
}

function contextOf(
  clock: LocalClock,
  deadline: number,
  version: FunctionSnapshot,
  invocation: Invocation,
): object {
  return {
    awsRequestId: invocation.requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: version.functionName,
    functionVersion: version.version,
    invokedFunctionArn: invocation.invokedFunctionArn,
    memoryLimitInMB: String(version.memoryMb),
    logGroupName: `/aws/lambda/${version.functionName}`,
    logStreamName: `[${version.version}]`,
    getRemainingTimeInMillis: () => Math.max(0, deadline - clock.now()),
  };
}

/** What Lambda answers for an error: `{errorType, errorMessage, trace}`, as JSON text. */
export function failureOf(error: unknown): string {
  if (!(error instanceof Error))
    return JSON.stringify({ errorType: typeof error, errorMessage: String(error) });
  // Frames of this program mean nothing to the function's author.
  const trace = (error.stack ?? '')
    .split('\n')
    .filter((line) => !line.startsWith('    at ') || line.includes(taskRoot));
  return JSON.stringify({ errorType: error.name, errorMessage: error.message, trace });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
