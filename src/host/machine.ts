import { hostname, userInfo } from 'node:os';
import { createAwsTime } from '../aws/aws-time.ts';
import type { Actor } from '../domain/journal.ts';
import { instant, rolloutId } from '../domain/units.ts';
import type { Clock, Ids } from '../ports/index.ts';

/** One for the whole process: what any client hears of AWS's time is true for all that reads or writes times. */
export const awsTime = createAwsTime({ wall: () => Date.now(), monotonic: () => performance.now() });

export const systemClock: Clock = {
  now: () => instant(awsTime.now()),
  sleepUntil: (at, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, Math.max(0, at - awsTime.now()));
      signal?.addEventListener('abort', end);
    }),
};

export const randomIds: Ids = {
  rolloutId: () => rolloutId(`r-${crypto().randomBytes(4).toString('hex')}`),
  salt: () => crypto().randomBytes(16).toString('base64url'),
  requestId: () => crypto().randomUUID(),
};

/** Loaded when it is needed: it is a tenth of what `--help` would take. */
const crypto = (): typeof import('node:crypto') => process.getBuiltinModule('node:crypto');

export function userName(): string {
  const given = process.env.MLREG_ACTOR ?? process.env.GITHUB_ACTOR;
  return given === undefined || given === '' ? userInfo().username : given;
}

export function isAlive(actor: Actor): 'alive' | 'dead' | 'unknown' {
  if (actor.host !== hostname()) return 'unknown';
  return isRunning(actor.pid) ? 'alive' : 'dead';
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export async function ask(question: string, signal?: AbortSignal): Promise<string | null> {
  if (process.stdin.isTTY !== true) return null;
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Ctrl-C at the question is a signal like any other.
    lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    return await lines.question(question, signal === undefined ? {} : { signal });
  } catch {
    return null;
  } finally {
    lines.close();
  }
}

/** One key, without Enter. Null where nobody can press one. */
export async function askKey(question: string, signal?: AbortSignal): Promise<string | null> {
  const { stdin } = process;
  if (stdin.isTTY !== true) return null;
  process.stderr.write(question);
  return new Promise((resolve) => {
    const end = (key: string | null): void => {
      stdin.off('data', pressed);
      signal?.removeEventListener('abort', gone);
      stdin.setRawMode(false);
      stdin.pause();
      process.stderr.write('\n');
      resolve(key);
    };
    const pressed = (data: Buffer): void => {
      // A raw terminal sends Ctrl-C as a character; it is a signal like any other all the same.
      if (data[0] === 3) process.kill(process.pid, 'SIGINT');
      else end(data.toString());
    };
    const gone = (): void => end(null);
    stdin.setRawMode(true);
    stdin.resume();
    stdin.on('data', pressed);
    signal?.addEventListener('abort', gone, { once: true });
  });
}
