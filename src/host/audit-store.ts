import type { Clients } from '../aws/clients.ts';
import type { EnvironmentConfig } from '../config/index.ts';
import type { Audit } from '../ports/store.ts';

/** Walks the whole history of an environment's store, whatever it is kept in. */
export async function auditStore(
  { store, name, model }: EnvironmentConfig,
  clients: Clients,
): Promise<Audit> {
  if (store.kind === 'embedded') {
    const { verifyStore } = await import('../store/embedded.ts');
    const { file, problem, ...walked } = await verifyStore({
      stateDir: store.directory,
      environment: name,
      model,
    });
    return {
      where: file,
      ...walked,
      ...(problem && { problem: `${file}:${problem.line}: ${problem.sentence}` }),
    };
  }
  const [{ verifyDynamoLog }, { dynamoTable }] = await Promise.all([
    import('../aws/dynamo-verify.ts'),
    import('../aws/dynamo-table.ts'),
  ]);
  const walked = await verifyDynamoLog(dynamoTable({ clients, table: store.table }), {
    environment: name,
    model,
  });
  return { where: `table ${store.table}`, ...walked, lost: 0, torn: 0 };
}
