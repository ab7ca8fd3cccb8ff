import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore, type StorePlace, verifyStore } from '../../../src/store/embedded.ts';
import { R1, take } from '../../contract/store/samples.ts';

let directory: string;
let program: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mlreg-processes-'));
  program = join(directory, 'writer.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('./writer-process.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: program,
  });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Writer {
  readonly child: ChildProcess;
  readonly acknowledged: string[];
  /** Exit code or signal. */
  readonly ended: Promise<number | string | null>;
}

function startWriter(place: StorePlace, name: string, token: number, count: number): Writer {
  const child = spawn(process.execPath, [program, place.stateDir, name, String(token), String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: string[] = [];
  let rest = '';
  child.stdout.on('data', (text: Buffer) => {
    const lines = (rest + text.toString()).split('\n');
    rest = lines.pop() ?? '';
    acknowledged.push(...lines);
  });
  const ended = new Promise<number | string | null>((resolve) =>
    child.on('close', (code, signal) => resolve(code ?? signal)),
  );
  return { child, acknowledged, ended };
}

async function newPlace(name: string): Promise<{ place: StorePlace; token: number }> {
  const place = { stateDir: join(directory, name), environment: 'local', model: 'recs' };
  return { place, token: await take(openStore(place)) };
}

async function whys(place: StorePlace): Promise<string[]> {
  const journal = await openStore(place).journal(R1);
  expect(journal.map(({ seq }) => seq)).toEqual(journal.map((_, index) => index));
  return journal.flatMap((entry) => (entry.kind === 'held' ? [entry.why] : []));
}

describe('processes of the system', () => {
  it('append 4 times 100 entries at once: no gap, nothing lost', async () => {
    const { place, token } = await newPlace('four');
    const writers = ['a', 'b', 'c', 'd'].map((name) => startWriter(place, name, token, 100));
    expect(await Promise.all(writers.map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
    const names = await whys(place);
    expect(names).toHaveLength(400);
    expect(names.toSorted()).toEqual(writers.flatMap(({ acknowledged }) => acknowledged).toSorted());
    expect(await verifyStore(place)).toMatchObject({ records: 401, torn: 0 });
    expect(await verifyStore(place)).not.toHaveProperty('problem');
  });

  it('killed while writing leave all that they were told was written', async () => {
    const { place, token } = await newPlace('killed');
    const told: string[] = [];
    for (let round = 0; round < 5; round++) {
      const writers = ['a', 'b'].map((name) => startWriter(place, `${name}${round}`, token, 1_000_000));
      for (const { child, acknowledged, ended } of writers) {
        await expect
          .poll(() => acknowledged.length, { timeout: 100_000, interval: 5 })
          .toBeGreaterThan(round);
        child.kill('SIGKILL');
        expect(await ended).toBe('SIGKILL');
        told.push(...acknowledged);
      }
      expect(await whys(place)).toEqual(expect.arrayContaining(told));
    }
    expect(await verifyStore(place)).not.toHaveProperty('problem');
  });

  it('keep their file to their user', async () => {
    const { place } = await newPlace('modes');
    expect((await stat(place.stateDir)).mode & 0o777).toBe(0o700);
    expect((await stat((await verifyStore(place)).file)).mode & 0o777).toBe(0o600);
  });
});
