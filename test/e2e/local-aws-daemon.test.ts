import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import {
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DescribeEndpointCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { build } from 'esbuild';
import { createTar } from 'nanotar';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readDaemonRecord, type DaemonRecord } from '../../src/local-aws/daemon-files.ts';
import { createChildRecords, processStart } from '../../src/local-aws/data-plane/process-identity.ts';
import { waitFor } from '../support/wait-for.ts';

const root = join(import.meta.dirname, '../..');
const image = `local://${join(root, 'test/fixtures/model-server.mjs')}`;

/** Asks the endpoint that its environment names, as the router does, with what Node has. */
const handler = (name: string) => `
const http = require('node:http');
exports.handler = (event, context) => {
  const headers = { 'x-handler': '${name}', 'x-function-version': context.functionVersion };
  const endpoint = process.env.SAGEMAKER_ENDPOINT;
  if (event.rawPath === '/metrics') {
    void Promise.reject(new Error('nobody awaits it'));
    setTimeout(() => { throw new Error('nobody catches it'); });
  }
  if (event.rawPath === '/feedback') return new Promise(() => undefined);
  if (endpoint === undefined || event.rawPath !== '/recommend') return Promise.resolve({ statusCode: 200, headers, body: event.rawPath });
  return new Promise((resolve, reject) => {
    const url = process.env.AWS_ENDPOINT_URL + '/endpoints/' + endpoint + '/invocations';
    const request = http.request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-amz-security-token': process.env.AWS_SESSION_TOKEN,
        authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/sagemaker/aws4_request',
      },
    }, (response) => {
      let body = '';
      response.on('data', (chunk) => { body += chunk; });
      response.on('end', () => resolve({ statusCode: response.statusCode, headers, body }));
    });
    request.on('error', reject);
    request.end(event.body);
  });
};`;

let scratch: string;
let stateDir: string;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'mlreg-daemon-'));
  writeFileSync(join(scratch, 'first.cjs'), handler('first'));
  writeFileSync(join(scratch, 'second.cjs'), handler('second'));
  writeFileSync(
    join(scratch, 'v1.tar.gz'),
    gzipSync(createTar([{ name: 'model.json', data: '{"version":"v1"}' }])),
  );
  await build({
    stdin: {
      contents: `
        import { runDaemon } from './src/local-aws/daemon.ts';
        const say = (line) => console.error(line);
        runDaemon({ ...JSON.parse(process.argv[2]), ownsProcess: true, say }).then(
          (daemon) => console.log(JSON.stringify(daemon.record)),
          (error) => { console.log(JSON.stringify({ refused: error.message, mend: error.mend })); process.exitCode = 1; },
        );`,
      resolveDir: root,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile: join(scratch, 'daemon.mjs'),
    banner: { js: `import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);` },
    logLevel: 'error',
  });
});

afterEach(async () => {
  await Promise.all([...running].map((child) => end(child, 'SIGKILL')));
  createChildRecords(join(stateDir, 'children')).endOrphans();
  rmSync(stateDir, { recursive: true, force: true });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

type Answer = DaemonRecord | { readonly refused: string; readonly mend: string };

function launch(more: { routerBundle?: string; gatewayPort?: number } = {}): {
  child: ChildProcess;
  answer: Promise<Answer>;
} {
  const options = {
    stateDir,
    controlPort: 0,
    gatewayPort: 0,
    routerBundle: join(scratch, 'first.cjs'),
    model: 'recommendation',
    settings: { endpointCreatingMs: 0, functionUpdateMs: 0, coldStartMs: 0 },
    ...more,
  };
  const child = spawn(process.execPath, [join(scratch, 'daemon.mjs'), JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.stderr?.on('data', (chunk: Buffer) => talk.set(child, readDaemonTalk(child) + chunk.toString()));
  const answer = new Promise<Answer>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line) as Answer));
    child.once('exit', (code) => reject(new Error(`the daemon left with ${code}: ${readDaemonTalk(child)}`)));
  });
  return { child, answer };
}

async function up(more?: { routerBundle?: string }): Promise<{ child: ChildProcess; record: DaemonRecord }> {
  const { child, answer } = launch(more);
  const record = await answer;
  if ('refused' in record) throw new Error(record.refused);
  return { child, record };
}

const talk = new WeakMap<ChildProcess, string>();
/** What it has said on its standard error. */
function readDaemonTalk(child: ChildProcess): string {
  return talk.get(child) ?? '';
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill(signal);
  });
}

function clients(record: DaemonRecord): { lambda: LambdaClient; sagemaker: SageMakerClient } {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local', sessionToken: record.sessionToken };
  const config = { endpoint: record.controlUrl, region: record.region, credentials };
  return { lambda: new LambdaClient(config), sagemaker: new SageMakerClient(config) };
}

