import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';

export interface StoredObject {
  readonly bytes: Uint8Array;
  /** Without quotes. */
  readonly etag: string;
  readonly contentType?: string;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

export interface ObjectSummary {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly modifiedAt: number;
}

/** Where S3's objects are. A bucket exists when something was put in it, or its directory is there. */
export interface ObjectStore {
  get(bucket: string, key: string): Promise<StoredObject | undefined>;
  put(
    bucket: string,
    key: string,
    bytes: Uint8Array,
    contentType: string | undefined,
    at: number,
  ): Promise<{ etag: string }>;
  /** Keys under `prefix` in UTF-8 order; undefined where there is no such bucket. */
  list(bucket: string, prefix: string): Promise<readonly ObjectSummary[] | undefined>;
  /** False where the key can't be one of this store (it would leave its root). */
  allows(bucket: string, key: string): boolean;
}

export function memoryObjects(): ObjectStore {
  const buckets = new Map<string, Map<string, StoredObject>>();
  return {
    get: async (bucket, key) => buckets.get(bucket)?.get(key),
    async put(bucket, key, bytes, contentType, at) {
      const objects = buckets.get(bucket) ?? new Map<string, StoredObject>();
      buckets.set(bucket, objects);
      const etag = md5(bytes);
      objects.set(key, {
        bytes: Uint8Array.from(bytes),
        etag,
        modifiedAt: at,
        ...(contentType === undefined ? {} : { contentType }),
      });
      return { etag };
    },
    async list(bucket, prefix) {
      const objects = buckets.get(bucket);
      if (objects === undefined) return undefined;
      const found = [...objects].filter(([key]) => key.startsWith(prefix));
      return inOrder(
        found.map(([key, { bytes, etag, modifiedAt }]) => ({ key, size: bytes.length, etag, modifiedAt })),
      );
    },
    allows: () => true,
  };
}

/** Buckets are the directories in `root`, keys the files below them. No key leaves its bucket, links included. */
export function directoryObjects(root: string): ObjectStore {
  const allows = (bucket: string, key: string) => {
    const home = resolve(root, bucket);
    const path = resolve(home, key);
    const plain =
      !key.includes('\0') &&
      !key.includes('\\') &&
      key.split('/').every((part) => part !== '..' && part !== '.');
    return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) && plain && path.startsWith(home + sep);
  };
  /** The real path, where it is inside the real bucket. */
  const inside = async (bucket: string, path: string): Promise<string | undefined> => {
    try {
      const home = await realpath(resolve(root, bucket));
      const real = await realpath(path);
      return real === home || real.startsWith(home + sep) ? real : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  };
  return {
    allows,
    async get(bucket, key) {
      if (!allows(bucket, key)) return undefined;
      const path = await inside(bucket, resolve(root, bucket, key));
      if (path === undefined) return undefined;
      const found = await stat(path);
      if (!found.isFile()) return undefined;
      const bytes = await readFile(path);
      return { bytes, etag: md5(bytes), modifiedAt: found.mtimeMs };
    },
    async put(bucket, key, bytes) {
      if (!allows(bucket, key)) throw new Error(`key leaves its bucket: ${key}`);
      const path = resolve(root, bucket, key);
      await mkdir(dirname(path), { recursive: true });
      if ((await inside(bucket, dirname(path))) === undefined)
        throw new Error(`key leaves its bucket: ${key}`);
      // Nobody may read half an object.
      const part = `${path}.${md5(bytes).slice(0, 8)}.part`;
      await writeFile(part, bytes);
      await rename(part, path);
      return { etag: md5(bytes) };
    },
    async list(bucket, prefix) {
      const home = resolve(root, bucket);
      if (!allows(bucket, 'any') || (await inside(bucket, home)) === undefined) return undefined;
      const entries = await readdir(home, { recursive: true, withFileTypes: true });
      const keys = entries
        .filter((entry) => entry.isFile() && !entry.name.endsWith('.part'))
        .map((entry) => relative(home, join(entry.parentPath, entry.name)).split(sep).join('/'))
        .filter((key) => key.startsWith(prefix));
      const summaries = keys.map(async (key): Promise<ObjectSummary> => {
        const path = resolve(home, key);
        const { size, mtimeMs } = await stat(path);
        return { key, size, etag: md5(await readFile(path)), modifiedAt: mtimeMs };
      });
      return inOrder(await Promise.all(summaries));
    },
  };
}

function inOrder(objects: ObjectSummary[]): ObjectSummary[] {
  return objects.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
