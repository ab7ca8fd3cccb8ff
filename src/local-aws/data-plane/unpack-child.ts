import { spawn } from 'node:child_process';
import { type Unpack, unpack } from './unpack.ts';

/** The word before the target directory, by which the daemon's program is told to unpack and end. */
export const unpackWord = 'unpack';

/**
 * Extracts archives in a process of their own: what one of them takes of memory and time, it does not take from users.
 * @param program the file whose process calls `unpackFromInput` where it gets `unpackWord`
 * @param withinMs the process is ended after so long
 */
export function unpackingIn(program: string, withinMs = 120_000): Unpack {
  return (archive, target) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, unpackWord, target], {
        stdio: ['pipe', 'ignore', 'pipe'],
        timeout: withinMs,
        killSignal: 'SIGKILL',
      });
      let why = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (why = (why + text).slice(0, 1_000)));
      child.once('error', reject);
      child.once('close', (code, signal) => {
        if (code === 0) return resolve();
        const ended = signal === null ? `ended with ${code}` : `was ended by ${signal}`;
        reject(
          new Error(
            why.trim() === '' ? `Model data could not be extracted: the process ${ended}` : why.trim(),
          ),
        );
      });
      // It may have refused the archive before it has read all of it.
      child.stdin.on('error', () => undefined);
      child.stdin.end(archive);
    });
}

/** What that process does: the archive from its standard input, and what is wrong with it to its standard error. */
export async function unpackFromInput(target: string): Promise<void> {
  try {
    const pieces: Buffer[] = [];
    for await (const piece of process.stdin) pieces.push(piece as Buffer);
    await unpack(Buffer.concat(pieces), target);
  } catch (error) {
    process.stderr.write(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
