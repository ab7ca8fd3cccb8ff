import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';

/** AWS on this machine with a rollout at 10 % under way, and beside it a function that does nothing. */
export interface Stack {
  readonly pid: number;
  readonly gatewayUrl: string;
  readonly controlUrl: string;
  readonly token: string;
  /** Ports of the champion's and of the challenger's model server. */
  readonly modelPorts: readonly [number, number];
  status(): Promise<Record<string, any>>;
  /** A Lambda version that serves this MLREG_ROUTE, behind the alias. */
  serve(route: object): Promise<void>;
  /** One more endpoint, in service. @param server a file of this folder */
  endpoint(name: string, server: string): Promise<void>;
  end(): Promise<void>;
}

/** The same routes as `mlreg deploy` makes them, without its tick, which would be measured as well. */
export async function startStack(root: string): Promise<Stack> {
  const stateDir = mkdtempSync(join(tmpdir(), 'mlreg-bench-'));
  const options = {
    stateDir,
    controlPort: 0,
    gatewayPort: 0,
    routerBundle: join(root, 'dist/router/index.cjs'),
    model: 'recommendation',
  };
  const child = fork(join(root, 'dist/local-aws-main.js'), [JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const end = async (): Promise<void> => {
    await ended(child);
    rmSync(stateDir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('message', (message: { kind: string }) =>
        message.kind === 'up' ? resolve() : reject(new Error(JSON.stringify(message))),
      );
      child.once('exit', (code) => reject(new Error(`the daemon ended with ${code}`)));
    });
    const record = JSON.parse(readFileSync(join(stateDir, 'daemon.json'), 'utf8')) as Record<string, string>;
    const { controlUrl = '', gatewayUrl = '', sessionToken: token = '' } = record;
    const call = caller(controlUrl, token);
    await Promise.all(
      ['bench-champion', 'bench-challenger'].map((name) => endpoint(root, call, name, 'model-server.mjs')),
    );
    const serve = (route: object): Promise<void> => publish(call, String(record.functionName), route);
    await serve(split);
    await trivialRoute(call, String(record.apiId));
    const status = async (): Promise<Record<string, any>> =>
      (
        await fetch(`${controlUrl}/_local/status`, { headers: { 'x-amz-security-token': token } })
      ).json() as any;
    const list = (await status()).endpoints as { endpointName: string; port: number }[];
    const portOf = (name: string): number =>
      list.find(({ endpointName }) => endpointName === name)?.port ?? 0;
    const modelPorts = [portOf('bench-champion'), portOf('bench-challenger')] as const;
    return {
      pid: child.pid ?? 0,
      gatewayUrl,
      controlUrl,
      token,
      modelPorts,
      status,
      serve,
      endpoint: (name, server) => endpoint(root, call, name, server),
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

type Call = (
  service: 'lambda' | 'apigateway' | 'sagemaker',
  operation: string,
  body?: object,
) => Promise<Record<string, any>>;

/** `POST /path` for REST services, the operation's name for SageMaker. */
function caller(url: string, token: string): Call {
  return async (service, operation, body = {}) => {
    const [method = 'POST', path = '/'] = operation.includes(' ') ? operation.split(' ') : ['POST', '/'];
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=local/20000101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=00`,
        'x-amz-security-token': token,
        'content-type': service === 'sagemaker' ? 'application/x-amz-json-1.1' : 'application/json',
        ...(service === 'sagemaker' && { 'x-amz-target': `SageMaker.${operation}` }),
      },
      ...(method !== 'GET' && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${operation}: ${response.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Record<string, any>);
  };
}

async function endpoint(root: string, call: Call, name: string, server: string): Promise<void> {
  await call('sagemaker', 'CreateModel', {
    ModelName: name,
    ExecutionRoleArn: 'arn:aws:iam::000000000000:role/bench',
    PrimaryContainer: { Image: `local://${join(root, 'bench', server)}` },
  });
  await call('sagemaker', 'CreateEndpointConfig', {
    EndpointConfigName: name,
    ProductionVariants: [
      {
        VariantName: 'AllTraffic',
        ModelName: name,
        ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 200 },
      },
    ],
  });
  await call('sagemaker', 'CreateEndpoint', { EndpointName: name, EndpointConfigName: name });
  await until(async () => {
    const { EndpointStatus, FailureReason } = await call('sagemaker', 'DescribeEndpoint', {
      EndpointName: name,
    });
    if (EndpointStatus === 'Failed') throw new Error(String(FailureReason));
    return EndpointStatus === 'InService';
  });
}

export const champion = { version: 'v1.0.0', endpoint: 'bench-champion' };
const split = {
  rollout: 'r-bench',
  token: 1,
  champion,
  challenger: { version: 'v1.1.0', endpoint: 'bench-challenger' },
  percent: 10,
  salt: 'bench',
};

async function publish(call: Call, name: string, route: object): Promise<void> {
  const base = `/2015-03-31/functions/${name}`;
  const { Environment } = await call('lambda', `GET ${base}/configuration`);
  await call('lambda', `PUT ${base}/configuration`, {
    Environment: { Variables: { ...Environment?.Variables, MLREG_ROUTE: JSON.stringify(route) } },
  });
  await settled(call, base);
  const { Version } = await call('lambda', `POST ${base}/versions`);
  await call('lambda', `PUT ${base}/aliases/live`, { FunctionVersion: Version });
}

/** What the gateway and Lambda's environment cost without the router: POST /trivial. */
async function trivialRoute(call: Call, apiId: string): Promise<void> {
  const code = `exports.handler = async () => ({ statusCode: 200, headers: { 'content-type': 'application/json' }, body: '{"recommendations":[{"id":"a","score":0.93},{"id":"b"}]}' });`;
  const zip = zipSync({ 'index.js': strToU8(code) });
  const { FunctionArn } = await call('lambda', 'POST /2015-03-31/functions', {
    FunctionName: 'trivial',
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Role: 'arn:aws:iam::000000000000:role/bench',
    Code: { ZipFile: Buffer.from(zip).toString('base64') },
  });
  const base = '/2015-03-31/functions/trivial';
  await settled(call, base);
  await call('lambda', `POST ${base}/policy`, {
    StatementId: 'api',
    Action: 'lambda:InvokeFunction',
    Principal: 'apigateway.amazonaws.com',
  });
  const api = `/v2/apis/${apiId}`;
  const { integrationId } = await call('apigateway', `POST ${api}/integrations`, {
    integrationType: 'AWS_PROXY',
    integrationMethod: 'POST',
    integrationUri: FunctionArn,
    payloadFormatVersion: '2.0',
  });
  await call('apigateway', `POST ${api}/routes`, {
    routeKey: 'POST /trivial',
    target: `integrations/${String(integrationId)}`,
  });
  const { deploymentId } = await call('apigateway', `POST ${api}/deployments`);
  await call('apigateway', `PATCH ${api}/stages/${encodeURIComponent('$default')}`, { deploymentId });
}

function settled(call: Call, base: string): Promise<void> {
  return until(async () => {
    const { State, LastUpdateStatus } = await call('lambda', `GET ${base}/configuration`);
    return State !== 'Pending' && LastUpdateStatus !== 'InProgress';
  });
}

async function until(true_: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await true_()); ) {
    if (Date.now() > end) throw new Error('waited a minute in vain');
    await pause(50);
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Told to end, and killed where it doesn't. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 8_000);
  await gone;
  clearTimeout(timer);
}
