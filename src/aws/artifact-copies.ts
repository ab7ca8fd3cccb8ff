import { createWriteStream } from 'node:fs';
import { cp } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { ArtifactCopies } from '../ports/backup.ts';
import type { Artifacts } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { attempt, toPlatformError } from './errors.ts';
import { fileDigest, nothingAt, objectAt } from './s3-artifacts.ts';

/** Artifacts of the registry as files here. What was copied is read again for its digest. */
export function createArtifactCopies(
  clients: Clients,
  artifacts: Pick<Artifacts, 'resolve'>,
): ArtifactCopies {
  const digest = (path: string) => fileDigest(pathToFileURL(path).href);
  return {
    digest,
    async copy(text, to) {
      const uri = artifacts.resolve(text);
      if (uri.startsWith('s3://')) await download(clients, uri, to);
      else await duplicate(uri, to);
      return digest(to);
    },
  };
}

async function download(clients: Clients, uri: string, to: string): Promise<void> {
  const s3 = clients.of(S3Client);
  const what = { action: 's3:GetObject', resource: uri };
  try {
    const { Body } = await attempt(what, () => s3.send(new GetObjectCommand(objectAt(uri))));
    await pipeline(Body as AsyncIterable<Uint8Array>, createWriteStream(to, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    const failure = toPlatformError(error, what);
    if (failure.failure.kind !== 'missing') throw failure;
    throw nothingAt(uri, failure);
  }
}

async function duplicate(uri: string, to: string): Promise<void> {
  try {
    await cp(fileURLToPath(uri), to, { recursive: true, errorOnExist: true, force: false });
  } catch (error) {
    throw nothingAt(uri, error);
  }
}
