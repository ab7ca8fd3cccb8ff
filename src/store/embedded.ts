import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Store } from '../ports/store.ts';
import { follow, genesisOf, newChain, type Problem } from './rules/chain.ts';
import { type FileSystem, nodeFileSystem } from './file-system.ts';
import { readFrom, sizeOf } from './file.ts';
import { openFileLog } from './file-log.ts';
import { storeOverLog } from './rules/store-over-log.ts';

export interface StorePlace {
  /** Made when first written to, for this user alone. */
  readonly stateDir: string;
  readonly environment: string;
  readonly model: string;
  readonly fs?: FileSystem;
}

/**
 * The store without AWS: one file for each environment and model, safe for any number of processes on this machine.
 * Opening does nothing yet. Every method throws UserError `unavailable` where the file can't be read or written, and
 * `conflict` where it is damaged.
 */
export function openStore({ fs = nodeFileSystem, ...place }: StorePlace): Store {
  const writer = randomBytes(8).toString('hex');
  return storeOverLog(openFileLog({ path: storeFile(place), genesis: genesisOf(place), writer, fs }), writer);
}

export interface Verification {
  readonly file: string;
  /** Records that count. */
  readonly records: number;
  /** Records that lost a race against another writer: harmless. */
  readonly lost: number;
  /** Records cut short by a crash, a power cut or a full disk: harmless, nobody was told that they count. */
  readonly torn: number;
  /** Hash of the newest record; anchored elsewhere it proves that nothing was cut off the end. */
  readonly head: string;
  /** The first thing that must not be believed; the numbers are of what stands before it. */
  readonly problem?: Problem;
}

/** Walks the whole chain, and changes nothing. @throws UserError `unavailable` where the file can't be read */
export async function verifyStore({ fs = nodeFileSystem, ...place }: StorePlace): Promise<Verification> {
  const file = storeFile(place);
  const chain = newChain(genesisOf(place));
  const size = await sizeOf(fs, file);
  const { torn, problem } = follow(chain, await readFrom(fs, file, 0, size), () => undefined);
  return {
    file,
    records: chain.records,
    lost: chain.lost,
    torn: chain.torn + torn,
    head: chain.head,
    ...(problem && { problem }),
  };
}

type Named = Pick<StorePlace, 'stateDir' | 'environment' | 'model'>;

/**
 * Signs that could lead out of the directory are escaped, and so is the environment's hyphen: else `a-b`, `c` and `a`,
 * `b-c` would be one file.
 */
export function storeFile({ stateDir, environment, model }: Named): string {
  return join(stateDir, `${escape(environment).replaceAll('-', '%2D')}-${escape(model)}.ndjson`);
}

/** What owners saw of ticks that are not final yet; mlreg works without it. */
export const pendingFile = (place: Named): string => storeFile(place).replace(/ndjson$/, 'pending.json');

/** Deploys that wait for their turn; mlreg works without it. */
export const waitingFile = (place: Named): string => storeFile(place).replace(/ndjson$/, 'waiting.json');

const escape = (name: string): string =>
  encodeURIComponent(name).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
