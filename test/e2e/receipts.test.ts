import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readDaemonRecord } from '../../src/local-aws/daemon-files.ts';
import { calm, createScene, root, type Scene, succeeds } from '../support/e2e.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const [request = ''] = readFileSync(join(root, 'examples/flights/requests.ndjson'), 'utf8').split('\n');
const parameter = '/mlreg/local/receipts';
const group = '/aws/lambda/recommendation-inference-local';
let scene: Scene;

const options = () => {
  const record = readDaemonRecord(join(scene.dir, '.mlreg/local'))!;
  return {
    region: record.region,
    endpoint: record.controlUrl,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local', sessionToken: record.sessionToken },
  };
};

beforeAll(async () => {
  scene = createScene('receipts', { ...calm, feedback: { receipts: parameter, maxAge: '14d' } });
  await scene.up({ controller: false });
  await new SSMClient(options()).send(
    new PutParameterCommand({ Name: parameter, Value: 'a1'.repeat(32), Type: 'SecureString' }),
  );
  await scene.register('v2.2.0', 'v2.3.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
});

afterAll(() => scene.end());

const send = (path: string, body: unknown): Promise<Response> =>
  fetch(`${scene.gatewayUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

async function receiptOf(userId: string): Promise<string> {
  const response = await send('/recommend', { ...(JSON.parse(request) as object), userId });
  await response.arrayBuffer();
  expect(response.headers.get('x-model-version')).toBeNull();
  return response.headers.get('x-mlreg-receipt') ?? '';
}

async function given() {
  const { events = [] } = await new CloudWatchLogsClient(options()).send(
    new FilterLogEventsCommand({ logGroupName: group, filterPattern: '"feedback"' }),
  );
  return events
    .map(({ message = '' }) => JSON.parse(message.slice(message.indexOf('{'))))
    .filter(({ kind }) => kind === 'feedback');
}

it('counts a label for the version that answered, after another one was promoted', async () => {
  // The first answers of an execution environment may come before its keys.
  await expect.poll(() => receiptOf('user-1'), { timeout: 30_000 }).toMatch(/^[\w-]{60,}$/);
  const receipt = await receiptOf('user-1');
  await succeeds(
    scene.run(
      'deploy',
      '--model-version',
      'v2.3.0',
      '--strategy',
      'all-at-once',
      '--force',
      '--reason',
      'test',
      '--yes',
    ),
  );
  const health = await fetch(`${scene.gatewayUrl}/health`);
  expect(await health.json()).toMatchObject({ champion: 'v2.3.0' });

  const forged = `${receipt.slice(0, -1)}${receipt.endsWith('A') ? 'B' : 'A'}`;
  const refused = await send('/feedback', { receipt: forged, value: 1 });
  expect([refused.status, ((await refused.json()) as { message: string }).message]).toEqual([
    400,
    'the receipt was not issued here, or was changed',
  ]);
  const taken = await send('/feedback', { receipt, value: 0 });
  expect([taken.status, await taken.json()]).toEqual([202, { recorded: true }]);

  await expect
    .poll(given, { timeout: 30_000 })
    .toMatchObject([{ ModelVersion: 'v2.2.0', Feedback: 0, feedback: { version: 'v2.2.0', value: 0 } }]);
  expect(JSON.stringify(await given())).not.toContain('user-1');
});
