import { LambdaClient, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readDaemonRecord } from '../../src/local-aws/daemon-files.ts';
import { createScene, quick, type Scene, succeeds } from '../support/e2e.ts';
import { startTraffic } from '../support/e2e-traffic.ts';
import { expectServing } from '../support/e2e-truth.ts';

let scene: Scene;

beforeAll(async () => {
  scene = createScene('log-format', quick);
  await scene.up({ controller: false });
  const record = readDaemonRecord(join(scene.dir, '.mlreg/local'));
  if (record === undefined) throw new Error('local AWS is not running');
  const { controlUrl: endpoint, sessionToken } = record;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local', sessionToken };
  const lambda = new LambdaClient({ region: 'us-east-1', endpoint, credentials });
  // Lambda wraps what console.log prints in JSON, and drops what is below the level.
  const LoggingConfig = { LogFormat: 'JSON', ApplicationLogLevel: 'ERROR' } as const;
  const FunctionName = 'recommendation-inference-local';
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, LoggingConfig }));
  lambda.destroy();
  await scene.register('v2.2.0', 'v2.4.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
});

afterAll(() => scene.end());

it('the JSON log format hides no failing version', async () => {
  const traffic = await startTraffic(scene, 60);
  const { stdout } = await scene.run('doctor');
  expect(stdout).toContain('a test request showed in the metrics');
  const { code } = await scene.run('deploy', '--model-version', 'v2.4.0');
  const rollout = await expectServing(scene, 'v2.2.0');
  await traffic.stop();
  expect(code).toBe(3);
  expect(rollout.outcome).toMatchObject({ kind: 'rolled-back', cause: { kind: 'verdict' } });
});
