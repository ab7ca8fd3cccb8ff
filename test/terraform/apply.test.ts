import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetPolicyCommand, InvokeCommand, LambdaClient, UpdateAliasCommand } from '@aws-sdk/client-lambda';
import { UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { ApiGatewayV2Client, UpdateStageCommand } from '@aws-sdk/client-apigatewayv2';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Clients, createClients } from '../../src/aws/clients.ts';
import { defaultsOf } from '../../src/config/defaults.ts';
import { readDaemonRecord } from '../../src/local-aws/daemon-files.ts';
import { startMoto } from '../contract/aws/moto-server.ts';
import {
  artifact,
  createScene,
  eventually,
  isBaking,
  type Json,
  root,
  type Scene,
  succeeds,
} from '../support/e2e.ts';
import { type Front, startFront } from './front.ts';
import { findTerraform, type Run } from './terraform.ts';

/*
 * A whole environment, applied to stand-ins for AWS: local AWS is Lambda, API Gateway, SageMaker, and moto is DynamoDB, S3,
 * SNS, CloudWatch, Logs, IAM, EventBridge and Step Functions. Then mlreg rolls out on what Terraform made.
 */

const terraform = findTerraform();
// The account of local AWS, so that both speak of one.
const moto = terraform.kind === 'found' ? await startMoto({ MOTO_ACCOUNT_ID: '000000000000' }) : undefined;
const absent = terraform.kind === 'absent' ? terraform.why : moto?.kind === 'absent' ? moto.why : undefined;

