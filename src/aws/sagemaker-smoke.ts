import { InvokeEndpointCommand, ModelError, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { type Platform, PlatformError } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';
import { askThrough } from './lambda-smoke.ts';

/** One request that a new version must be able to answer. */
export interface SmokeRequest {
  /** JSON text. */
  readonly body: string;
  /** The answer must hold this: members of objects at least, arrays and plain values just so. Any JSON will do where not given. */
  readonly expect?: unknown;
}

/** SageMaker gives a cold serverless endpoint 60 s, and some time on top to start. */
const requestTimeoutMs = 90_000;

export function createSageMakerSmoke(options: {
  readonly clients: Clients;
  readonly functionName: string;
  /** Where users' requests are sent. @default '/recommend' */
  readonly requestPath?: string;
  readonly smokeRequests: readonly SmokeRequest[];
}): Pick<Platform, 'smoke'> {
  const { clients, functionName, requestPath: path = '/recommend', smokeRequests } = options;
  return {
    async smoke(endpoint, through) {
      let requests = 0;
      for (const request of smokeRequests) {
        requests++;
        const why =
          (await ask(clients, endpoint, request)) ??
          (through === undefined
            ? undefined
            : await askThrough({ clients, functionName, path }, through, request));
        if (why !== undefined) {
          return { passed: false, requests, why: `request ${requests} of ${smokeRequests.length}: ${why}` };
        }
      }
      return { passed: true, requests };
    },
  };
}

/** Why the answer won't do; undefined where it will. */
async function ask(
  clients: Clients,
  endpoint: string,
  { body, expect }: SmokeRequest,
): Promise<string | undefined> {
  const runtime = clients.of(SageMakerRuntimeClient, { requestTimeoutMs });
  const command = new InvokeEndpointCommand({
    EndpointName: endpoint,
    ContentType: 'application/json',
    Accept: 'application/json',
    Body: Buffer.from(body),
  });
  let text: string;
  try {
    const answer = await attempt(
      { action: 'sagemaker:InvokeEndpoint', resource: `endpoint ${endpoint}` },
      () => runtime.send(command),
    );
    text = Buffer.from(answer.Body).toString('utf8');
  } catch (error) {
    const refusal =
      error instanceof PlatformError && error.cause instanceof ModelError ? error.cause : undefined;
    if (refusal === undefined) throw error;
    return `the model answered ${refusal.OriginalStatusCode ?? 'an error'}: ${short(refusal.OriginalMessage ?? refusal.message)}`;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return `the answer is no JSON: ${short(text)}`;
  }
  return expect === undefined || holds(value, expect)
    ? undefined
    : `the answer lacks what is expected: ${short(text)}`;
}

function holds(value: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return value === expected;
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== Array.isArray(expected))
    return false;
  if (Array.isArray(expected) && (value as unknown[]).length !== expected.length) return false;
  return Object.entries(expected).every(([name, member]) => {
    return Object.hasOwn(value, name) && holds((value as Record<string, unknown>)[name], member);
  });
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 200)}...` : line;
}
