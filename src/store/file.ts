import { dirname } from 'node:path';
import { codeOf, fileError, type FileSystem } from './file-system.ts';

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
    await makeDirectory(fs, dirname(path));
    return await fs.open(path, 'a', 0o600);
  }
}

async function makeDirectory(fs: FileSystem, path: string): Promise<void> {
  const first = await fs.mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made))
    await syncDirectory(fs, dirname(made));
}

export async function syncFile(fs: FileSystem, path: string): Promise<void> {
  try {
    const file = await fs.open(path, 'a', 0o600);
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(error, 'sync', path);
  }
}

/** Without it a power cut can lose the file's name, with all that is in it. */
export async function syncDirectory(fs: FileSystem, path: string): Promise<void> {
  try {
    const directory = await fs.open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (error) {
    // Where directories can't be synced (Windows, some network file systems) there is nothing more to be done.
    if (['EIO', 'ENOSPC', 'EDQUOT'].includes(codeOf(error))) throw fileError(error, 'sync', path);
  }
}
