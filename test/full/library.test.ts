import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/e2e.ts';
import { packInto } from '../support/packed.ts';
import { fencesOf, textOf } from '../support/pages.ts';

/** An empty folder with the packed tarball installed, as a program that embeds mlreg has it. */
const dir = join(mkdtempSync(join(tmpdir(), 'mlreg-library-')), 'fraud');
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(MLREG_|AWS_|GITHUB_|CI$|VITEST)/.test(name)),
);
let users: ChildProcess | undefined;

const mlreg = (...args: readonly string[]) =>
  spawnSync(process.execPath, [join(dir, 'node_modules/.bin/mlreg'), ...args], {
    cwd: dir,
    encoding: 'utf8',
    env: environment,
  });
const succeeds = (...args: readonly string[]): void => {
  const { status, stdout, stderr } = mlreg(...args);
  expect([args.join(' '), status, status === 0 ? '' : stdout + stderr]).toEqual([args.join(' '), 0, '']);
};
/** The compiler of this repository, on the consumer's own settings. */
const compile = () =>
  spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--project', dir], {
    cwd: dir,
    encoding: 'utf8',
  });

beforeAll(() => {
  const tarball = packInto(dir);
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'fraud', type: 'module' }));
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', tarball], {
    cwd: dir,
    env: { ...environment, npm_config_offline: 'true' },
  });
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    module: 'nodenext',
    target: 'es2023',
    typeRoots: [join(root, 'node_modules/@types')],
    types: ['node'],
    noEmitOnError: true,
  };
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
});

afterAll(() => {
  users?.kill();
  mlreg('local', 'down');
  rmSync(join(dir, '..'), { recursive: true, force: true, maxRetries: 5 });
});

describe('a program in TypeScript that embeds the packed mlreg', () => {
  const [program = ''] = fencesOf(textOf('docs/library.md'))
    .filter(({ language, words }) => language === 'ts' && words.includes('run'))
    .map(({ text }) => text);

  it('is refused by the compiler where it is wrong', () => {
    writeFileSync(
      join(dir, 'wrong.ts'),
      "import { connect, plan } from 'mlreg';\nawait plan(await connect(), { modelVersion: 2 });\n",
    );
    const { status, stdout } = compile();
    rmSync(join(dir, 'wrong.ts'));
    expect(status).not.toBe(0);
    expect(stdout).toContain(
      "wrong.ts(2,31): error TS2322: Type 'number' is not assignable to type 'string'",
    );
  });

  it('compiles under strict, and rolls out and back on the local emulator', () => {
    writeFileSync(join(dir, 'rollout.ts'), program);
    const compiled = compile();
    expect([compiled.status, compiled.stdout]).toEqual([0, '']);

    const shell = fencesOf(textOf('docs/getting-started.md'))
      .filter(({ language, words }) => language === 'sh' && words.includes('run'))
      .map(({ text }) => text);
    // From the model server to mlreg.yaml; what comes before installs, and what comes after starts.
    const begin = shell.findIndex((text) => text.includes('serve.mjs'));
    const end = shell.findIndex((text) => text.includes('mlreg local up'));
    const requests = shell.find((text) => text.includes('requests.ndjson'))?.split('\nnpx ')[0] ?? '';
    execFileSync('bash', ['-euc', [...shell.slice(begin, end), requests].join('\n')], { cwd: dir });
    succeeds('local', 'up', '--detach', '--control-port', '0', '--gateway-port', '0');
    succeeds('register', 'v1', '--artifact', 'v1.tar.gz');
    succeeds('deploy', '--model-version', 'v1');
    succeeds('register', 'v2', '--artifact', 'v2.tar.gz');
    const traffic = ['local', 'traffic', '--rate', '30', '--for', '30m', '--requests', 'requests.ndjson'];
    users = spawn(process.execPath, [join(dir, 'node_modules/.bin/mlreg'), ...traffic], {
      cwd: dir,
      stdio: 'ignore',
      env: environment,
    });

    const { status, stdout, stderr } = spawnSync(process.execPath, ['rollout.js'], {
      cwd: dir,
      encoding: 'utf8',
      env: environment,
    });
    expect([status, status === 0 ? '' : stdout + stderr]).toEqual([0, '']);
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('canary v1 -> v2');
    expect(lines).toContainEqual(
      expect.stringMatching(/^rollout\.start canary v1 -> v2 in local, rollout r-/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^promoted: v2 serves 100 %/));
    expect(lines).toContainEqual(expect.stringMatching(/^champion: v2 100 % of users get v2/));
    expect(lines).toContain('moved back: true v1');
  });
});
