import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type PendingTicks, pendingOf, pendingText } from '../domain/pending-ticks.ts';
import type { PendingStore } from '../ports/pending.ts';
import { codeOf } from './file-system.ts';

/** For tests and for whatever has no place that outlives the process. */
export function memoryPending(): PendingStore {
  let last: string | null = null;
  return {
    last: (rollout) => Promise.resolve(ofRollout(pendingOf(last), rollout)),
    keep: (pending) => {
      last = pendingText(pending);
      return Promise.resolve();
    },
  };
}

/**
 * One small file beside the embedded store, replaced as a whole. It is not synced: after a power cut looking begins anew.
 * @param path see `pendingFile`
 * @param writer is in the name of the file that is written first, so that two processes don't write the same one
 */
export function filePending(path: string, writer: string): PendingStore {
  return {
    async last(rollout) {
      try {
        return ofRollout(pendingOf(await readFile(path, 'utf8')), rollout);
      } catch (error) {
        if (codeOf(error) === '') throw error;
        return null;
      }
    },
    async keep(pending) {
      const own = `${path}.${writer}`;
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(own, pendingText(pending), { mode: 0o600 });
      await rename(own, path);
    },
  };
}

const ofRollout = (pending: PendingTicks | null, rollout: PendingTicks['rollout']): PendingTicks | null =>
  pending?.rollout === rollout ? pending : null;
