import { InvokeEndpointCommand, ModelError, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { withoutValues } from '../domain/aws-words.ts';
import { peoplesWords } from '../domain/one-line.ts';
import type { Platform } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { answerOf, attempt } from './errors.ts';
import { askThrough } from './lambda-smoke.ts';
import type { SmokeRequest } from './smoke-request.ts';

/** SageMaker gives a cold serverless endpoint 60 s, and some time on top to start. */
const requestTimeoutMs = 90_000;

export function createSageMakerSmoke(options: {
  readonly clients: Clients;
  readonly functionName: string;
  /** Where users' requests are sent. @default '/recommend' */
  readonly requestPath?: string;
  readonly smokeRequests: readonly SmokeRequest[];
  /** The container's variables: a model that fails may print them, and its answers go into the journal. */
  readonly sagemaker: { readonly environment: Readonly<Record<string, string>> };
}): Pick<Platform, 'smoke'> {
  const { clients, functionName, requestPath: path = '/recommend', smokeRequests } = options;
  const secrets = Object.values(options.sagemaker.environment);
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
          const said = short(withoutValues(why, secrets));
          return { passed: false, requests, why: `request ${requests} of ${smokeRequests.length}: ${said}` };
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
    const refusal = answerOf(error);
    if (!(refusal instanceof ModelError)) throw error;
    return `the model answered ${refusal.OriginalStatusCode ?? 'an error'}: ${refusal.OriginalMessage ?? refusal.message}`;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return `the answer is no JSON: ${text}`;
  }
  const where = expect === undefined ? undefined : difference(value, expect, '');
  return where === undefined ? undefined : `the answer lacks what is expected${where}: ${text}`;
}

/** Where the answer first lacks something, as ` at /items/0`; undefined where it holds all. */
function difference(value: unknown, expected: unknown, path: string): string | undefined {
  const here = path === '' ? '' : ` at ${path}`;
  if (typeof expected !== 'object' || expected === null) return value === expected ? undefined : here;
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== Array.isArray(expected))
    return here;
  if (Array.isArray(expected) && (value as unknown[]).length !== expected.length) return here;
  for (const [name, member] of Object.entries(expected)) {
    const inside = `${path}/${name}`;
    if (!Object.hasOwn(value, name)) return ` at ${inside}`;
    const found = difference((value as Record<string, unknown>)[name], member, inside);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** On one line, with the first 300 characters of an answer; every control character is a question mark. */
const short = (text: string): string => peoplesWords(text, 360);
