import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { readTar } from './tar.ts';

/** Extracts a .tar.gz into a directory that isn't there yet. @throws Error whose message says what is wrong with the archive */
export type Unpack = (archive: Uint8Array, target: string) => Promise<void>;

/** The most that an archive may become. A model's weights hardly shrink; what grows a hundredfold is no model. */
export const limits = {
  bytes: 2 * 1024 ** 3 - 1,
  ratio: 100,
  /** What small archives may become whatever their ratio, bytes. */
  small: 16 * 1024 ** 2,
  entries: 10_000,
} as const;

/** Read whole before anything is written, so that a refused archive leaves nothing; renamed last, so that half an archive is never seen. */
export const unpack: Unpack = async (archive, target) => {
  const most = Math.min(limits.bytes, Math.max(limits.small, limits.ratio * archive.length));
  const bytes = await promisify(gunzip)(archive, { maxOutputLength: most }).catch((cause: unknown) => {
    const tooLarge = `Model data of ${archive.length} bytes extracts to over ${most} bytes, the most that local AWS takes`;
    throw new Error(cause instanceof RangeError ? tooLarge : 'Model data is not gzip', { cause });
  });
  const entries = readTar(bytes, limits.entries);
  const partial = `${target}.${randomUUID()}.partial`;
  try {
    await mkdir(partial, { recursive: true });
    for (const entry of entries) {
      const path = join(partial, entry.path);
      if (entry.kind === 'directory') {
        await mkdir(path, { recursive: true });
        continue;
      }
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, entry.data);
      if (entry.executable) await chmod(path, 0o755);
    }
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    // Another daemon may have extracted the same digest meanwhile.
    if (!(await exists(target))) throw error;
  }
};

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
