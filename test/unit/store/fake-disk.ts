import { dirname } from 'node:path';
import type { FileSystem, OpenFile } from '../../../src/store/file-system.ts';

export type DiskCall = 'open' | 'stat' | 'mkdir' | 'read' | 'write' | 'write-rest' | 'datasync' | 'sync';
export type Before = (call: DiskCall, path: string) => void | Promise<void>;

export interface FakeDisk extends FileSystem {
  /** Stands before every call: throws to fail it, waits to delay it. `write-rest` is in the middle of a write. */
  before: Before;
  /** The same disk as another process has it, with a `before` of its own. */
  seenBy(before: Before): FileSystem;
  /** Bytes that still fit; a write that is longer is cut short, as write(2) does. */
  room: number;
  readonly files: Map<string, FakeFile>;
  readonly modes: Map<string, number>;
  /** What the machine finds when it comes up again: of what was not synced, any sectors and any length. */
  afterPowerCut(random: () => number): FakeDisk;
}

interface FakeFile {
  bytes: Buffer;
  /** So many of them are on disk. */
  synced: number;
  /** One write at a time, as the inode's lock sees to. */
  writing: Promise<void>;
}

export const diskError = (code: string): Error =>
  Object.assign(new Error(`${code}: as the test wants it`), { code });

export function fakeDisk(contents: Readonly<Record<string, Buffer>> = {}): FakeDisk {
  const files = new Map<string, FakeFile>();
  const modes = new Map<string, number>();
  const directories = new Set(['/']);
  for (const [path, bytes] of Object.entries(contents)) {
    files.set(path, { bytes, synced: bytes.length, writing: Promise.resolve() });
    directories.add(dirname(path));
  }
  const namesSynced = new Set([...directories, ...files.keys()]);

  const disk: FakeDisk = {
    ...calls((call, path) => disk.before(call, path)),
    before: () => undefined,
    room: Number.POSITIVE_INFINITY,
    files,
    modes,
    seenBy: calls,
    afterPowerCut(random) {
      const kept = [...files].filter(([path]) =>
        [path, dirname(path)].every((name) => namesSynced.has(name) || random() < 0.5),
      );
      return fakeDisk(Object.fromEntries(kept.map(([path, file]) => [path, survivors(file, random)])));
    },
  };
  return disk;

  function calls(before: Before): FileSystem {
    return {
      async stat(path) {
        await before('stat', path);
        return { size: fileAt(path).bytes.length };
      },
      async mkdir(path, { mode }) {
        await before('mkdir', path);
        for (let made = path; !directories.has(made); made = dirname(made)) {
          directories.add(made);
          modes.set(made, mode);
        }
      },
      async open(path, flags, mode) {
        await before('open', path);
        if (directories.has(path)) return openDirectory(path, before);
        if (flags === 'a' && !files.has(path)) {
          if (!directories.has(dirname(path))) throw diskError('ENOENT');
          files.set(path, { bytes: Buffer.alloc(0), synced: 0, writing: Promise.resolve() });
          if (mode !== undefined) modes.set(path, mode);
        }
        return openFile(path, before);
      },
    };
  }

  function fileAt(path: string): FakeFile {
    const file = files.get(path);
    if (file === undefined) throw diskError('ENOENT');
    return file;
  }

  function openDirectory(path: string, before: Before): OpenFile {
    const refuse = async (): Promise<never> => {
      throw diskError('EISDIR');
    };
    return {
      read: refuse,
      write: refuse,
      datasync: refuse,
      async sync() {
        await before('sync', path);
        for (const name of [...files.keys(), ...directories])
          if (dirname(name) === path) namesSynced.add(name);
      },
      close: async () => undefined,
    };
  }

  function openFile(path: string, before: Before): OpenFile {
    const file = fileAt(path);
    return {
      async read(into, at, length, position) {
        await before('read', path);
        return { bytesRead: file.bytes.copy(into, at, position, position + length) };
      },
      async write(bytes) {
        await before('write', path);
        const earlier = file.writing;
        let done = (): void => undefined;
        file.writing = new Promise((resolve) => (done = resolve));
        await earlier;
        try {
          if (disk.room <= 0) throw diskError('ENOSPC');
          const fits = bytes.subarray(0, Math.min(bytes.length, disk.room));
          disk.room -= fits.length;
          // Readers may look while it is half there.
          const half = fits.length >> 1;
          file.bytes = Buffer.concat([file.bytes, fits.subarray(0, half)]);
          await before('write-rest', path);
          file.bytes = Buffer.concat([file.bytes, fits.subarray(half)]);
          return { bytesWritten: fits.length };
        } finally {
          done();
        }
      },
      async datasync() {
        const length = file.bytes.length;
        await before('datasync', path);
        file.synced = Math.max(file.synced, length);
      },
      sync: async () => undefined,
      close: async () => undefined,
    };
  }
}

function survivors({ bytes, synced }: FakeFile, random: () => number): Buffer {
  const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  const kept = Buffer.from(random() < 0.5 ? bytes : bytes.subarray(0, between(synced, bytes.length)));
  // A later write may have reached the disk, and an earlier one not.
  const hole = between(synced, kept.length);
  if (random() < 0.7) kept.fill(0, hole, between(hole, kept.length));
  return kept;
}

/** Mulberry32: small, fast, and the same everywhere. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
