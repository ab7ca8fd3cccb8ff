import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { waitersOf, waitersText } from '../domain/waiters-text.ts';
import type { Waiting } from '../ports/waiting.ts';
import { codeOf } from './file-system.ts';

/** For tests and for whatever has no place that outlives the process. */
export function memoryWaiting(): Waiting {
  let text = '';
  return {
    read: () => Promise.resolve(waitersOf(text)),
    replace: (waiters) => {
      text = waitersText(waiters);
      return Promise.resolve();
    },
  };
}

/**
 * One small file beside the embedded store, replaced as a whole.
 * @param writer is in the name of the file that is written first, so that two processes don't write the same one
 */
export function fileWaiting(path: string, writer: string): Waiting {
  return {
    async read() {
      try {
        return waitersOf(await readFile(path, 'utf8'));
      } catch (error) {
        if (codeOf(error) === '') throw error;
        return [];
      }
    },
    async replace(waiters) {
      const own = `${path}.${writer}`;
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(own, waitersText(waiters), { mode: 0o600 });
      await rename(own, path);
    },
  };
}
