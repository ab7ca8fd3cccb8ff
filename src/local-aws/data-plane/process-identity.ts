import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * When a process began, as text that is equal for the same process only; undefined where it isn't running.
 * A pid alone is given again to others; pid and start together are not.
 */
export function processStart(pid: number): string | undefined {
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
}

function startFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command's name stands in parentheses and may hold any character, so count from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Field 3 is the state, field 22 the start in clock ticks since boot.
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${bootId()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

let boot: string | undefined;
function bootId(): string {
  try {
    boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    boot = 'unknown';
  }
  return boot;
}

function startFromPs(pid: number): string | undefined {
  try {
    const environment = { PATH: '/bin:/usr/bin', LC_ALL: 'C' };
    const out = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: environment,
    });
    return out.trim() === '' ? undefined : out.trim();
  } catch {
    return undefined;
  }
}

/** In the environment of every process of a child's group: what tells it from others that have its number later. */
export const groupVariable = 'MLREG_LOCAL_SERVER';

/**
 * Which children this daemon has, on disk, for the next daemon to find if this one is killed. Each leads a process group,
 * and is ended with all of it.
 */
export interface ChildRecords {
  /** A new value for `groupVariable`. */
  mark(): string;
  add(pid: number, what: string, mark: string): void;
  remove(pid: number): void;
  /** SIGKILL for every child added and not removed. */
  endLive(): void;
  /** Ends every recorded process that still is the one recorded. @returns what was ended */
  endOrphans(): readonly string[];
}

export function createChildRecords(directory: string): ChildRecords {
  const fileOf = (pid: number): string => join(directory, `${pid}.json`);
  const live = new Set<number>();
  return {
    mark: () => randomUUID(),
    add(pid, what, mark) {
      live.add(pid);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeFileSync(fileOf(pid), JSON.stringify({ pid, start: processStart(pid), what, mark }));
    },
    remove(pid) {
      live.delete(pid);
      rmSync(fileOf(pid), { force: true });
    },
    endLive() {
      for (const pid of live) killGroup(pid);
    },
    endOrphans() {
      const ended: string[] = [];
      for (const name of namesIn(directory)) {
        const record = parseRecord(join(directory, name));
        if (record !== undefined) {
          const { pid, what } = record;
          if (record.start !== undefined && processStart(pid) === record.start) {
            killGroup(pid);
            kill(pid);
            ended.push(`${what} (pid ${pid})`);
          } else {
            const workers = membersOf(pid, record.mark);
            for (const worker of workers) kill(worker);
            if (workers.length > 0) ended.push(`${what} (pids ${workers.join(', ')})`);
          }
        }
        rmSync(join(directory, name), { force: true });
      }
      return ended;
    },
  };
}

/** Processes of a group whose leader is gone. Only Linux tells what a process's environment is. */
function membersOf(group: number, mark: string | undefined): readonly number[] {
  if (mark === undefined || process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return (
          fields[2] === String(group) &&
          readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${groupVariable}=${mark}`)
        );
      } catch {
        // Gone meanwhile, or somebody else's.
        return false;
      }
    });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => /^\d+\.json$/.test(name));
  } catch {
    return [];
  }
}

interface ChildRecord {
  readonly pid: number;
  readonly start: string | undefined;
  readonly what: string;
  /** Undefined in a record of an earlier mlreg. */
  readonly mark: string | undefined;
}

function parseRecord(path: string): ChildRecord | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as {
      pid?: unknown;
      start?: unknown;
      what?: unknown;
      mark?: unknown;
    };
    if (typeof value.pid !== 'number' || !Number.isInteger(value.pid) || value.pid <= 1) return undefined;
    return {
      pid: value.pid,
      start: typeof value.start === 'string' ? value.start : undefined,
      what: typeof value.what === 'string' ? value.what : 'a model server',
      mark: typeof value.mark === 'string' ? value.mark : undefined,
    };
  } catch {
    return undefined;
  }
}

/** SIGKILL, and no complaint where it is gone already. */
export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** SIGKILL for all of a process group, by its leader's pid. */
export function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    // EPERM: macOS says it of a group that has only ended processes left.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
