import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';
import type { SmokeRequest } from './smoke-request.ts';

/** A cold endpoint behind the function may take 60 s, and the function some time to start. */
const requestTimeoutMs = 90_000;

/**
 * Sends one smoke request through a published Lambda version, as an HTTP API would (payload format 2.0): this finds code or
 * variables that break requests, which asking the endpoint alone does not.
 * @returns why the answer won't do; undefined where it will
 */
export async function askThrough(
  {
    clients,
    functionName,
    path,
  }: { readonly clients: Clients; readonly functionName: string; readonly path: string },
  functionVersion: string,
  { body }: SmokeRequest,
): Promise<string | undefined> {
  const lambda = clients.of(LambdaClient, { maxAttempts: 1, requestTimeoutMs });
  const resource = `version ${functionVersion} of function ${functionName}`;
  const answer = await attempt({ action: 'lambda:InvokeFunction', resource }, () =>
    lambda.send(
      new InvokeCommand({
        FunctionName: functionName,
        Qualifier: functionVersion,
        Payload: Buffer.from(JSON.stringify(eventOf(path, body))),
      }),
    ),
  );
  const said = answer.Payload === undefined ? '' : Buffer.from(answer.Payload).toString('utf8');
  // The function's own words may quote its variables: only the kind of error is repeated.
  if (answer.FunctionError !== undefined)
    return `Lambda version ${functionVersion} failed (${typeOf(said) ?? answer.FunctionError})`;
  const status = statusOf(said);
  // The gateway, or the function, keeps callers without an API key out: the version runs, and its endpoint was asked itself.
  if (status === 401 || status === 403) return undefined;
  if (status !== undefined && status >= 200 && status < 300) return undefined;
  return `Lambda version ${functionVersion} answered ${status === undefined ? 'without a status code' : `with status ${status}`}`;
}

const eventOf = (path: string, body: string) => ({
  version: '2.0',
  routeKey: `POST ${path}`,
  rawPath: path,
  rawQueryString: '',
  headers: {
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': 'mlreg smoke test',
  },
  requestContext: {
    requestId: 'mlreg-smoke',
    stage: '$default',
    http: {
      method: 'POST',
      path,
      protocol: 'HTTP/1.1',
      sourceIp: '127.0.0.1',
      userAgent: 'mlreg smoke test',
    },
  },
  body,
  isBase64Encoded: false,
});

/** An answer without `statusCode` is a body with status 200, in payload format 2.0. */
function statusOf(said: string): number | undefined {
  const value = parsed(said);
  if (typeof value !== 'object' || value === null) return undefined;
  const { statusCode } = value as { statusCode?: unknown };
  return statusCode === undefined ? 200 : Number(statusCode);
}

function typeOf(said: string): string | undefined {
  const { errorType } = (parsed(said) ?? {}) as { errorType?: unknown };
  return typeof errorType === 'string' ? errorType.slice(0, 60) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
