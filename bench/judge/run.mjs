// npm run bench:judge [-- simulate|tables|speed ...]: bundles the benchmark of the judge, which is TypeScript, and runs it.
import { mkdtempSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const dir = mkdtempSync(join(tmpdir(), 'mlreg-bench-judge-'));
try {
  const outfile = join(dir, 'bench.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['bench/judge/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
    define: { BENCH_ROOT: JSON.stringify(root) },
  });
  const { status } = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
