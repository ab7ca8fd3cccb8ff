import { link, lstat, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../domain/user-error.ts';
import type { Backups } from '../ports/backup.ts';
import { backupText, parseBackup } from './backup-text.ts';
import { codeOf, fileError, nodeFileSystem } from './file-system.ts';
import { syncNames } from './file.ts';

/** In a backup with artifacts: the file with the records, and the folder with the copies. */
const recordsName = 'backup.ndjson';
const artifactsName = 'artifacts';

export const backupFiles: Backups = {
  refuseTaken,
  async write(path, backup) {
    await refuseTaken(path);
    const part = `${path}.${process.pid}.part`;
    await orSay(path, async () => {
      try {
        await writeDurably(part, backupText(backup));
        await nameAs(part, path);
      } finally {
        await rm(part, { force: true }).catch(() => undefined);
      }
      await syncNames(nodeFileSystem, path);
    });
  },
  async writeWithArtifacts(path, backup, fill) {
    await refuseTaken(path);
    const part = `${path}.${process.pid}.part`;
    await orSay(path, async () => {
      try {
        await mkdir(join(part, artifactsName), { recursive: true, mode: 0o700 });
        const artifacts = await fill(join(part, artifactsName));
        const text = backupText({ ...backup, header: { ...backup.header, artifacts } });
        await writeDurably(join(part, recordsName), text);
        // An empty folder that somebody made meanwhile is all that this replaces.
        await rename(part, path);
      } finally {
        await rm(part, { recursive: true, force: true }).catch(() => undefined);
      }
      await syncNames(nodeFileSystem, path);
    });
  },
  async read(given, place) {
    const isFolder = await lstat(given).then(
      (found) => found.isDirectory(),
      (error: unknown) => {
        if (codeOf(error) === 'ENOENT')
          throw new UserError('usage', `there is no backup at ${given}`, { mend: 'mlreg backup --to FILE' });
        throw fileError(error, 'read', given);
      },
    );
    const path = isFolder ? join(given, recordsName) : given;
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (isFolder && codeOf(error) === 'ENOENT')
        throw new UserError('usage', `${given} is a folder without ${recordsName}`, {
          mend: 'name a file or folder that mlreg backup has made',
        });
      throw fileError(error, 'read', path);
    });
    const backup = parseBackup(path, text, place);
    const copies = isFolder
      ? backup.header.artifacts.map(({ digest }) => [digest, join(given, artifactsName, digest)] as const)
      : [];
    return { ...backup, path, copies: new Map(copies) };
  },
};

async function refuseTaken(path: string): Promise<void> {
  try {
    await lstat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw fileError(error, 'read', path);
  }
  throw taken(path);
}

async function writeDurably(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Never over a file that somebody made meanwhile, where the file system can tell. */
async function nameAs(part: string, path: string): Promise<void> {
  try {
    await link(part, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error;
    await refuseTaken(path);
    await rename(part, path);
  }
}

async function orSay(path: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(codeOf(error))) throw taken(path);
    throw fileError(error, 'write', path);
  }
}

const taken = (path: string): UserError =>
  new UserError('usage', `${path} is there already`, {
    why: 'a backup never takes the place of another one',
    mend: 'mlreg backup --to ANOTHER',
  });
