import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../../src/store/embedded.ts';
import { storeContract } from './store-contract.ts';

storeContract('the embedded store', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mlreg-store-'));
  const place = { stateDir: join(directory, 'state'), environment: 'local', model: 'recs' };
  return {
    store: openStore(place),
    reopen: async () => openStore(place),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
});
