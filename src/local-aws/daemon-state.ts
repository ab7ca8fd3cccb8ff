import { readFileSync } from 'node:fs';
import { writeWhole, writeWholeAsync } from './daemon-files.ts';
import type { LocalClock } from './seams.ts';

export interface StateFile {
  /** To be called after each change: the state is on disk at most `delayMs` and two writes later. */
  changed(): void;
  /** Changes so far. */
  count(): number;
  /** Writes at once what changed; resolves when it is on disk, or could not be written. */
  saved(): Promise<void>;
  /** Writes what isn't written yet, and takes no more changes. */
  close(): Promise<void>;
  /** As close, before this returns. For the moment before the process exits. */
  closeNow(): void;
}

/**
 * Keeps the account's state on disk: many changes make one write, never two at a time.
 * @param snapshot the state as it is now, all JSON values
 * @param failed told when writing stopped working (a full disk); it is tried again until it works
 */
export function createStateFile(options: {
  readonly path: string;
  readonly clock: LocalClock;
  readonly snapshot: () => unknown;
  readonly failed: (error: unknown) => void;
  readonly delayMs?: number;
}): StateFile {
  const { path, clock, delayMs = 50 } = options;
  let cancel: (() => void) | undefined;
  let writing: Promise<void> | undefined;
  let closed = false;
  let broken = false;
  let changes = 0;
  /** Changes that are on disk. */
  let written = 0;
  /** Changes that are on disk, or were tried in vain. */
  let tried = 0;

  const write = async (): Promise<void> => {
    const upTo = changes;
    try {
      await writeWholeAsync(path, JSON.stringify(options.snapshot()));
      written = upTo;
      broken = false;
    } catch (error) {
      if (!broken) options.failed(error);
      broken = true;
    }
    tried = upTo;
  };
  const begin = (): void => {
    cancel?.();
    cancel = undefined;
    writing = write().then(() => {
      writing = undefined;
      if (written < changes) schedule();
    });
  };
  const schedule = (): void => {
    if (!closed) cancel ??= clock.at(clock.now() + (broken ? retryMs : delayMs), begin);
  };

  return {
    changed() {
      changes++;
      if (!writing) schedule();
    },
    count: () => changes,
    async saved() {
      // A write that is under way may have begun before the change.
      for (const upTo = changes; tried < upTo && !closed; ) {
        if (!writing) begin();
        await writing;
      }
    },
    async close() {
      closed = true;
      cancel?.();
      await writing;
      if (written < changes) await write();
    },
    closeNow() {
      closed = true;
      cancel?.();
      if (written >= changes) return;
      writeWhole(path, JSON.stringify(options.snapshot()));
      written = changes;
    },
  };
}

/** A full disk is asked again, but not all the time. */
const retryMs = 1_000;

/**
 * @returns undefined where there is no state yet
 * @throws Error where there is one that isn't whole: to begin anew over it would lose it
 */
export function readState(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    // Reading a directory as a file is an error that names no path.
    throw Object.assign(error as Error, { path });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the state in ${path} can't be read: ${why}`, { cause });
  }
}
