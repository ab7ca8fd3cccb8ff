import { execFileSync } from 'node:child_process';
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

/** Which children this daemon has, on disk, for the next daemon to find if this one is killed. */
export interface ChildRecords {
  add(pid: number, what: string): void;
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
    add(pid, what) {
      live.add(pid);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeFileSync(fileOf(pid), JSON.stringify({ pid, start: processStart(pid), what }));
    },
    remove(pid) {
      live.delete(pid);
      rmSync(fileOf(pid), { force: true });
    },
    endLive() {
      for (const pid of live) kill(pid);
    },
    endOrphans() {
      const ended: string[] = [];
      for (const name of namesIn(directory)) {
        const record = parseRecord(join(directory, name));
        if (record && record.start !== undefined && processStart(record.pid) === record.start) {
          kill(record.pid);
          ended.push(`${record.what} (pid ${record.pid})`);
        }
        rmSync(join(directory, name), { force: true });
      }
      return ended;
    },
  };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => /^\d+\.json$/.test(name));
  } catch {
    return [];
  }
}

function parseRecord(path: string): { pid: number; start: string | undefined; what: string } | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as {
      pid?: unknown;
      start?: unknown;
      what?: unknown;
    };
    if (typeof value.pid !== 'number' || !Number.isInteger(value.pid) || value.pid <= 1) return undefined;
    return {
      pid: value.pid,
      start: typeof value.start === 'string' ? value.start : undefined,
      what: typeof value.what === 'string' ? value.what : 'a model server',
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
