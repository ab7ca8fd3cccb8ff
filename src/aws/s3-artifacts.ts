import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { UserError } from '../domain/user-error.ts';
import type { Artifacts } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { attempt, toPlatformError } from './errors.ts';

export interface ArtifactsOptions {
  readonly clients: Clients;
  /** Files of this machine too: only where the model servers run here. */
  readonly allowFiles: boolean;
  /** What plain paths are relative to. */
  readonly cwd: string;
}

export function createArtifacts({ clients, allowFiles, cwd }: ArtifactsOptions): Artifacts {
  const resolve = (text: string): string => {
    const uri = artifactUri(text, cwd);
    if (uri.startsWith('s3://')) return uri;
    if (!allowFiles) {
      throw new UserError('usage', `${text} is no artifact that AWS can reach`, {
        why: 'outside the local environment an artifact is an object in S3',
        mend: '--artifact s3://BUCKET/PATH/model.tar.gz',
      });
    }
    if (uri.startsWith('file://')) return uri;
    throw new UserError('usage', `${text} is neither a file nor an object in S3`, {
      mend: ['--artifact ./model.tar.gz', '--artifact s3://BUCKET/PATH/model.tar.gz'],
    });
  };
  return {
    resolve,
    async digest(text) {
      const uri = resolve(text);
      return uri.startsWith('s3://') ? objectDigest(clients, uri) : fileDigest(uri);
    },
  };
}

/** An artifact as the registry keeps it: `s3://` and `file://` as they are, a plain path as an absolute file:// URL. */
export function artifactUri(text: string, cwd: string): string {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(text) ? text : pathToFileURL(resolve(cwd, text)).href;
}

interface Digest {
  readonly digest: string;
  readonly bytes: number;
}

/** @throws UserError where it names no object */
export function objectAt(uri: string): { readonly Bucket: string; readonly Key: string } {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(uri) ?? [];
  if (Bucket !== undefined && Key !== undefined) return { Bucket, Key };
  throw new UserError('usage', `${uri} names no object`, {
    mend: '--artifact s3://BUCKET/PATH/model.tar.gz',
  });
}

async function objectDigest(clients: Clients, uri: string): Promise<Digest> {
  const { Bucket, Key } = objectAt(uri);
  const s3 = clients.of(S3Client);
  const what = { action: 's3:GetObject', resource: uri };
  try {
    const { Body } = await attempt(what, () => s3.send(new GetObjectCommand({ Bucket, Key })));
    const hash = createHash('sha256');
    const bytes = await drain(Body as AsyncIterable<Uint8Array>, hash);
    return { digest: hash.digest('hex'), bytes };
  } catch (error) {
    // The stream may break long after S3 has said yes.
    const failure = toPlatformError(error, what);
    if (failure.failure.kind !== 'missing') throw failure;
    throw nothingAt(uri, failure);
  }
}

/** Of a file, or of all files of a folder. @throws UserError where there is none */
export async function fileDigest(uri: string): Promise<Digest> {
  try {
    const path = fileURLToPath(uri);
    const hash = createHash('sha256');
    const bytes = (await stat(path)).isDirectory()
      ? await hashTree(path, hash)
      : await drain(createReadStream(path), hash);
    return { digest: hash.digest('hex'), bytes };
  } catch (error) {
    throw nothingAt(uri, error);
  }
}

async function drain(stream: AsyncIterable<Uint8Array>, hash: Hash): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return bytes;
}

/** Names and bytes of all files, in an order of their own: neither the file system's order nor any time matters. */
async function hashTree(root: string, hash: Hash): Promise<number> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.replace(/[/\\]+$/, '').length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
  let bytes = 0;
  for (const file of files) {
    const inner = createHash('sha256');
    bytes += await drain(createReadStream(join(root, file)), inner);
    hash.update(`${inner.digest('hex')}  ${file}\n`);
  }
  return bytes;
}

export function nothingAt(uri: string, cause: unknown): UserError {
  return new UserError('usage', `there is no artifact at ${uri}`, {
    why: cause instanceof Error ? cause.message : String(cause),
    mend: 'check the address, and that the upload has ended',
    cause,
  });
}
