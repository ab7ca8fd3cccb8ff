import { createHash } from 'node:crypto';
import { zipSync } from 'fflate';
import type { LocalAws } from './core/local-aws.ts';
import type { LocalClock } from './seams.ts';
import { changedFor, type UserRequests, usualRequests, variablesOf } from './user-requests.ts';

/** What Terraform makes on AWS, by the names it gives. */
export interface Seeded {
  readonly functionName: string;
  readonly apiId: string;
  readonly stage: string;
  readonly topicArn: string;
}

/** One call to the account's own API. The service's name is the one requests are signed for. */
type SeedCall = (request: {
  readonly service: 'lambda' | 'apigateway' | 'sns';
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}) => Promise<{ readonly status: number; readonly text: string }>;

/** Requests of the daemon itself, as signed for a service: local AWS reads the scope, not the signature. */
export function callThrough(aws: Pick<LocalAws, 'handle'>, region: string, sessionToken: string): SeedCall {
  return async ({ service, method, path, query, headers, body }) => {
    const scope = `Credential=local/20000101/${region}/${service}/aws4_request`;
    const { status, body: answer } = await aws.handle({
      method,
      path,
      query: query ?? {},
      headers: {
        host: '127.0.0.1',
        authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=00`,
        'x-amz-security-token': sessionToken,
        ...headers,
      },
      body: Buffer.from(body),
    });
    return { status, text: new TextDecoder().decode(answer) };
  };
}

/** `live` is what the stage names at rest; a blue-green swap makes it name `green`. */
const aliases = ['live', 'green'] as const;
const routes = ['POST /feedback', 'GET /health', 'GET /metrics'] as const;
/** The API's stage whose name isn't in the path. */
const stage = '$default';

/**
 * Makes function, first version, aliases, HTTP API, permissions and topic, each only where it isn't there yet, so that a
 * start that was cut short is finished by the next. A changed bundle goes into $LATEST; published versions stay as they are.
 * @throws Error naming the operation that was refused
 */
export async function seedAccount(options: {
  readonly call: SeedCall;
  readonly clock: LocalClock;
  readonly model: string;
  readonly environment: string;
  readonly region: string;
  readonly accountId: string;
  /** The handler's bundle, one CommonJS file. */
  readonly bundle: Uint8Array;
  /** @default usualRequests */
  readonly requests?: UserRequests | undefined;
}): Promise<Seeded> {
  const { model, environment, region, accountId, requests = usualRequests } = options;
  const functionName = `${model}-inference-${environment}`;
  const functionArn = `arn:aws:lambda:${region}:${accountId}:function:${functionName}`;
  const ask = asker(options.call);
  await ensureFunction(ask, options.clock, options.bundle, {
    FunctionName: functionName,
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Role: `arn:aws:iam::${accountId}:role/${functionName}`,
    Timeout: 10,
    MemorySize: 512,
    // Metrics by the second, for here a bake takes minutes.
    Environment: {
      Variables: {
        MLREG_MODEL: model,
        MLREG_ENVIRONMENT: environment,
        MLREG_METRIC_RESOLUTION: '1',
        ...variablesOf(requests),
      },
    },
  });
  await ensureRequests(ask, options.clock, functionName, requests);
  await ensureAliases(ask, functionName);
  await ensureShadow(ask, options.clock, options.bundle, { model, environment, accountId });
  const apiId = await ensureApi(ask, `${model}-api-${environment}`, functionArn, requests.path);
  await ensurePermissions(ask, functionName, `arn:aws:execute-api:${region}:${accountId}:${apiId}/*/*`);
  await ensureTopic(options.call, `mlreg-alerts-${environment}`);
  return {
    functionName,
    apiId,
    stage,
    topicArn: `arn:aws:sns:${region}:${accountId}:mlreg-alerts-${environment}`,
  };
}

type Document = Readonly<Record<string, unknown>>;

/** @returns the answer's document, or undefined where the status is one of `absent` */
type Ask = (
  service: 'lambda' | 'apigateway',
  operation: `${'GET' | 'POST' | 'PUT' | 'PATCH'} /${string}`,
  body?: Document,
  absent?: readonly number[],
) => Promise<Document | undefined>;

function asker(call: SeedCall): Ask {
  return async (service, operation, body, absent = []) => {
    const [method = '', target = ''] = operation.split(' ');
    const [path = '', query = ''] = target.split('?');
    const { status, text } = await call({
      service,
      method,
      path,
      query: Object.fromEntries(new URLSearchParams(query)),
      headers: { 'content-type': 'application/json' },
      body: body === undefined ? '' : JSON.stringify(body),
    });
    if (absent.includes(status)) return undefined;
    if (status >= 300) throw new Error(`local AWS refused ${operation}: ${status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Document);
  };
}

async function ensureFunction(
  ask: Ask,
  clock: LocalClock,
  bundle: Uint8Array,
  wanted: Document & { readonly FunctionName: string },
): Promise<void> {
  // A fixed time makes equal bundles equal zips, so that an unchanged bundle is seen to be unchanged.
  const zip = zipSync({ 'index.js': bundle }, { mtime: '2000-01-01T00:00:00Z' });
  const ZipFile = Buffer.from(zip).toString('base64');
  const functions = '/2015-03-31/functions';
  const name = wanted.FunctionName;
  const found = await ask('lambda', `GET ${functions}/${name}/configuration`, undefined, [404]);
  if (!found) {
    await ask('lambda', `POST ${functions}`, { ...wanted, Code: { ZipFile } });
  } else if (found['CodeSha256'] !== createHash('sha256').update(zip).digest('base64')) {
    await settled(ask, clock, name);
    await ask('lambda', `PUT ${functions}/${name}/code`, { ZipFile });
  }
  await settled(ask, clock, name);
}

/** $LATEST of a function that is there already follows what is configured now; published versions stay as they are. */
async function ensureRequests(
  ask: Ask,
  clock: LocalClock,
  name: string,
  requests: UserRequests,
): Promise<void> {
  const configuration = `/2015-03-31/functions/${name}/configuration` as const;
  const { Environment } = (await ask('lambda', `GET ${configuration}`)) ?? {};
  const { Variables = {} } = (Environment ?? {}) as { Variables?: Readonly<Record<string, string>> };
  const wanted = changedFor(Variables, requests);
  if (wanted === null) return;
  await ask('lambda', `PUT ${configuration}`, { Environment: { Variables: wanted } });
  await settled(ask, clock, name);
}

/** Waits out a creation or an update, during which Lambda takes no other. */
async function settled(ask: Ask, clock: LocalClock, name: string): Promise<void> {
  for (const until = clock.now() + 60_000; ; ) {
    const { State: state, LastUpdateStatus: update } =
      (await ask('lambda', `GET /2015-03-31/functions/${name}/configuration`)) ?? {};
    if (state !== 'Pending' && update !== 'InProgress') return;
    if (clock.now() >= until) throw new Error(`function ${name} is still ${String(state)} after a minute`);
    await new Promise<void>((resolve) => void clock.at(clock.now() + 50, resolve));
  }
}

async function ensureAliases(ask: Ask, name: string): Promise<void> {
  const base = `/2015-03-31/functions/${name}` as const;
  let version: unknown;
  for (const alias of aliases) {
    if (await ask('lambda', `GET ${base}/aliases/${alias}`, undefined, [404])) continue;
    version ??= (await ask('lambda', `POST ${base}/versions`, {}))?.['Version'];
    await ask('lambda', `POST ${base}/aliases`, { Name: alias, FunctionVersion: version });
  }
}

/**
 * The function that gets copies in a shadow rollout. Its alias follows the bundle: nobody moves it, and no version of it
 * need be kept. No DynamoDB here, so it remembers the copies it has seen in memory.
 */
async function ensureShadow(
  ask: Ask,
  clock: LocalClock,
  bundle: Uint8Array,
  names: { readonly model: string; readonly environment: string; readonly accountId: string },
): Promise<void> {
  const { model, environment, accountId } = names;
  const name = `${model}-shadow-${environment}`;
  const base = `/2015-03-31/functions/${name}` as const;
  await ensureFunction(ask, clock, bundle, {
    FunctionName: name,
    Runtime: 'nodejs22.x',
    Handler: 'index.shadow',
    Role: `arn:aws:iam::${accountId}:role/${name}`,
    Timeout: 10,
    MemorySize: 512,
    Environment: {
      Variables: {
        MLREG_MODEL: model,
        MLREG_ENVIRONMENT: environment,
        MLREG_METRIC_RESOLUTION: '1',
        // Bakes of seconds: a challenger that hangs must show within them.
        MLREG_INVOKE_TIMEOUT_MS: '2000',
      },
    },
  });
  if (!(await ask('lambda', `GET ${base}/aliases/live`, undefined, [404])))
    await ask('lambda', `POST ${base}/aliases`, { Name: 'live', FunctionVersion: '$LATEST' });
  await ask('lambda', `PUT /2017-10-31/functions/${name}/concurrency`, { ReservedConcurrentExecutions: 10 });
  await ask('lambda', `PUT /2019-09-25/functions/${name}/event-invoke-config?Qualifier=live`, {
    MaximumRetryAttempts: 0,
    MaximumEventAgeInSeconds: 60,
  });
}

async function ensureApi(ask: Ask, name: string, functionArn: string, path: string): Promise<string> {
  const apis = itemsOf(await ask('apigateway', 'GET /v2/apis'));
  const api =
    apis.find((item) => item['name'] === name) ??
    (await ask('apigateway', 'POST /v2/apis', { name, protocolType: 'HTTP' }));
  const apiId = String(api?.['apiId']);
  const base = `/v2/apis/${apiId}` as const;

  const integration =
    itemsOf(await ask('apigateway', `GET ${base}/integrations`))[0] ??
    (await ask('apigateway', `POST ${base}/integrations`, {
      integrationType: 'AWS_PROXY',
      integrationMethod: 'POST',
      // Which alias serves is the stage's to say, so that blue-green can swap it.
      integrationUri: `${functionArn}:\${stageVariables.alias}`,
      payloadFormatVersion: '2.0',
      timeoutInMillis: 30_000,
    }));
  const known = itemsOf(await ask('apigateway', `GET ${base}/routes`)).map((route) => route['routeKey']);
  for (const routeKey of [`POST ${path}`, ...routes]) {
    if (known.includes(routeKey)) continue;
    await ask('apigateway', `POST ${base}/routes`, {
      routeKey,
      target: `integrations/${String(integration?.['integrationId'])}`,
    });
  }
  if (!(await ask('apigateway', `GET ${base}/stages/${encodeURIComponent(stage)}`, undefined, [404]))) {
    const deployment = await ask('apigateway', `POST ${base}/deployments`, {});
    await ask('apigateway', `POST ${base}/stages`, {
      stageName: stage,
      autoDeploy: false,
      deploymentId: deployment?.['deploymentId'],
      stageVariables: { alias: 'live' },
    });
  }
  return apiId;
}

async function ensurePermissions(ask: Ask, name: string, sourceArn: string): Promise<void> {
  for (const alias of aliases) {
    // 409: the statement is there.
    await ask(
      'lambda',
      `POST /2015-03-31/functions/${name}/policy?Qualifier=${alias}`,
      {
        StatementId: 'api-gateway',
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
        SourceArn: sourceArn,
      },
      [409],
    );
  }
}

async function ensureTopic(call: SeedCall, name: string): Promise<void> {
  const body = new URLSearchParams({ Action: 'CreateTopic', Version: '2010-03-31', Name: name }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const { status, text } = await call({ service: 'sns', method: 'POST', path: '/', headers, body });
  if (status >= 300) throw new Error(`local AWS refused CreateTopic: ${status} ${text}`);
}

function itemsOf(document: Document | undefined): readonly Document[] {
  const items = document?.['items'];
  return Array.isArray(items) ? (items as readonly Document[]) : [];
}
