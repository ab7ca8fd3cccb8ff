import { z } from 'zod';
import { AwsError } from '../../wire/aws-error.ts';
import type { Answer } from '../../wire/messages.ts';
import { parseInput } from '../input.ts';
import { answer, type Operation } from '../operation.ts';
import type { AsyncQueue } from './async-queue.ts';
import type { Invoked, Invoker } from './invoker.ts';
import { parseReference, type FunctionRegistry } from './registry.ts';

/** Invoke: waiting for the answer, as an event, or only checking. */
export function invokeOperation(registry: FunctionRegistry, invoker: Invoker, queue: AsyncQueue): Operation {
  const { account } = registry;
  return async (call) => {
    const input = parseInput(invokeInput, call.input, 'ValidationException');
    const type = call.headers['x-amz-invocation-type'] ?? 'RequestResponse';
    const { name, qualifier } = parseReference(account, input.FunctionName, input.Qualifier);
    const fn = registry.find(name);
    registry.configOf(fn, qualifier);
    const payload = payloadText(call.payload, type === 'Event' ? MOST_EVENT_BYTES : MOST_REQUEST_BYTES);
    if (type === 'DryRun') return answer(undefined, 204);
    if (type === 'Event') {
      queue.add(fn, qualifier, payload);
      return { kind: 'raw', status: 202, headers: {}, body: new Uint8Array() };
    }
    const invoked = await invoker.invoke(fn, qualifier, payload);
    if (invoked.kind === 'throttled') {
      throw new AwsError('TooManyRequestsException', 429, 'Rate Exceeded.', {
        members: { Type: 'User', Reason: invoked.reason },
      });
    }
    return response(invoked, call.headers['x-amz-log-type'] === 'Tail');
  };
}

const MOST_REQUEST_BYTES = 6 * 1024 * 1024 + 100;
const MOST_EVENT_BYTES = 1024 * 1024;
const MOST_LOG_BYTES = 4096;

const invokeInput = z.object({ FunctionName: z.string(), Qualifier: z.string().min(1).max(128).optional() });

function payloadText(payload: Uint8Array, limit: number): string {
  if (payload.length > limit) {
    throw new AwsError(
      'RequestTooLargeException',
      413,
      `Request must be smaller than ${limit} bytes for the InvokeFunction operation`,
      { members: { Type: 'User' } },
    );
  }
  const text = payload.length === 0 ? '{}' : Buffer.from(payload).toString('utf8');
  try {
    JSON.parse(text);
  } catch (error) {
    const message = `Could not parse request body into json: ${String(error)}`;
    throw new AwsError('InvalidRequestContentException', 400, message, { members: { Type: 'User' } });
  }
  return text;
}

function response(invoked: Invoked & { kind: 'ok' }, withLog: boolean): Answer {
  const { result, version } = invoked;
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'x-amz-executed-version': version.version,
  };
  if (result.functionError !== undefined) headers['x-amz-function-error'] = result.functionError;
  if (withLog) headers['x-amz-log-result'] = tailOfLog(invoked);
  return { kind: 'raw', status: 200, headers, body: Buffer.from(result.payload) };
}

/** The last 4 KB of the log, base64. */
function tailOfLog({ requestId, version, durationMs, result }: Invoked & { kind: 'ok' }): string {
  const { memoryMb } = version;
  const report = `REPORT RequestId: ${requestId}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${Math.ceil(durationMs)} ms\tMemory Size: ${memoryMb} MB\tMax Memory Used: ${memoryMb} MB`;
  const lines = [
    `START RequestId: ${requestId} Version: ${version.version}`,
    ...result.logs,
    `END RequestId: ${requestId}`,
    report + (result.coldStart ? '\tInit Duration: 0.00 ms' : ''),
  ];
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  return bytes.subarray(Math.max(bytes.length - MOST_LOG_BYTES, 0)).toString('base64');
}