if (terraform.kind === 'absent' || moto?.kind !== 'up') {
  console.warn(`Terraform NOT applied: ${absent ?? ''}`);
  test.skip(`a whole environment (${absent ?? ''})`, () => undefined);
} else {
  const image = '000000000000.dkr.ecr.us-east-1.amazonaws.com/recommendation:1';
  let scene: Scene;
  let fronts: { readonly terraform: Front; readonly mlreg: Front };
  let folder: string;
  let access: Readonly<Record<string, string>>;
  let clients: Clients;
  let applied: Run;
  let outputs: Json;

  const plan = async (): Promise<number> => {
    const { status, output } = await terraform.run(
      folder,
      ['plan', '-input=false', '-no-color', '-detailed-exitcode'],
      access,
    );
    // 0: nothing to do, 2: something to do.
    if (status === 1) throw new Error(output);
    return status;
  };

  beforeAll(async () => {
    scene = createScene('terraform');
    await scene.up();
    const record = readDaemonRecord(join(scene.dir, '.mlreg/local'));
    if (record === undefined) throw new Error('AWS on this machine is not running');
    const local = record.controlUrl;
    fronts = {
      terraform: await startFront((service) =>
        ['lambda', 'apigateway', 'sts'].includes(service) ? local : moto.url,
      ),
      mlreg: await startFront(
        (service) => (['dynamodb', 'states'].includes(service) ? moto.url : local),
        // Plays the registry of images: the model server is a file of this machine.
        (body) => body.replaceAll(image, `local://${join(root, 'examples/flights/serve.mjs')}`),
      ),
    };
    access = {
      AWS_ENDPOINT_URL: fronts.terraform.url,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_SESSION_TOKEN: record.sessionToken,
    };
    Object.assign(scene.variables, {
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_SESSION_TOKEN: record.sessionToken,
    });
    clients = createClients({
      region: 'us-east-1',
      endpointUrl: local,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local', sessionToken: record.sessionToken },
    });

    cpSync(join(root, 'terraform'), join(scene.dir, 'terraform'), { recursive: true });
    mkdirSync(join(scene.dir, 'dist'));
    cpSync(join(root, 'dist/router.zip'), join(scene.dir, 'dist/router.zip'));
    folder = join(scene.dir, 'terraform/environments/dev');
    writeFileSync(
      join(folder, 'stand_in_override.tf'),
      'terraform {\n  backend "local" {}\n}\n\nprovider "aws" {\n  s3_use_path_style       = true\n  skip_metadata_api_check = true\n  max_retries             = 2\n}\n',
    );
    writeFileSync(
      join(folder, 'terraform.tfvars.json'),
      JSON.stringify({
        region: 'us-east-1',
        ecr_repository_arns: ['arn:aws:ecr:us-east-1:000000000000:repository/recommendation'],
        alert_emails: ['ml@example.com'],
        trusted_principal_arns: ['arn:aws:iam::000000000000:role/ml-engineers'],
        github: { repository: 'acme/models', repository_ids: { owner: 1, repository: 2 } },
        // Any zip: nothing calls the controller here.
        controller_package_file: '../../tests/fixtures/function.zip',
        pipeline: { training: { image }, evaluation: { image } },
      }),
    );
    const { status, output } = await terraform.init(folder);
    expect(status, output).toBe(0);
    applied = await terraform.run(folder, ['apply', '-input=false', '-no-color', '-auto-approve'], access);
    expect(applied.status, applied.output).toBe(0);
    outputs = JSON.parse((await terraform.run(folder, ['output', '-json'])).output) as Json;
  });

  afterAll(async () => {
    clients?.close();
    await Promise.all([fronts?.terraform.close(), fronts?.mlreg.close(), moto.stop()]);
    await scene?.end();
  });

  describe('a whole environment', () => {
    test('is made', async () => {
      const { output } = await terraform.run(folder, ['state', 'list']);
      const kinds = output
        .split('\n')
        .flatMap((line) => /^(?!.*\bdata\.).*\.(aws_\w+)\./.exec(line)?.[1] ?? []);
      expect([...new Set(kinds)].sort()).toMatchSnapshot();
    });

    test('has the names that mlreg has by default', () => {
      const usual = defaultsOf('dev', 'recommendation');
      expect(outputs.mlreg.value).toMatchObject({
        function: (usual.lambda as Json).function,
        alias: (usual.lambda as Json).alias,
        shadow_function: (usual.lambda as Json).shadowFunction,
        api_name: (usual.api as Json).name,
        stage: (usual.api as Json).stage,
        table: usual.table,
        topic: (usual.notifications as Json).sns,
        recommend_path: (usual.requests as Json).path,
      });
    });

    test.each(['live', 'green'])('lets the API reach the alias %s', async (alias) => {
      const { Policy } = await clients
        .of(LambdaClient)
        .send(new GetPolicyCommand({ FunctionName: 'recommendation-inference-dev', Qualifier: alias }));
      expect(JSON.parse(Policy ?? '{}').Statement).toMatchObject([
        { Principal: { Service: 'apigateway.amazonaws.com' }, Action: 'lambda:InvokeFunction' },
      ]);
    });

    test('is as Terraform wants it', async () => {
      expect(await plan()).toBe(0);
    });
  });

  describe('mlreg on what Terraform made', () => {
    const bucket = 'mlreg-models-dev-000000000000';
    const versions = ['v2.2.0', 'v2.3.0'];

    const recommend = async (alias: string): Promise<Json> => {
      const { Payload, FunctionError } = await clients.of(LambdaClient).send(
        new InvokeCommand({
          FunctionName: 'recommendation-inference-dev',
          Qualifier: alias,
          Payload: JSON.stringify({
            version: '2.0',
            rawPath: '/recommend',
            headers: { 'content-type': 'application/json' },
            requestContext: {
              requestId: 'r',
              stage: '$default',
              http: { method: 'POST', path: '/recommend' },
            },
            body: JSON.stringify(
              JSON.parse(readFileSync(join(root, 'examples/flights/smoke.json'), 'utf8'))[0],
            ),
            isBase64Encoded: false,
          }),
        }),
      );
      expect(FunctionError).toBeUndefined();
      return JSON.parse(Buffer.from(Payload ?? []).toString()) as Json;
    };

    test('is told of it by mlreg init', async () => {
      rmSync(join(scene.dir, 'mlreg.yaml'));
      writeFileSync(join(scene.dir, 'outputs.json'), JSON.stringify(outputs));
      await succeeds(scene.run('init', '--from-terraform', 'outputs.json'));
      const written = readFileSync(join(scene.dir, 'mlreg.yaml'), 'utf8');
      expect(written).toContain('role: arn:aws:iam::000000000000:role/recommendation-model-dev');
      const mine = [`endpointUrl: ${fronts.mlreg.url}`, 'settle: 1s', 'provisionTimeout: 1m'];
      writeFileSync(
        join(scene.dir, 'mlreg.yaml'),
        written
          .replace('  dev:\n', `  dev:\n${mine.map((line) => `    ${line}\n`).join('')}`)
          .replace(/#image: .*recommendation:1/, `image: ${image}`),
      );
      for (const version of versions) {
        const Key = `recommendation/${version}/model.tar.gz`;
        await clients
          .of(S3Client)
          .send(new PutObjectCommand({ Bucket: bucket, Key, Body: readFileSync(artifact(version)) }));
        await succeeds(scene.run('register', version, '--artifact', `s3://${bucket}/${Key}`, '-e', 'dev'));
      }
    });

    test('deploys a first version, which answers behind the alias, and Terraform wants nothing back', async () => {
      await succeeds(scene.run('deploy', '--model-version', 'v2.2.0', '-e', 'dev', '--yes'));
      expect(await recommend('live')).toMatchObject({
        statusCode: 200,
        headers: { 'x-model-version': 'v2.2.0' },
      });
      expect(await plan()).toBe(0);
    });

    test('in the middle of a canary Terraform wants nothing, nor after it was rolled back', async () => {
      const rollout = scene.start(
        'deploy',
        '--model-version',
        'v2.3.0',
        '--steps',
        '20',
        '--bake',
        '30m',
        '-e',
        'dev',
        '--yes',
      );
      await rollout.event('20 % of users', isBaking(20));
      expect(await plan()).toBe(0);
      await succeeds(scene.run('abort', '-e', 'dev', '--yes'));
      expect((await rollout.ended).code).toBe(9);
      expect(await recommend('live')).toMatchObject({ headers: { 'x-model-version': 'v2.2.0' } });
      expect(await plan()).toBe(0);
    });
  });

  describe('what rollouts of all kinds move', () => {
    const FunctionName = 'recommendation-inference-dev';

    test('is left alone: weights, stamp, stage and variables', async () => {
      const lambda = clients.of(LambdaClient);
      const RoutingConfig = { AdditionalVersionWeights: { '2': 0.5 } };
      await lambda.send(
        new UpdateAliasCommand({
          FunctionName,
          Name: 'green',
          FunctionVersion: '1',
          RoutingConfig,
          Description: 'stamp',
        }),
      );
      await clients.of(ApiGatewayV2Client).send(
        new UpdateStageCommand({
          ApiId: outputs.mlreg.value.api_id,
          StageName: '$default',
          StageVariables: { alias: 'green', mlreg: 'dev/7/12' },
        }),
      );
      expect(await plan()).toBe(0);
    });

    test('and what they never move is put back', async () => {
      const lambda = clients.of(LambdaClient);
      await eventually('a settled function', async () => {
        await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, MemorySize: 1024 }));
        return true;
      });
      expect(await plan()).toBe(2);
    });
  });
}
