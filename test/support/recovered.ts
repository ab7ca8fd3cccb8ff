import { expect } from 'vitest';
import type { Store } from '../../src/ports/store.ts';
import { type CliWorld, serving } from './cli-world.ts';

/** What AWS has in one world, with another store: as it is when a store was lost, or put back. */
export function under(store: CliWorld, aws: CliWorld): CliWorld {
  for (const version of aws.model.functionVersions())
    store.model.publishAs(version, aws.model.variablesOf(version));
  for (const name of ['live', 'green'] as const) {
    const { target, stamp } = aws.model.alias(name);
    store.model.makeAlias(name, target, stamp);
  }
  for (const [name, kind] of aws.model.endpoints) store.model.endpoints.set(name, kind);
  for (const [uri, digest] of aws.artifacts) store.artifacts.set(uri, digest);
  return store;
}

export const named = (version: string) => ({
  MODEL_VERSION: version,
  SAGEMAKER_ENDPOINT: `recommendation-dev-${version.replaceAll('.', '-')}-76322e32`,
});

/** v2.3.0 was promoted after v2.2.0. */
export async function promoted(kept?: Store): Promise<CliWorld> {
  const cli = await serving(undefined, kept);
  cli.model.publishAs('7', named('v2.2.0'));
  expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(0);
  return cli;
}

/** After it all is well: a deploy works, and its rollback leads where it should. */
export async function expectWell(cli: CliWorld, champion: string): Promise<void> {
  const status = await cli.ask('status');
  expect(status).toMatchObject({ champion, rollout: null });
  expect(status).not.toHaveProperty('marker');
  expect((await cli.run('audit verify')).code).toBe(0);
  await cli.register('v2.9.0');
  expect((await cli.run('deploy --model-version v2.9.0')).code).toBe(0);
  const back = await cli.run('rollback');
  expect([back.code, back.stdout]).toEqual([0, expect.stringContaining(`${champion} serves 100 %`)]);
}
