import {
  DeleteFunctionCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDaemonRecord } from '../../src/local-aws/daemon-files.ts';
import { createScene, endless, isBaking, type Json, type Scene, succeeds } from '../support/e2e.ts';
import { recommendations } from '../support/e2e-traffic.ts';
import { expectServing } from '../support/e2e-truth.ts';
import { zipped } from '../unit/local-aws/core/bench.ts';

const FunctionName = 'recommendation-inference-local';
let scene: Scene;
let lambda: LambdaClient;

beforeAll(async () => {
  scene = createScene('rollback', endless);
  await scene.up({ controller: false });
  const record = readDaemonRecord(join(scene.dir, '.mlreg/local'));
  if (record === undefined) throw new Error('local AWS is not running');
  const { controlUrl: endpoint, sessionToken } = record;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local', sessionToken };
  lambda = new LambdaClient({ region: 'us-east-1', endpoint, credentials });
  await scene.register('v2.2.0', 'v2.3.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
  const deploying = scene.start('deploy', '--model-version', 'v2.3.0');
  await deploying.event('the first bake', isBaking(20));
  await succeeds(scene.run('promote', '--full'));
  await succeeds(deploying.ended);
}, 90_000);

afterAll(async () => {
  lambda.destroy();
  await scene.end();
}, 30_000);

/** Somebody breaks a variable of $LATEST: each request is given 1 ms. */
async function breakVariable(): Promise<void> {
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const Variables = { ...Environment?.Variables, MLREG_INVOKE_TIMEOUT_MS: '1' };
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
}

const servedBy = async (version: string): Promise<string> => {
  const found = (await scene.versions()).find((record) => record.version === version);
  return String((found?.services as readonly Json[]).at(-1)?.functionVersion);
};

async function expectHealthy(version: string, functionVersion: string): Promise<void> {
  await expectServing(scene, version);
  expect((await scene.status()).alias).toMatchObject({ functionVersion, weights: {} });
  const sent = await recommendations(scene, 20);
  expect(sent.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
}

describe('a rollback, whatever stands in $LATEST', { timeout: 90_000 }, () => {
  it('with a broken variable, and Lambda refusing to publish, change, list or describe: users are well', async () => {
    const before = await servedBy('v2.2.0');
    await breakVariable();
    const calls = [
      'PublishVersion',
      'UpdateFunctionConfiguration',
      'ListVersionsByFunction',
      'GetFunctionConfiguration',
    ];
    await scene.faults({ deny: Object.fromEntries(calls.map((call) => [`lambda:${call}`, true])) });
    await succeeds(scene.run('rollback', '--to', 'v2.2.0'));
    await scene.faults({ reset: true });
    await expectHealthy('v2.2.0', before);
  });

  it('with broken code: users are well', async () => {
    const before = await servedBy('v2.3.0');
    await lambda.send(
      new UpdateFunctionCodeCommand({
        FunctionName,
        ZipFile: zipped('exports.handler = () => { throw new Error("broken"); };'),
      }),
    );
    const refused = await scene.run('rollback', '--to', 'v2.3.0');
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/v2\.3\.0 was left \S+ because of a rollback: rolled back to v2\.2\.0/),
    ]);
    await succeeds(scene.run('rollback', '--to', 'v2.3.0', '--yes'));
    await expectHealthy('v2.3.0', before);
  });

  it('where what served is deleted, what is published instead is tested first: broken code reaches nobody', async () => {
    const present = await servedBy('v2.3.0');
    await lambda.send(new DeleteFunctionCommand({ FunctionName, Qualifier: await servedBy('v2.2.0') }));
    const failed = await scene.run('rollback', '--to', 'v2.2.0', '--yes');
    expect([failed.code, failed.stderr]).toEqual([3, expect.stringContaining('has to be built first')]);
    expect(failed.stdout).toMatch(/smoke request failed: request 1 of 4: Lambda version \d+ failed/);
    await expectHealthy('v2.3.0', present);
  });

  it('and a deploy, which would put all that on trial, refuses and names it', async () => {
    const refused = await scene.run('deploy', '--model-version', 'v2.2.0');
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining(
        '$LATEST differs from what serves v2.3.0: code, variable MLREG_INVOKE_TIMEOUT_MS (new)',
      ),
    ]);
    await expectServing(scene, 'v2.3.0');
  });
});
