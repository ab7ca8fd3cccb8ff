import type { Recoverable } from '../app/connection.ts';
import type { Clients } from '../aws/clients.ts';
import type { EnvironmentConfig } from '../config/index.ts';
import type { Inventory, Recovery } from '../ports/inventory.ts';
import type { Artifacts } from '../ports/platform.ts';
import type { Store } from '../ports/store.ts';
import { artifactCopiesOf, historyOf } from './store-history.ts';

export const recoverable = (
  config: EnvironmentConfig,
  clients: Clients,
  { store, artifacts }: { readonly store: Store; readonly artifacts: Artifacts },
): Recoverable => ({
  inventory: inventoryOf(clients, config.lambda.function),
  recovery: recoveryOf(config, store),
  history: () => historyOf(config, clients),
  artifactCopies: () => artifactCopiesOf(clients, artifacts),
});

function inventoryOf(clients: Clients, functionName: string): Inventory {
  const made = async (): Promise<Inventory> =>
    (await import('../aws/inventory.ts')).createInventory({ clients, functionName });
  return {
    publications: async () => (await made()).publications(),
    served: async (endpoint) => (await made()).served(endpoint),
    artifact: async (endpoint) => (await made()).artifact(endpoint),
  };
}

function recoveryOf({ store: kept, name, model }: EnvironmentConfig, store: Store): Recovery {
  const made = async (): Promise<Recovery> => {
    if (kept.kind === 'embedded') {
      const { embeddedRecovery } = await import('../store/salvage.ts');
      return embeddedRecovery({ stateDir: kept.directory, environment: name, model }, store);
    }
    return (await import('../aws/dynamo-recovery.ts')).dynamoRecovery(kept.table, store);
  };
  return { look: async () => (await made()).look(), salvage: async () => (await made()).salvage() };
}
