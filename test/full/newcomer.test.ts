import { execFileSync, type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from '../support/e2e.ts';
import { packInto } from '../support/packed.ts';
import { packTemplate } from '../support/newcomer.ts';
import { hasPython } from '../support/python.ts';

/** Nothing but an empty folder, whose path has a space, and the packed tarball. */
const dir = join(mkdtempSync(join(tmpdir(), 'mlreg-newcomer-')), 'my model');
let users: ChildProcess | undefined;

const mlreg = join(dir, 'node_modules/.bin/mlreg');
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(MLREG_|AWS_|GITHUB_|CI$|VITEST)/.test(name)),
);
const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, [mlreg, ...args], { cwd: dir, encoding: 'utf8', env: environment });
const succeeds = (...args: readonly string[]) => {
  const { status, stdout, stderr } = run(...args);
  expect([args.join(' '), status, status === 0 ? '' : stdout + stderr]).toEqual([args.join(' '), 0, '']);
  return { stdout, stderr };
};

afterAll(() => {
  users?.kill();
  run('local', 'down');
  rmSync(join(dir, '..'), { recursive: true, force: true, maxRetries: 5 });
});

describe.skipIf(!hasPython)('a newcomer with a model in Python', () => {
  it('installs mlreg, rolls out a first version, and a broken second one is rolled back', () => {
    const begun = performance.now();
    const took = (what: string): void =>
      console.log(`newcomer: ${what} after ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
    const tarball = packInto(dir);
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', tarball], {
      cwd: dir,
      env: { ...environment, npm_config_offline: 'true' },
    });
    took('installed');

    const { stdout: next } = succeeds('init', '--template', 'python', '--model-name', 'shop');
    expect(next).toContain('tar -czf v1.tar.gz -C model model.json');
    packTemplate(dir);
    succeeds('local', 'up', '--detach', '--control-port', '0', '--gateway-port', '0');
    succeeds('register', 'v1', '--artifact', 'v1.tar.gz');
    expect(succeeds('deploy', '--model-version', 'v1').stderr).toContain('smoke requests passed');
    took('first version served');

    users = spawn(process.execPath, [mlreg, 'local', 'traffic', '--rate', '30', '--for', '30m'], {
      cwd: dir,
      stdio: 'ignore',
      env: environment,
    });
    succeeds('register', 'v2', '--artifact', 'v2.tar.gz');
    const broken = run('deploy', '--model-version', 'v2');
    expect([broken.status, broken.stdout]).toEqual([3, expect.stringContaining('v1 serves 100 %')]);
    expect(broken.stderr).toContain('POST /invocations answered 500: {"error": "KeyError: \'weight\'"}');
    took('broken version rolled back');

    const { stdout: log } = succeeds('logs', 'v2');
    expect(log).toContain("KeyError: 'weight'");
    expect(log).toContain('model broken on 127.0.0.1');
    expect(succeeds('status').stdout).toContain('v1');
    succeeds('report', '--html', 'report.html');
    took('log and report read');

    execFileSync('git', ['init', '--quiet'], { cwd: dir });
    const untracked = execFileSync(
      'git',
      ['status', '--short', '--untracked-files=all', '--', ':!node_modules'],
      {
        cwd: dir,
        encoding: 'utf8',
      },
    );
    expect(untracked).toContain('serve.py');
    expect(untracked).not.toContain('.mlreg');

    users.kill();
    succeeds('local', 'down');
    const left = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout;
    expect(left.split('\n').filter((line) => line.includes('serve.py') && line.includes(dir))).toEqual([]);
    took('stopped');
  });
});
