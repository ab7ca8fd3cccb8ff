import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListFunctionsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetApisCommand, ApiGatewayV2Client } from '@aws-sdk/client-apigatewayv2';
import { ListTablesCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListEndpointConfigsCommand, ListEndpointsCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { startMoto } from '../contract/aws/moto-server.ts';
import { artifact, type Json, quick, root, succeeds } from '../support/e2e.ts';
import { applyToStandIns } from './applied.ts';
import { findTerraform } from './terraform.ts';

/* Giving an environment up: what Terraform made goes with Terraform, what mlreg made with mlreg. */

const terraform = findTerraform();
const moto = terraform.kind === 'found' ? await startMoto({ MOTO_ACCOUNT_ID: '000000000000' }) : undefined;

if (terraform.kind === 'absent' || moto?.kind !== 'up') {
  test.skip('terraform destroy: no terraform or no moto', () => undefined);
} else {
  test('mlreg retire --all, then terraform destroy, leave nothing that costs', async () => {
    const applied = await applyToStandIns(terraform, moto.url);
    const { scene, clients } = applied;
    try {
      rmSync(join(scene.dir, 'mlreg.yaml'));
      writeFileSync(join(scene.dir, 'outputs.json'), JSON.stringify(applied.outputs));
      await succeeds(scene.run('init', '--from-terraform', 'outputs.json'));
      const file = join(scene.dir, 'mlreg.yaml');
      const written = parse(readFileSync(file, 'utf8')) as Json;
      const { dev } = written['environments'];
      Object.assign(dev, { settle: '1s', judge: quick.judge, endpointUrl: applied.endpointUrl });
      Object.assign(dev.sagemaker, { image: applied.image });
      copyFileSync(join(root, 'examples/flights/smoke.json'), join(scene.dir, 'smoke.json'));
      dev.requests = { ...dev.requests, smoke: 'smoke.json' };
      writeFileSync(file, JSON.stringify(written));
      const [Bucket, Key] = ['mlreg-models-dev-000000000000', 'recommendation/v2.2.0/model.tar.gz'];
      await clients
        .of(S3Client)
        .send(new PutObjectCommand({ Bucket, Key, Body: readFileSync(artifact('v2.2.0')) }));
      await succeeds(scene.run('register', 'v2.2.0', '--artifact', `s3://${Bucket}/${Key}`));
      await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
      const endpoints = async () => {
        const sagemaker = clients.of(SageMakerClient);
        const { Endpoints = [] } = await sagemaker.send(new ListEndpointsCommand({}));
        const { EndpointConfigs = [] } = await sagemaker.send(new ListEndpointConfigsCommand({}));
        return [Endpoints.length, EndpointConfigs.length];
      };
      expect(await endpoints()).toEqual([1, 1]);

      await succeeds(scene.run('retire', '--all', '--reason', 'torn down', '--yes'));
      expect(await endpoints()).toEqual([0, 0]);
      await applied.destroy();
      expect(await applied.resources()).toEqual(['']);
      const { Functions } = await clients.of(LambdaClient).send(new ListFunctionsCommand({}));
      const { Items } = await clients.of(ApiGatewayV2Client).send(new GetApisCommand({}));
      const { TableNames } = await applied.moto.of(DynamoDBClient).send(new ListTablesCommand({}));
      // The first of each is local AWS's own, of its environment `local`.
      expect(
        Functions?.map(({ FunctionName }) => FunctionName).filter((name) => name?.includes('-dev')),
      ).toEqual([]);
      expect(Items?.map(({ Name }) => Name).filter((name) => name?.endsWith('-dev'))).toEqual([]);
      expect(TableNames).toEqual([]);
    } finally {
      await applied.end();
      await moto.stop();
    }
  });
}
