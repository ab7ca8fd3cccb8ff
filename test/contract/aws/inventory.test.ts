import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { expect, test } from 'vitest';
import { createInventory } from '../../../src/aws/inventory.ts';
import { versionTag } from '../../../src/domain/units.ts';
import { functionName, stack, userVariables } from './stack.ts';

const route = (name: string) => ({ MLREG_ROUTE: JSON.stringify({ champion: { version: name } }) });

test('every published Lambda version is told with its variables, the oldest first', async () => {
  const { clients, platform } = await stack();
  const codeSha256 = await platform.codeSha256();
  const names = Array.from({ length: 60 }, (_, at) => `v${at}`);
  for (const name of names)
    await platform.publish({ variables: route(name), codeSha256, description: `mlreg r-1 single ${name}` });
  const found = await createInventory({ clients, functionName }).publications();
  expect(found.map(({ functionVersion }) => functionVersion)).toEqual(
    Array.from({ length: 61 }, (_, at) => String(at + 1)),
  );
  expect(found[0]).toEqual({ functionVersion: '1', variables: userVariables, codeSha256 });
  expect(found[60]?.variables).toEqual({ ...userVariables, ...route('v59') });
});

test('an endpoint’s model knows its artifact and the digest of it', async () => {
  const { clients, platform } = await stack();
  const spec = {
    endpoint: 'recommendation-prod-v2-0-0-76322e32',
    version: versionTag('v2.0.0'),
    artifactUri: 's3://models/v2.0.0.tar.gz',
    artifactDigest: 'd'.repeat(64),
  };
  await platform.ensureEndpoint(spec);
  const inventory = createInventory({ clients, functionName });
  expect(await inventory.artifact(spec.endpoint)).toEqual({
    uri: spec.artifactUri,
    digest: spec.artifactDigest,
  });
  expect(await inventory.artifact('recommendation-prod-v9')).toBeNull();
});

test('what an endpoint runs is known whoever made it, by whatever names', async () => {
  const { clients, clock } = await stack();
  const sagemaker = clients.of(SageMakerClient);
  const model = {
    ModelName: 'by-hand',
    ExecutionRoleArn: 'arn:aws:iam::000000000000:role/by-hand',
    PrimaryContainer: { Image: 'registry/models:7', ModelDataUrl: 's3://models/a.tar.gz' },
  };
  await sagemaker.send(new CreateModelCommand(model));
  const ServerlessConfig = { MemorySizeInMB: 2048 as const, MaxConcurrency: 10 };
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'config-3',
      ProductionVariants: [{ VariantName: 'main', ModelName: 'by-hand', ServerlessConfig }],
    }),
  );
  await sagemaker.send(
    new CreateEndpointCommand({ EndpointName: 'shop-scorer', EndpointConfigName: 'config-3' }),
  );
  await clock.advance(10_000);
  const inventory = createInventory({ clients, functionName });
  expect(await inventory.served('shop-scorer')).toEqual({
    uri: 's3://models/a.tar.gz',
    image: 'registry/models:7',
    role: 'arn:aws:iam::000000000000:role/by-hand',
    serverless: { memoryMb: 2048, maxConcurrency: 10 },
  });
  expect(await inventory.served('nowhere')).toBeNull();
});

test('a denied list is told as such', async () => {
  const { clients, local } = await stack();
  local.inject({ deny: { 'lambda:ListVersionsByFunction': true } });
  await expect(createInventory({ clients, functionName }).publications()).rejects.toMatchObject({
    failure: { kind: 'denied', action: 'lambda:ListVersionsByFunction' },
  });
});
