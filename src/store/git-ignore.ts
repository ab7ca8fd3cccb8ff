import { basename, dirname, join } from 'node:path';
import { appendTo, sizeOf } from './file.ts';
import type { FileSystem } from './file-system.ts';

/** Folder beside mlreg.yaml that holds mlreg's own files: stores, the local AWS emulator's token, models and logs. */
const home = '.mlreg';

/**
 * Writes a `.gitignore` that matches everything into `.mlreg/`, so that `git add .` takes no token with it. One that
 * is there already stays as it is; an empty one is what a crash left of this. A state directory elsewhere gets none.
 * Never throws: a store must be written even where this file can't be.
 * @param stateDir `.mlreg/ENVIRONMENT`; made where it isn't there
 */
export async function keepOutOfGit(fs: FileSystem, stateDir: string): Promise<void> {
  const folder = homeOf(stateDir);
  if (folder === null) return;
  const file = join(folder, '.gitignore');
  try {
    if ((await sizeOf(fs, file)) === 0) await appendTo(fs, file, Buffer.from('*\n'));
  } catch {
    // What mlreg writes next meets the same disk, and says what is wrong with it.
  }
}

function homeOf(directory: string): string | null {
  if (basename(directory) === home) return directory;
  const parent = dirname(directory);
  return parent === directory ? null : homeOf(parent);
}
