import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, table } from './machine.ts';

/** How long a command takes from start to end, beside Node alone; interleaved, so that a slow moment slows all. */
export function startup(root: string, rounds: number): string {
  const dir = mkdtempSync(join(tmpdir(), 'mlreg-bench-startup-'));
  const bin = join(root, 'bin/mlreg.js');
  const empty = join(dir, 'empty.mjs');
  writeFileSync(empty, '');
  writeFileSync(
    join(dir, 'mlreg.yaml'),
    JSON.stringify({ model: 'recommendation', defaultEnvironment: 'local', environments: { local: {} } }),
  );
  const run = (...args: string[]): void => {
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: dir, encoding: 'utf8' });
    if (status !== 0) throw new Error(`node ${args.join(' ')}: ${stderr}`);
  };
  try {
    run(bin, 'local', 'up', '--detach', '--control-port', '0', '--gateway-port', '0');
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ['node -e 0', ['-e', '0']],
      ['node empty.mjs', [empty]],
      ['mlreg --version', [bin, '--version']],
      ['mlreg --help', [bin, '--help']],
      ['mlreg status, local AWS', [bin, 'status']],
    ];
    const times = cases.map((): number[] => []);
    for (let round = -1; round < rounds; round++) {
      cases.forEach(([, args], i) => {
        const began = performance.now();
        run(...args);
        // The first round fills the caches of the disk.
        if (round >= 0) times[i]?.push(performance.now() - began);
      });
    }
    const bare = times[0] ?? [];
    const rows = cases.map(([name], i) => {
      const found = times[i] ?? [];
      return [
        name,
        Math.min(...found).toFixed(0),
        median(found).toFixed(0),
        (Math.min(...found) / Math.min(...bare)).toFixed(2),
        median(found.map((ms, round) => ms / (bare[round] ?? Number.NaN))).toFixed(2),
      ];
    });
    return table(['command', 'min ms', 'median ms', '× node -e 0, min', '× node -e 0, median'], rows);
  } finally {
    spawnSync(process.execPath, [bin, 'local', 'down'], { cwd: dir });
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
