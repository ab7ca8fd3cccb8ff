import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  claimStateDir,
  type DaemonRecord,
  readDaemonRecord,
  writeDaemonRecord,
} from '../../../../src/local-aws/daemon-files.ts';
import { createStateFile, readState } from '../../../../src/local-aws/daemon-state.ts';
import { processStart } from '../../../../src/local-aws/data-plane/process-identity.ts';
import { manualClock } from './manual-clock.ts';
import { waitFor } from '../../../support/wait-for.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mlreg-state-'));
  path = join(directory, 'state.json');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('the state file', () => {
  const setUp = () => {
    const clock = manualClock();
    const state = { n: 0 };
    const failures: unknown[] = [];
    const file = createStateFile({
      path,
      clock,
      snapshot: () => ({ ...state }),
      failed: (error) => failures.push(error),
    });
    const set = (n: number): void => {
      state.n = n;
      file.changed();
    };
    return { clock, file, set, failures };
  };

  it('writes many changes once, 50 ms after the first', async () => {
    const { clock, set } = setUp();
    set(1);
    await clock.advance(30);
    set(2);
    await clock.advance(19);
    expect(readState(path)).toBeUndefined();
    await clock.advance(1);
    await waitFor(() => expect(readState(path)).toEqual({ n: 2 }));
    expect(clock.pending()).toBe(0);
    expect(readdirSync(directory)).toEqual(['state.json']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('writes what changed during a write', async () => {
    const { clock, set } = setUp();
    set(1);
    await clock.advance(50);
    set(2);
    await waitFor(() => expect(clock.pending()).toBe(1));
    await clock.advance(50);
    await waitFor(() => expect(readState(path)).toEqual({ n: 2 }));
  });

  it('writes at once for who waits, changes during a write included', async () => {
    const { clock, file, set } = setUp();
    set(1);
    const first = file.saved();
    set(2);
    await file.saved();
    expect(readState(path)).toEqual({ n: 2 });
    await first;
    expect(file.count()).toBe(2);
    await file.saved();
    expect(clock.pending()).toBe(0);
  });

  it('writes what is left when it is closed, and nothing after', async () => {
    const { clock, file, set } = setUp();
    set(1);
    await file.close();
    expect(readState(path)).toEqual({ n: 1 });
    set(2);
    await clock.advance(100);
    expect(readState(path)).toEqual({ n: 1 });
  });

  it('writes at once where the process must leave', () => {
    const { file, set } = setUp();
    set(3);
    file.closeNow();
    expect(readState(path)).toEqual({ n: 3 });
    rmSync(path);
    file.closeNow();
    expect(readState(path)).toBeUndefined();
  });

  it('tells once that it can’t write, holds up nobody, and goes on trying', async () => {
    const { clock, file, set, failures } = setUp();
    mkdirSync(`${path}.part`);
    set(1);
    await file.saved();
    set(2);
    await file.saved();
    expect(failures).toHaveLength(1);
    rmSync(`${path}.part`, { recursive: true });
    await clock.advance(1_000);
    await waitFor(() => expect(readState(path)).toEqual({ n: 2 }));
    expect(clock.pending()).toBe(0);
  });

  it('is not begun anew over one that is damaged', () => {
    writeFileSync(path, '{"format":1,"sta');
    expect(() => readState(path)).toThrow(/can't be read/);
    expect(readFileSync(path, 'utf8')).toBe('{"format":1,"sta');
  });
});

describe('the state directory', () => {
  const lock = (): string => join(directory, 'daemon.lock');

  it('belongs to one daemon at a time', () => {
    const release = claimStateDir(directory);
    expect(() => claimStateDir(directory)).toThrow(`already runs on ${directory} (pid ${process.pid})`);
    release();
    claimStateDir(directory)();
    expect(readdirSync(directory)).toEqual([]);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it.each([
    ['a process that is gone', { pid: 2 ** 22 + 1, startTime: 'x' }],
    ['another process with its pid', { pid: process.pid, startTime: 'another time' }],
    ['nobody', 'half a rec'],
  ])('is taken over from %s', (_case, holder) => {
    writeFileSync(lock(), JSON.stringify(holder));
    claimStateDir(directory)();
  });

  it('tells of a daemon only while it lives', () => {
    const record: DaemonRecord = {
      pid: process.pid,
      startTime: processStart(process.pid) ?? '',
      controlUrl: 'http://127.0.0.1:1',
      gatewayUrl: 'http://127.0.0.1:2',
      sessionToken: 'secret',
      region: 'us-east-1',
      accountId: '000000000000',
      functionName: 'f',
      apiId: 'a',
      stage: '$default',
      topicArn: 't',
    };
    expect(readDaemonRecord(directory)).toBeUndefined();
    writeDaemonRecord(directory, record);
    expect(readDaemonRecord(directory)).toEqual(record);
    expect(statSync(join(directory, 'daemon.json')).mode & 0o777).toBe(0o600);
    writeDaemonRecord(directory, { ...record, startTime: 'another time' });
    expect(readDaemonRecord(directory)).toBeUndefined();
  });
});
