import {
  chmodSync,
  closeSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { processStart } from './data-plane/process-identity.ts';

/** What a client needs to find and use a running daemon; kept in `daemon.json`, readable by its owner only. */
export interface DaemonRecord {
  readonly pid: number;
  /** Equal for the same process only; see processStart. */
  readonly startTime: string;
  readonly controlUrl: string;
  readonly gatewayUrl: string;
  /** Clients send it as the AWS session token. A secret. */
  readonly sessionToken: string;
  readonly region: string;
  readonly accountId: string;
  readonly functionName: string;
  readonly apiId: string;
  readonly stage: string;
  readonly topicArn: string;
}

/** The daemon can't be started as asked; `mend` is what to type instead. */
export class DaemonRefused extends Error {
  override readonly name = 'DaemonRefused';
  readonly mend: string;
  constructor(message: string, mend: string, options?: ErrorOptions) {
    super(message, options);
    this.mend = mend;
  }
}

/** @returns the record of the daemon that runs on this state directory; undefined where none does */
export function readDaemonRecord(stateDir: string): DaemonRecord | undefined {
  const record = readJson(join(stateDir, recordFile)) as DaemonRecord | undefined;
  return record && isAlive(record) ? record : undefined;
}

export function writeDaemonRecord(stateDir: string, record: DaemonRecord): void {
  writeWhole(join(stateDir, recordFile), `${JSON.stringify(record, undefined, 2)}\n`);
}

const recordFile = 'daemon.json';

/**
 * Makes the state directory this process's own.
 * @returns what gives it up again, and removes the daemon's record
 * @throws DaemonRefused where another daemon lives on it
 */
export function claimStateDir(stateDir: string): () => void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  chmodSync(stateDir, 0o700);
  const lock = join(stateDir, 'daemon.lock');
  const self = { pid: process.pid, startTime: processStart(process.pid) ?? '' };
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      const file = openSync(lock, 'wx', 0o600);
      try {
        writeFileSync(file, JSON.stringify(self));
      } finally {
        closeSync(file);
      }
      return () => {
        rmSync(join(stateDir, recordFile), { force: true });
        rmSync(lock, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = readJson(lock) as { pid: number; startTime: string } | undefined;
    if (holder && isAlive(holder)) {
      throw new DaemonRefused(
        `local AWS already runs on ${stateDir} (pid ${holder.pid})`,
        'use it, or end it first: mlreg local down',
      );
    }
    // Left by a daemon that was killed. Renamed before it is removed: of two that see it, one moves it.
    const aside = `${lock}.${process.pid}`;
    try {
      renameSync(lock, aside);
      rmSync(aside, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new DaemonRefused(`${lock} keeps being taken by others`, 'try again');
}

function isAlive(holder: { readonly pid: number; readonly startTime: string }): boolean {
  return (
    typeof holder.pid === 'number' && holder.startTime !== '' && processStart(holder.pid) === holder.startTime
  );
}

/** @returns undefined where the file isn't there or isn't JSON */
function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    // Reading a directory as a file is an error that names no path.
    throw Object.assign(error as Error, { path });
  }
}

/** Readers see the old file or the new one, never a part, whatever crashes when. */
export function writeWhole(path: string, content: string): void {
  const part = `${path}.now`;
  const file = openSync(part, 'w', 0o600);
  try {
    writeFileSync(file, content);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
}

/**
 * As writeWhole, without holding up the requests that are being served meanwhile. Its part has another name, for the
 * process may have to leave, and write at once, while this is under way.
 */
export async function writeWholeAsync(path: string, content: string): Promise<void> {
  const part = `${path}.part`;
  const file = await open(part, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(part, path);
}
