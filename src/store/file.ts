import { dirname } from 'node:path';
import { codeOf, fileError, type FileSystem, type OpenFile } from './file-system.ts';

/** 0 where there is no file. */
export async function sizeOf(fs: FileSystem, path: string): Promise<number> {
  try {
    return (await fs.stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw fileError(error, 'read', path);
  }
}

/** Fewer bytes than asked for where the file ends before `to`. */
export async function readFrom(fs: FileSystem, path: string, from: number, to: number): Promise<Buffer> {
  if (from === to) return Buffer.alloc(0);
  try {
    const file = await fs.open(path, 'r');
    try {
      const bytes = Buffer.allocUnsafe(to - from);
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, from + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

/**
 * Makes file and directory where there are none. A full disk may take only a part: the rest must not follow, for
 * somebody else may have written since. The part is a torn record then, and the next try meets ENOSPC.
 */
export async function appendTo(fs: FileSystem, path: string, line: Buffer): Promise<void> {
  try {
    const file = await openToAppend(fs, path);
    try {
      await file.write(line);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(error, 'write', path);
  }
}

async function openToAppend(fs: FileSystem, path: string): ReturnType<FileSystem['open']> {
  try {
    return await fs.open(path, 'a', 0o600);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    await fs.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await fs.open(path, 'a', 0o600);
  }
}

export async function syncFile(fs: FileSystem, path: string): Promise<void> {
  let file: OpenFile;
  try {
    file = await fs.open(path, 'a', 0o600);
  } catch (error) {
    // An immutable file, or one of another user: it is not the disk that did not confirm.
    throw fileError(error, 'write', path);
  }
  try {
    await file.datasync();
  } catch (error) {
    throw fileError(error, 'sync', path);
  } finally {
    await file.close();
  }
}

/**
 * Puts every name on the file's path on disk: else a power cut can lose the file with all that is in it. All of them,
 * because the process that made a directory may not have come to syncing it.
 */
export async function syncNames(fs: FileSystem, path: string): Promise<void> {
  const directory = dirname(path);
  if (directory === path) return;
  try {
    const names = await fs.open(directory, 'r');
    try {
      await names.sync();
    } finally {
      await names.close();
    }
  } catch (error) {
    // Where a directory can't be opened or synced (Windows, some network file systems) there is no more to be done.
    if (['EIO', 'ENOSPC', 'EDQUOT'].includes(codeOf(error))) throw fileError(error, 'sync', path);
  }
  await syncNames(fs, directory);
}
