// docs/dashboard-*.png: what the dashboard looks like, from rollouts that really ran. Needs Chromium.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'full', 'test/full/screenshots.test.ts'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, MLREG_SCREENSHOTS: 'docs' },
});
process.exitCode = status ?? 1;
