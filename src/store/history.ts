import { randomBytes } from 'node:crypto';
import { copyFile, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Cut, History } from '../ports/history.ts';
import { openStore, storeFile, type StorePlace } from './embedded.ts';
import { codeOf, fileError, nodeFileSystem } from './file-system.ts';
import { readFrom, sizeOf, syncNames } from './file.ts';
import { keepOutOfGit } from './git-ignore.ts';
import { damaged, newerFormat } from './refusals.ts';
import { bytesOf, compareWith, type Reading, readCut, viewOf } from './rules/cut.ts';
import { encode } from './rules/fold.ts';
import { encodeRecord } from './rules/record.ts';

/** The embedded store's records. Its file is replaced whole, so nothing ever sees a part of a backup. */
export function embeddedHistory({ fs = nodeFileSystem, ...place }: StorePlace): History {
  const path = storeFile(place);

  async function reading(): Promise<Reading> {
    const bytes = await readFrom(fs, path, 0, await sizeOf(fs, path));
    try {
      return readCut(place, bytes);
    } catch (cause) {
      throw newerFormat(path, 1, cause);
    }
  }

  async function compare(cut: Cut): ReturnType<History['compare']> {
    const found = await reading();
    if (found.problem !== null) return { kind: 'damaged', problem: damaged(path, found.problem).message };
    return compareWith(found, cut);
  }

  return {
    where: path,
    canSetAside: true,
    view: viewOf,
    compare,
    async read() {
      const { cut, problem } = await reading();
      if (problem !== null) throw damaged(path, problem);
      return cut;
    },
    async take(cut, { actor, at }) {
      const store = () => openStore({ fs, ...place });
      const { kind } = await compare(cut);
      if (kind === 'begun' || kind === 'done') return { store: store(), aside: null };
      const mark = encode({ kind: 'imported', by: actor, at, head: cut.head });
      const last = encodeRecord(cut.head, randomBytes(8).toString('hex'), mark).line;
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await keepOutOfGit(fs, dirname(path));
        const aside = kind === 'other' || kind === 'damaged' ? await keepBeside(path) : null;
        await replaceDurably(path, Buffer.concat([bytesOf(cut), last]));
        await syncNames(fs, path);
        return { store: store(), aside };
      } catch (error) {
        throw fileError(error, 'write', path);
      }
    },
  };
}

/** Under another name it is the same file, so that a record which somebody writes now is kept as well. */
async function keepBeside(path: string): Promise<string> {
  const { ino } = await stat(path);
  for (let number = 1; ; number++) {
    const kept = `${path}.replaced-${number}`;
    try {
      await link(path, kept);
      return kept;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') {
        if ((await stat(kept)).ino === ino) return kept;
        continue;
      }
      // A file system without second names.
      await copyFile(path, kept);
      return kept;
    }
  }
}

async function replaceDurably(path: string, bytes: Buffer): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  try {
    const file = await open(part, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw error;
  }
}