async function serveModel(record: DaemonRecord, environment: Record<string, string> = {}): Promise<string> {
  const { lambda, sagemaker } = clients(record);
  const name = 'rec-local-v1';
  await sagemaker.send(
    new CreateModelCommand({
      ModelName: name,
      ExecutionRoleArn: 'arn:aws:iam::000000000000:role/sagemaker',
      PrimaryContainer: {
        Image: image,
        ModelDataUrl: pathToFileURL(join(scratch, 'v1.tar.gz')).href,
        Environment: environment,
      },
    }),
  );
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: name,
      ProductionVariants: [
        {
          VariantName: 'AllTraffic',
          ModelName: name,
          ServerlessConfig: { MemorySizeInMB: 1024, MaxConcurrency: 5 },
        },
      ],
    }),
  );
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: name }));
  await waitFor(() => expectInService(record, name));

  const FunctionName = record.functionName;
  await lambda.send(
    new UpdateFunctionConfigurationCommand({
      FunctionName,
      Environment: { Variables: { SAGEMAKER_ENDPOINT: name } },
    }),
  );
  await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 10 }, { FunctionName });
  const { Version } = await lambda.send(new PublishVersionCommand({ FunctionName }));
  await lambda.send(new UpdateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: Version }));
  return name;
}

async function expectInService(record: DaemonRecord, EndpointName: string): Promise<void> {
  const { EndpointStatus } = await clients(record).sagemaker.send(
    new DescribeEndpointCommand({ EndpointName }),
  );
  expect(EndpointStatus).toBe('InService');
}

async function recommend(
  record: DaemonRecord,
): Promise<{ version: string; pid: number; functionVersion: string | null }> {
  const response = await fetch(`${record.gatewayUrl}/recommend`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"userId":"u1"}',
  });
  const body = await response.text();
  expect([response.status, body]).toEqual([200, expect.any(String)]);
  const { version, pid } = JSON.parse(body) as { version: string; pid: number };
  return { version, pid, functionVersion: response.headers.get('x-function-version') };
}

async function status(record: DaemonRecord): Promise<Record<string, unknown>> {
  const headers = { 'x-amz-security-token': record.sessionToken };
  return (await (await fetch(`${record.controlUrl}/_local/status`, { headers })).json()) as Record<
    string,
    unknown
  >;
}

const newState = (): void => {
  stateDir = mkdtempSync(join(tmpdir(), 'mlreg-state-'));
};

