import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Unpack, unpack } from './unpack.ts';

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
 * @param options.unpack extracts an archive into a directory that isn't there yet
 */
export function createModelStore(options: {
  readonly directory: string;
  readonly readObject?: ((bucket: string, key: string) => Promise<Uint8Array>) | undefined;
  /** @default in this process */
  readonly unpack?: Unpack | undefined;
}): ModelStore {
  const underWay = new Map<string, Promise<string>>();

  const extractedOnce = (archive: Uint8Array): Promise<string> => {
    const digest = createHash('sha256').update(archive).digest('hex');
    const target = join(options.directory, digest);
    const running = underWay.get(digest);
    if (running) return running;
    const work = exists(target)
      .then((there) => (there ? undefined : (options.unpack ?? unpack)(archive, target)))
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

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
