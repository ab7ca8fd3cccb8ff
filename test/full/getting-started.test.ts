import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fencesOf, root, textOf } from '../support/pages.ts';

const page = fencesOf(textOf('docs/getting-started.md'));
const commands = (word: string): readonly string[] =>
  page.filter(({ language, words }) => language === 'sh' && words.includes(word)).map(({ text }) => text);
/** Lines that the page says one will see; … stands for what differs from run to run. */
const expected = page
  .filter(({ words }) => words.includes('expect'))
  .flatMap(({ text }) => text.trim().split('\n'));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The page's shell lines, in a folder of their own that has a clone of mlreg beside it. @returns all they print */
async function typed(blocks: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  const place = mkdtempSync(join(tmpdir(), 'mlreg-getting-started-'));
  symlinkSync(root, join(place, 'mlreg'));
  // On the page the ports are the usual ones, which others may use here.
  const [control, gateway] = [await freePort(), await freePort()];
  const script = ['set -euo pipefail', ...blocks]
    .join('\n')
    .replaceAll('local up --detach', `local up --detach --control-port ${control} --gateway-port ${gateway}`)
    .replaceAll(':8080/', `:${gateway}/`);
  const child = spawn('bash', ['-c', script], {
    cwd: place,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    const mlreg = join(root, 'bin/mlreg.js');
    spawnSync(process.execPath, [mlreg, 'local', 'down'], { cwd: join(place, 'fraud') });
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // All have ended.
    }
    rmSync(place, { recursive: true, force: true });
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number>((resolve) => child.once('exit', (status) => resolve(status ?? -1)));
  return { code, output };
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

describe('docs/getting-started.md', () => {
  it('shows what its commands print', async () => {
    const { code, output } = await typed(commands('run'));
    expect(code, output).toBe(0);
    expect(expected.length).toBeGreaterThan(5);
    for (const line of expected)
      expect(output).toMatch(new RegExp(`^${line.split('…').map(escaped).join('.*')}`, 'm'));
  });

  const hasPython = spawnSync('python3', ['--version']).status === 0;
  it.skipIf(!hasPython)('has a model server in Python that serves', async () => {
    const run = commands('run');
    const first = run.findIndex((text) => text.includes('mlreg local up'));
    const { code, output } = await typed([
      ...run.slice(0, first),
      ...commands('python'),
      run[first] ?? '',
      'npx mlreg local down',
    ]);
    expect(code, output).toBe(0);
    expect(output).toContain('{"risk": 0.08, "model": "v1"}');
  });
});
