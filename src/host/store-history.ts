import type { Clients } from '../aws/clients.ts';
import type { EnvironmentConfig } from '../config/index.ts';
import type { ArtifactCopies } from '../ports/backup.ts';
import type { History } from '../ports/history.ts';
import type { Artifacts } from '../ports/platform.ts';
import { systemClock } from './machine.ts';

/** The records of an environment's store, whatever it is kept in. Only backup and restore ask for them. */
export async function historyOf(
  { store, name: environment, model }: EnvironmentConfig,
  clients: Clients,
): Promise<History> {
  if (store.kind === 'embedded') {
    const { embeddedHistory } = await import('../store/history.ts');
    return embeddedHistory({ stateDir: store.directory, environment, model });
  }
  const [{ dynamoHistory }, { dynamoTable }, { openDynamoStore }] = await Promise.all([
    import('../aws/dynamo-history.ts'),
    import('../aws/dynamo-table.ts'),
    import('../aws/dynamo-store.ts'),
  ]);
  const { table } = store;
  const place = { environment, model, clock: systemClock };
  return dynamoHistory({
    table: dynamoTable({ clients, table }),
    name: table,
    ...place,
    open: () => openDynamoStore({ clients, table, ...place, identified: true }),
  });
}

export async function artifactCopiesOf(
  clients: Clients,
  artifacts: Pick<Artifacts, 'resolve'>,
): Promise<ArtifactCopies> {
  return (await import('../aws/artifact-copies.ts')).createArtifactCopies(clients, artifacts);
}
