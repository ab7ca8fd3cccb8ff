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

test('a denied list is told as such', async () => {
  const { clients, local } = await stack();
  local.inject({ deny: { 'lambda:ListVersionsByFunction': true } });
  await expect(createInventory({ clients, functionName }).publications()).rejects.toMatchObject({
    failure: { kind: 'denied', action: 'lambda:ListVersionsByFunction' },
  });
});
