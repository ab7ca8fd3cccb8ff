import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetPolicyCommand, LambdaClient, UpdateAliasCommand } from '@aws-sdk/client-lambda';
import { UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { defaultsOf } from '../../src/config/defaults.ts';
import { startMoto } from '../contract/aws/moto-server.ts';
import {
  artifact,
  eventually,
  isBaking,
  type Json,
  quick,
  root,
  type Scene,
  succeeds,
} from '../support/e2e.ts';
import { answering, harmOf, recommendations, startTraffic } from '../support/e2e-traffic.ts';
import { expectServing } from '../support/e2e-truth.ts';
import { type Applied, applyToStandIns, controller } from './applied.ts';
import { boundaries } from './boundaries.ts';
import { findTerraform } from './terraform.ts';

/* A whole environment, applied once to stand-ins for AWS. Then mlreg rolls out on what Terraform made. */

const terraform = findTerraform();
// The account of local AWS, so that both speak of one.
const moto = terraform.kind === 'found' ? await startMoto({ MOTO_ACCOUNT_ID: '000000000000' }) : undefined;
const absent = terraform.kind === 'absent' ? terraform.why : moto?.kind === 'absent' ? moto.why : undefined;

if (terraform.kind === 'absent' || moto?.kind !== 'up') {
  console.warn(`Terraform NOT applied: ${absent ?? ''}`);
  test.skip(`a whole environment (${absent ?? ''})`, () => undefined);
} else {
  let applied: Applied;
  let scene: Scene;

  beforeAll(async () => {
    applied = await applyToStandIns(terraform, moto.url);
    scene = applied.scene;
  });
  afterAll(async () => {
    await applied?.end();
    await moto.stop();
  });

  describe('a whole environment', () => {
    test('is made', async () => {
      const kinds = (await applied.resources()).flatMap(
        (address) => /^(?!.*\bdata\.).*\.(aws_\w+)\./.exec(address)?.[1] ?? [],
      );
      expect([...new Set(kinds)].sort()).toMatchSnapshot();
    });

    test('has the names that mlreg has by default', () => {
      const usual = defaultsOf('dev', 'recommendation');
      expect(applied.outputs['mlreg'].value).toMatchObject({
        function: (usual['lambda'] as Json)['function'],
        alias: (usual['lambda'] as Json)['alias'],
        shadow_function: (usual['lambda'] as Json)['shadowFunction'],
        api_name: (usual['api'] as Json)['name'],
        stage: (usual['api'] as Json)['stage'],
        table: usual['table'],
        topic: (usual['notifications'] as Json)['sns'],
        recommend_path: (usual['requests'] as Json)['path'],
      });
    });

    test.each(['live', 'green'])('lets the API reach the alias %s', async (alias) => {
      const { Policy } = await applied.clients
        .of(LambdaClient)
        .send(new GetPolicyCommand({ FunctionName: 'recommendation-inference-dev', Qualifier: alias }));
      expect(JSON.parse(Policy ?? '{}').Statement).toMatchObject([
        { Principal: { Service: 'apigateway.amazonaws.com' }, Action: 'lambda:InvokeFunction' },
      ]);
    });

    test('is as Terraform wants it', async () => {
      expect(await applied.wants()).toBe('nothing');
    });
  });

  describe('mlreg on what Terraform made', () => {
    const bucket = 'mlreg-models-dev-000000000000';
    const versions = ['v2.2.0', 'v2.3.0', 'v2.4.0'];
    const settings = {
      settle: '1s',
      provisionTimeout: '1m',
      judge: { ...quick.judge, alpha: 0.00001 },
      // Nothing but what the test does is to decide how these end: a starved machine makes healthy versions slow.
      guardrails: { meanLatency: 'off', endpointErrorsPerMinute: 'off', throttleRate: 'off' },
      strategies: {
        canary: quick.strategies.canary,
        blueGreen: {
          percent: 50,
          allowLargeFirstStep: true,
          bake: '2s',
          finalBake: '30m',
          tick: '1s',
          extend: '60s',
        },
        shadow: {
          sample: 50,
          bake: '3s',
          tick: '1s',
          extend: '30s',
          compare: {
            class: 'recommendations.0.destination',
            score: 'recommendations.0.pLate',
            tolerance: 0.02,
            show: ['origin', 'hour'],
            disagreement: '60%',
          },
        },
      },
    };
    const deploy = (version: string, ...more: string[]): string[] => [
      'deploy',
      '--model-version',
      version,
      ...more,
    ];

    test('is told of it by mlreg init', async () => {
      rmSync(join(scene.dir, 'mlreg.yaml'));
      writeFileSync(join(scene.dir, 'outputs.json'), JSON.stringify(applied.outputs));
      await succeeds(scene.run('init', '--from-terraform', 'outputs.json'));
      const file = join(scene.dir, 'mlreg.yaml');
      const written = parse(readFileSync(file, 'utf8')) as Json;
      const { dev } = written['environments'];
      expect(dev.sagemaker.role).toBe('arn:aws:iam::000000000000:role/recommendation-model-dev');
      Object.assign(dev, settings, { endpointUrl: applied.endpointUrl });
      Object.assign(dev.sagemaker, { image: applied.image, maxConcurrency: 50 });
      // Beside it, for the controller's package.
      copyFileSync(join(root, 'examples/flights/smoke.json'), join(scene.dir, 'smoke.json'));
      dev.requests = { ...dev.requests, smoke: 'smoke.json' };
      writeFileSync(file, JSON.stringify(written));
      for (const version of versions) {
        const Key = `recommendation/${version}/model.tar.gz`;
        await applied.clients
          .of(S3Client)
          .send(new PutObjectCommand({ Bucket: bucket, Key, Body: readFileSync(artifact(version)) }));
        await succeeds(scene.run('register', version, '--artifact', `s3://${bucket}/${Key}`));
      }
    });

    test('deploys a first version, which answers behind the API', async () => {
      await succeeds(scene.run(...deploy('v2.2.0')));
      await expectServing(scene, 'v2.2.0');
    });

    test('in the middle of a canary Terraform wants nothing', async () => {
      const rollout = scene.start(...deploy('v2.3.0', '--steps', '20', '--bake', '30m'));
      await rollout.event('20 % of users', isBaking(20));
      expect(await applied.wants()).toBe('nothing');
      await succeeds(scene.run('abort', '--yes'));
      expect((await rollout.ended).code).toBe(9);
      await expectServing(scene, 'v2.2.0');
    });

    test('a shadow ends in a report, each copy compared once, and answers nobody', async () => {
      const traffic = await startTraffic(scene, 40);
      const { code, stdout, stderr } = await scene.run(...deploy('v2.3.0', '--strategy', 'shadow'));
      const { report, sent } = await traffic.stop();
      expect([code, stdout + stderr]).toEqual([0, expect.stringContaining('passed in shadow')]);
      expect([harmOf(report), answering(sent)]).toEqual([{}, ['v2.2.0']]);
      const rollout = await expectServing(scene, 'v2.2.0');
      expect(rollout['shadow']).toMatchObject({ dropped: 0, duplicates: 0, report: { complete: true } });
      expect(rollout['shadow'].compared).toBeGreaterThan(20);
      // Each copy claimed its id there first.
      const seen = await applied.moto
        .of(DynamoDBClient)
        .send(new ScanCommand({ TableName: 'mlreg-shadow-dev-recommendation', Select: 'COUNT' }));
      expect(seen.Count).toBeGreaterThanOrEqual(rollout['shadow'].compared);
    });

    test('a canary promotes a better version', async () => {
      const traffic = await startTraffic(scene, 80);
      const { code, stdout, stderr } = await scene.run(...deploy('v2.3.0'));
      const { report, sent } = await traffic.stop();
      // The shadow's endpoint was retired: this is the next generation.
      const arm = 'v2.3.0#2';
      expect([code, stdout + stderr]).toEqual([0, expect.stringContaining(`${arm} serves 100 %`)]);
      expect([harmOf(report), answering(sent)]).toEqual([{}, ['v2.2.0', arm]]);
      await expectServing(scene, arm);
    });

    test('a canary rolls a failing version back', async () => {
      const traffic = await startTraffic(scene, 80);
      const { champion } = await scene.status();
      const { code, stdout } = await scene.run(...deploy('v2.4.0'));
      const { sent } = await traffic.stop();
      expect([code, stdout]).toEqual([3, expect.stringMatching(/rolled back.*(error|requests failed)/s)]);
      expect(sent.filter(({ version, status }) => version === champion && status !== 200)).toEqual([]);
      await expectServing(scene, champion);
    });

    test('blue-green swaps the stage and comes home; Terraform wants nothing behind the swap, nor at rest', async () => {
      const traffic = await startTraffic(scene, 80);
      const other = (await scene.status())['champion'] === 'v2.2.0' ? 'v2.3.0' : 'v2.2.0';
      const rollout = scene.start(...deploy(other, '--strategy', 'blue-green'));
      await rollout.event('the swap', ({ type, kind }) => type === 'step.done' && kind === 'swap-stage');
      expect((await scene.status())['stage']).toMatchObject({ alias: 'green' });
      expect(await applied.wants()).toBe('nothing');
      await succeeds(scene.run('promote', '--yes'));
      expect((await rollout.ended).code).toBe(0);
      const { sent } = await traffic.stop();
      expect(sent.filter(({ status }) => status !== 200)).toEqual([]);
      await expectServing(scene, other);
      expect((await scene.status())['stage']).toMatchObject({ alias: 'live' });
      expect(await applied.wants()).toBe('nothing');
    });

    test('a detached rollout is begun as an execution of the state machine, and its laps bring it to its end', async () => {
      const other = (await scene.status())['champion'] === 'v2.2.0' ? 'v2.3.0' : 'v2.2.0';
      const traffic = await startTraffic(scene, 80);
      await succeeds(scene.run(...deploy(other, '--detach')));
      const sfn = applied.moto.of(SFNClient);
      const stateMachineArn = `arn:aws:states:us-east-1:000000000000:stateMachine:${applied.outputs['mlreg'].value.controller}`;
      const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
      expect(executions).toMatchObject([{ status: 'RUNNING' }]);
      const { executionArn } = executions[0] ?? {};
      const { input = '' } = await sfn.send(new DescribeExecutionCommand({ executionArn }));

      const laps = scene.startScript(unpackController(), {
        AWS_ACCESS_KEY_ID: controller,
        MLREG_STATE_MACHINE: stateMachineArn,
        LAMBDA_TASK_ROOT: scene.dir,
        EVENT: input,
      });
      expect(await laps.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('"next":"stop"') });
      await traffic.stop();
      const { champion } = await scene.status();
      expect(String(champion).split('#')[0]).toBe(other);
      await expectServing(scene, String(champion));
    });

    /** The zip that Terraform is given, unpacked beside mlreg.yaml, and what Step Functions would do with it. */
    function unpackController(): string {
      const zip = join(scene.dir, 'controller.zip');
      execFileSync(process.execPath, [
        join(root, 'terraform/package-controller.mjs'),
        ...['--config', join(scene.dir, 'mlreg.yaml'), '--out', zip],
      ]);
      for (const [name, bytes] of Object.entries(unzipSync(readFileSync(zip))))
        writeFileSync(join(scene.dir, name), bytes);
      const script = join(scene.dir, 'laps.cjs');
      writeFileSync(
        script,
        `const { handler } = require('./index.js');
const lap = async (event) => {
  const next = await handler(event);
  console.log(JSON.stringify(next));
  if (next.next === 'wait') setTimeout(lap, Math.max(0, Date.parse(next.at) - Date.now()), next);
  else process.exit(0);
};
lap(JSON.parse(process.env.EVENT));
`,
      );
      return script;
    }
  });

  boundaries(
    () => applied,
    () => scene,
  );

  describe('what mlreg', () => {
    const FunctionName = 'recommendation-inference-dev';

    test('may move of an alias is left alone: its version, weights and stamp', async () => {
      const RoutingConfig = { AdditionalVersionWeights: { '2': 0.5 } };
      await applied.clients.of(LambdaClient).send(
        new UpdateAliasCommand({
          FunctionName,
          Name: 'green',
          FunctionVersion: '1',
          RoutingConfig,
          Description: 'stamp',
        }),
      );
      expect(await recommendations(scene, 1)).toMatchObject([{ status: 200 }]);
      expect(await applied.wants()).toBe('nothing');
    });

    test('never moves is put back', async () => {
      await eventually('a settled function', async () => {
        await applied.clients
          .of(LambdaClient)
          .send(new UpdateFunctionConfigurationCommand({ FunctionName, MemorySize: 1024 }));
        return true;
      });
      expect(await applied.wants()).toBe('something');
    });
  });
}
