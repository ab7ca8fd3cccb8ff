import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';

/** Longer lines are cut where they are shown. */
const longestLine = 16 * 1024;
/** A file that has grown to this begins anew; the one before it stays beside it as `.1`. */
const fileAtMost = 5 * 1024 * 1024;

/**
 * Keeps what a model server prints: as it is in a file of bounded size, and line by line for whoever wants to know. A disk
 * that is full loses output, and stops no server.
 */
export function keepOutput(
  streams: readonly (Readable | null)[],
  { file, print }: { readonly file: string; readonly print: (lines: readonly string[]) => void },
): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const log = boundedFile(file);
  let open = 0;
  for (const stream of streams) {
    if (stream === null) continue;
    open++;
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      log.write(text);
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? '';
      if (rest.length > longestLine) {
        lines.push(rest);
        rest = '';
      }
      if (lines.length > 0) print(lines.map((line) => line.slice(0, longestLine)));
    });
    stream.on('error', () => undefined);
    stream.once('close', () => {
      if (rest !== '') print([rest]);
      if (--open === 0) log.close();
    });
    // A process that left its group may hold the pipe for as long as it likes.
    (stream as { unref?: () => void }).unref?.();
  }
}

function boundedFile(path: string): { write(text: string): void; close(): void } {
  const openEnd = (): number => openSync(path, 'a', 0o600);
  let descriptor = openEnd();
  let size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return {
    write(text) {
      try {
        if (size > fileAtMost) {
          closeSync(descriptor);
          renameSync(path, `${path}.1`);
          descriptor = openEnd();
          size = 0;
        }
        size += writeSync(descriptor, text);
      } catch {
        // Output is lost, as said above.
      }
    },
    close: () => closeSync(descriptor),
  };
}
