import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../../src/store/embedded.ts';
import { type FileSystem, nodeFileSystem } from '../../../src/store/file-system.ts';
import { storeContract } from './store-contract.ts';

storeContract('the embedded store', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mlreg-store-'));
  let isReadOnly = false;
  const refuse = (flags: string): void => {
    if (isReadOnly && flags === 'a') throw Object.assign(new Error('immutable'), { code: 'EPERM' });
  };
  const fs: FileSystem = {
    ...nodeFileSystem,
    open: async (path, flags, mode) => {
      refuse(flags);
      return nodeFileSystem.open(path, flags, mode);
    },
  };
  const place = { stateDir: join(directory, 'state'), environment: 'local', model: 'recs', fs };
  return {
    readOnly: (isOn) => {
      isReadOnly = isOn;
    },
    store: openStore(place),
    reopen: async () => openStore(place),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
});
