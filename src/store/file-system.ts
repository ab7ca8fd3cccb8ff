import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { UserError } from '../domain/user-error.ts';

/** The few calls the store makes, so that tests can fill the disk and cut the power. Errors carry Node's `code`. */
export interface FileSystem {
  open(path: string, flags: 'r' | 'a', mode?: number): Promise<OpenFile>;
  stat(path: string): Promise<{ readonly size: number }>;
  /** Makes the file anew, whole or not at all. Absent: this file system can't, and nothing is kept beside the log. */
  replace?(path: string, bytes: Uint8Array): Promise<void>;
  mkdir(
    path: string,
    options: { readonly recursive: true; readonly mode: number },
  ): Promise<string | undefined>;
}

export interface OpenFile {
  read(into: Buffer, at: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  /** One write(2), at the end of the file. */
  write(bytes: Uint8Array): Promise<{ readonly bytesWritten: number }>;
  datasync(): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export const nodeFileSystem: FileSystem = {
  open,
  stat,
  mkdir,
  async replace(path, bytes) {
    const part = `${path}.${process.pid}.part`;
    try {
      await writeFile(part, bytes, { mode: 0o600 });
      await rename(part, path);
    } catch (error) {
      await rm(part, { force: true }).catch(() => undefined);
      throw error;
    }
  },
};

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** The one place where errno names become what a person reads. */
export function fileError(error: unknown, what: 'read' | 'write' | 'sync', path: string): unknown {
  const code = codeOf(error);
  if (code === '') return error;
  const [why, mend] = reasons[code] ?? [error instanceof Error ? error.message : code, `look into ${path}`];
  if (what === 'sync') {
    return new UserError('unavailable', `${path}: written, but the disk did not confirm it`, {
      why: `${why}; the change may or may not be there after a power cut`,
      mend: 'mlreg status',
      cause: error,
    });
  }
  return new UserError(
    'unavailable',
    `${path}: mlreg's state can't be ${what === 'read' ? 'read' : 'written'}`,
    {
      why,
      mend: mend.replaceAll('PATH', path),
      cause: error,
    },
  );
}

const noRights = [
  'this user has no right to',
  'ls -ld PATH  # make it yours with chown, or run mlreg as the user whose it is',
] as const;
const full = [
  'the disk is full; nothing was changed',
  'df -h PATH  # make room, then the same command again',
] as const;

const reasons: Readonly<Record<string, readonly [why: string, mend: string]>> = {
  EACCES: noRights,
  EPERM: noRights,
  EROFS: [
    'the file system is read-only',
    'df PATH  # mount it writable, or run mlreg in a copy of this project that can be written',
  ],
  ENOSPC: full,
  EDQUOT: ['the disk quota is used up; nothing was changed', full[1]],
  EFBIG: ['the file is as large as it may be; nothing was changed', 'ulimit -f unlimited'],
  ENOTDIR: [
    'a part of the path is a file, not a directory',
    'namei -l PATH  # shows which; move that file away, then the same command again',
  ],
  EISDIR: ['it is a directory, not a file', 'mv PATH PATH.away  # then the same command again'],
  ELOOP: [
    'its symbolic links lead round in a circle',
    'namei -l PATH  # shows which; remove that link, then the same command again',
  ],
  EMFILE: ['this process has too many files open', 'ulimit -n 4096  # then the same command again'],
  ENFILE: [
    'this machine has too many files open',
    'end what holds them open (lsof), then the same command again',
  ],
  EIO: ['the disk reports an error', 'dmesg  # shows what the disk says; then the same command again'],
  ENAMETOOLONG: [
    'the name is too long for this file system',
    "shorten the environment's or the model's name",
  ],
};
