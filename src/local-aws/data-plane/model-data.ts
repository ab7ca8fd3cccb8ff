import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { readTar } from './tar.ts';

export interface ModelStore {
  /**
   * The directory that holds the extracted model.
   * @throws Error whose message says what is wrong with the URL or the archive
   */
  directoryOf(modelDataUrl: string): Promise<string>;
}

/**
 * Fetches and extracts model archives, each digest once.
 * @param options.directory where extracted models are kept, one directory a digest
 * @param options.readObject the bytes behind s3://bucket/key
 */
export function createModelStore(options: {
  readonly directory: string;
  readonly readObject?: ((bucket: string, key: string) => Promise<Uint8Array>) | undefined;
}): ModelStore {
  const underWay = new Map<string, Promise<string>>();

  const extractedOnce = (archive: Uint8Array): Promise<string> => {
    const digest = createHash('sha256').update(archive).digest('hex');
    const target = join(options.directory, digest);
    const running = underWay.get(digest);
    if (running) return running;
    const work = exists(target)
      .then((there) => (there ? undefined : extract(archive, target)))
      .then(() => target)
      .finally(() => underWay.delete(digest));
    underWay.set(digest, work);
    return work;
  };

  return {
    async directoryOf(modelDataUrl) {
      const url = parse(modelDataUrl);
      switch (url.kind) {
        case 'file': {
          const found = await stat(url.path).catch(() => undefined);
          if (found?.isDirectory()) return url.path;
          if (!found?.isFile()) throw new Error(`Could not find model data at ${modelDataUrl}`);
          requireTarball(modelDataUrl);
          return extractedOnce(await readFile(url.path));
        }
        case 's3': {
          requireTarball(modelDataUrl);
          if (!options.readObject)
            throw new Error(`Could not access model data at ${modelDataUrl}: no S3 here`);
          const archive = await options.readObject(url.bucket, url.key).catch((cause: unknown) => {
            const why = cause instanceof Error ? cause.message : String(cause);
            throw new Error(`Could not access model data at ${modelDataUrl}: ${why}`, { cause });
          });
          return extractedOnce(archive);
        }
      }
    },
  };
}

type ModelUrl =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 's3'; readonly bucket: string; readonly key: string };

function parse(modelDataUrl: string): ModelUrl {
  if (modelDataUrl.startsWith('file:')) {
    try {
      return { kind: 'file', path: fileURLToPath(modelDataUrl) };
    } catch (cause) {
      throw new Error(`${modelDataUrl} is no file URL; write file:///absolute/path`, { cause });
    }
  }
  const s3 = /^s3:\/\/([^/]+)\/(.+)$/.exec(modelDataUrl);
  if (s3?.[1] && s3[2]) return { kind: 's3', bucket: s3[1], key: s3[2] };
  throw new Error(`${modelDataUrl} is neither s3://bucket/key nor file:///path`);
}

function requireTarball(modelDataUrl: string): void {
  if (!/\.(tar\.gz|tgz)$/.test(modelDataUrl))
    throw new Error(`Model data must be a .tar.gz archive: ${modelDataUrl}`);
}

/** Read whole before anything is written, so that a refused archive leaves nothing; renamed last, so that half an archive is never seen. */
async function extract(archive: Uint8Array, target: string): Promise<void> {
  const bytes = await promisify(gunzip)(archive, { maxOutputLength: extractedAtMost }).catch(
    (cause: unknown) => {
      const tooLarge = cause instanceof RangeError;
      throw new Error(tooLarge ? 'Model data extracts to over 2 GiB' : 'Model data is not gzip', { cause });
    },
  );
  const entries = readTar(bytes);
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
}

const extractedAtMost = 2 * 1024 ** 3 - 1;

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
