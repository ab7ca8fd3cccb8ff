import { memoryPlace, openMemoryStore } from '../../support/memory-store.ts';
import { storeContract } from './store-contract.ts';

storeContract('the memory store', async () => {
  const place = memoryPlace();
  return {
    store: openMemoryStore(place),
    reopen: async () => openMemoryStore(place),
    dispose: async () => undefined,
  };
});