describe('the daemon', () => {
  it('makes what Terraform makes, serves through it, and says so', async () => {
    newState();
    const { record } = await up();
    expect(readDaemonRecord(stateDir)).toEqual(record);
    expect([statSync(stateDir).mode & 0o777, statSync(join(stateDir, 'daemon.json')).mode & 0o777]).toEqual([
      0o700, 0o600,
    ]);

    const health = await fetch(`${record.gatewayUrl}/health`);
    expect([health.status, await health.text(), health.headers.get('x-handler')]).toEqual([
      200,
      '/health',
      'first',
    ]);
    expect((await fetch(`${record.gatewayUrl}/nothing`)).status).toBe(404);
    expect((await fetch(`${record.controlUrl}/_local/status`)).status).toBe(403);

    const { lambda } = clients(record);
    for (const Name of ['live', 'green']) {
      const alias = await lambda.send(new GetAliasCommand({ FunctionName: record.functionName, Name }));
      expect(alias.FunctionVersion).toBe('1');
    }
    await serveModel(record);
    expect(await recommend(record)).toMatchObject({ version: 'v1', functionVersion: '2' });
    expect(await status(record)).toMatchObject({
      functionName: 'recommendation-inference-local',
      endpoints: [
        { endpointName: 'rec-local-v1', state: 'running', pid: expect.any(Number), port: expect.any(Number) },
      ],
      functions: [
        { version: '1', coldStarts: 1 },
        { version: '2', coldStarts: 1, environments: 1 },
      ],
      gateway: { requests: 3, status: { '2xx': 2, '4xx': 1 } },
    });
  });

  it('killed right after an answer, has kept what it said', async () => {
    newState();
    const first = await up();
    const { FunctionName, Name } = { FunctionName: first.record.functionName, Name: 'green' };
    const { lambda } = clients(first.record);
    const { RevisionId } = await lambda.send(
      new UpdateAliasCommand({ FunctionName, Name, Description: 'token 7' }),
    );
    await end(first.child, 'SIGKILL');
    const second = await up();
    const alias = await clients(second.record).lambda.send(new GetAliasCommand({ FunctionName, Name }));
    expect(alias).toMatchObject({ Description: 'token 7', RevisionId });
  });

  it('killed, comes back with all it held, and ends the model server it left', async () => {
    newState();
    const first = await up();
    const endpoint = await serveModel(first.record, { BEHAVIOUR: 'outlive' });
    const before = await recommend(first.record);
    await end(first.child, 'SIGKILL');
    expect(processStart(before.pid)).toBeDefined();
    expect(readDaemonRecord(stateDir)).toBeUndefined();

    const second = await up();
    await waitFor(() => expect(processStart(before.pid)).toBeUndefined());
    await expectInService(second.record, endpoint);
    const after = await recommend(second.record);
    expect(after).toMatchObject({ version: 'v1', functionVersion: before.functionVersion });
    expect(after.pid).not.toBe(before.pid);
    expect(second.record.apiId).toBe(first.record.apiId);
    expect(second.record.sessionToken).not.toBe(first.record.sessionToken);
  });

  it('told to end, ends its model servers, and leaves only what it keeps', async () => {
    newState();
    const { child, record } = await up();
    await serveModel(record, { BEHAVIOUR: 'outlive' });
    const { pid } = await recommend(record);
    expect(await end(child, 'SIGTERM')).toBe(143);
    expect(processStart(pid)).toBeUndefined();
    expect(readdirSync(stateDir).sort()).toEqual(['children', 'logs', 'models', 'state.json']);
    expect(readdirSync(join(stateDir, 'children'))).toEqual([]);
  });

  it('told twice, does not wait for requests that hang', async () => {
    newState();
    const { child, record } = await up();
    await serveModel(record, { BEHAVIOUR: 'outlive' });
    const { pid } = await recommend(record);
    const hung = fetch(`${record.gatewayUrl}/feedback`, { method: 'POST' }).catch(() => 'cut off');
    await waitFor(async () => expect(await status(record)).toMatchObject({ gateway: { inFlight: 1 } }));
    const gone = end(child, 'SIGTERM');
    await waitFor(() => expect(readDaemonTalk(child)).toContain('once more'));
    child.kill('SIGTERM');
    expect(await gone).toBe(143);
    // Giving up the state directory is the last thing done in order.
    expect(readdirSync(stateDir)).toContain('daemon.lock');
    expect(await hung).toBe('cut off');
    await waitFor(() => expect(processStart(pid)).toBeUndefined());
  });

  it('outlives what a function leaves behind', async () => {
    newState();
    const { child, record } = await up();
    expect((await fetch(`${record.gatewayUrl}/metrics`)).status).toBe(200);
    await waitFor(() => expect(readDaemonTalk(child)).toMatch(/nobody awaits it[^]*nobody catches it/));
    expect((await fetch(`${record.gatewayUrl}/health`)).status).toBe(200);
  });

  it('ends when a client that holds the token asks for it', async () => {
    newState();
    const { child, record } = await up();
    const gone = new Promise((resolve) => child.once('exit', resolve));
    const headers = { 'x-amz-security-token': record.sessionToken };
    expect((await fetch(`${record.controlUrl}/_local/stop`, { method: 'POST', headers })).status).toBe(202);
    expect(await gone).toBe(0);
  });

  it('puts a changed bundle into $LATEST, and nowhere else', async () => {
    newState();
    const first = await up();
    const digest = async (record: DaemonRecord, Qualifier?: string) =>
      (
        await clients(record).lambda.send(
          new GetFunctionConfigurationCommand({
            FunctionName: record.functionName,
            ...(Qualifier && { Qualifier }),
          }),
        )
      ).CodeSha256;
    const before = await digest(first.record);
    await end(first.child, 'SIGTERM');

    const same = await up();
    expect(await digest(same.record)).toBe(before);
    await end(same.child, 'SIGTERM');

    const { record } = await up({ routerBundle: join(scratch, 'second.cjs') });
    expect(await digest(record)).not.toBe(before);
    expect(await digest(record, 'live')).toBe(before);
    expect((await fetch(`${record.gatewayUrl}/health`)).headers.get('x-handler')).toBe('first');
  });

  it('says what is in its way, and leaves it alone', async () => {
    newState();
    const { record } = await up();
    expect(await launch().answer).toEqual({
      refused: `local AWS already runs on ${stateDir} (pid ${record.pid})`,
      mend: 'use it, or end it first: mlreg local down',
    });
    expect((await fetch(`${record.gatewayUrl}/health`)).status).toBe(200);

    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const used = stateDir;
    newState();
    try {
      expect(await launch({ gatewayPort: port }).answer).toEqual({
        refused: `port ${port} is taken by another program`,
        mend: `choose another: --gateway-port ${port + 1}`,
      });
      expect(await launch({ routerBundle: '/nowhere.cjs' }).answer).toMatchObject({
        refused: expect.stringContaining('/nowhere.cjs'),
      });
      expect(readdirSync(stateDir)).toEqual([]);
    } finally {
      other.close();
      rmSync(used, { recursive: true, force: true });
    }
  });
});
