import { copyFile, open, readFile, rename } from 'node:fs/promises';
import type { Recovery } from '../ports/inventory.ts';
import type { Store } from '../ports/store.ts';
import { follow, genesisOf, newChain } from './rules/chain.ts';
import { storeFile, type StorePlace } from './embedded.ts';
import { fileError, nodeFileSystem } from './file-system.ts';
import { readFrom, sizeOf } from './file.ts';
import { apply, emptyState } from './rules/fold.ts';
import { newerFormat } from './refusals.ts';
import { readOnly } from './rules/cut.ts';

/**
 * The embedded store as far as its chain vouches for it.
 * @param whole the store itself, where nothing is wrong with it
 */
export function embeddedRecovery(place: StorePlace, whole: Store): Recovery {
  const path = storeFile(place);

  async function sound() {
    const chain = newChain(genesisOf(place));
    const state = emptyState();
    const bytes = await readFrom(nodeFileSystem, path, 0, await sizeOf(nodeFileSystem, path));
    const { problem } = follow(chain, bytes, (body, line) => {
      try {
        apply(state, body);
      } catch (cause) {
        // Nothing is wrong with it: this mlreg is too old.
        throw newerFormat(path, line, cause);
      }
    });
    return { chain, state, problem };
  }

  return {
    async look() {
      const { chain, state, problem } = await sound();
      if (problem === undefined) return { store: whole, damage: null };
      const store = readOnly(state);
      const text = `${path}:${problem.line}: ${problem.sentence}`;
      return { store, damage: { where: path, problem: text, records: chain.records } };
    },
    async salvage() {
      const { chain } = await sound();
      const kept = `${path}.damaged-${(await readFile(path)).length}-${chain.records}`;
      const fresh = `${path}.sound`;
      try {
        // The damaged file stays in its place until what is sound is on disk.
        await copyFile(path, kept);
        const bytes = await readFrom(nodeFileSystem, path, 0, chain.offset);
        const file = await open(fresh, 'w', 0o600);
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(fresh, path);
      } catch (error) {
        throw fileError(error, 'write', path);
      }
      return kept;
    },
  };
}
