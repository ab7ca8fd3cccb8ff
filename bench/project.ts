import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ended, pause } from './stack.ts';

export interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

/** The built program in a directory of its own, with the example's model and AWS on this machine. */
export interface Project {
  readonly gatewayUrl: string;
  readonly daemonPid: number;
  /** @returns stdout @throws Error where it doesn't exit 0 */
  run(...args: string[]): string;
  start(...args: string[]): ChildProcess;
  /** After garbage collection. */
  memoryOf(pid: number): Promise<Memory>;
  end(): Promise<void>;
}

/** v2.2.0 is champion; `local` goes under `environments.local`. */
export async function startProject(
  root: string,
  local: { readonly sagemaker?: object; readonly [setting: string]: unknown },
): Promise<Project> {
  const dir = mkdtempSync(join(tmpdir(), 'mlreg-bench-project-'));
  const bin = join(root, 'bin/mlreg.js');
  const flights = join(root, 'examples/flights');
  const probe = join(root, 'bench/memory-probe.cjs');
  const env = { ...process.env, NODE_OPTIONS: `--require ${probe}`, MLREG_BENCH_MEMORY: dir };
  const children: ChildProcess[] = [];
  const run = (...args: string[]): string => {
    const { status, stderr, stdout } = spawnSync(process.execPath, [bin, ...args], {
      cwd: dir,
      env,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`mlreg ${args.join(' ')}: exit code ${status}: ${stderr}`);
    return stdout;
  };
  const end = async (): Promise<void> => {
    for (const child of children) await ended(child);
    spawnSync(process.execPath, [bin, 'local', 'down'], { cwd: dir });
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  writeFileSync(
    join(dir, 'mlreg.yaml'),
    JSON.stringify({
      model: 'recommendation',
      defaultEnvironment: 'local',
      environments: {
        local: {
          ...local,
          sagemaker: { image: `local://${join(flights, 'serve.mjs')}`, ...local.sagemaker },
        },
      },
    }),
  );
  try {
    const up = run('local', 'up', '--detach', '--control-port', '0', '--gateway-port', '0', '-o', 'json');
    const { gatewayUrl, pid } = JSON.parse(up) as { gatewayUrl: string; pid: number };
    for (const version of ['v2.2.0', 'v2.3.0', 'v2.4.0'])
      run('register', version, '--artifact', join(flights, `artifacts/${version}.tar.gz`));
    run('deploy', '--model-version', 'v2.2.0');
    return {
      gatewayUrl,
      daemonPid: pid,
      run,
      start(...args) {
        const child = spawn(process.execPath, [bin, ...args], {
          cwd: dir,
          env,
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        children.push(child);
        return child;
      },
      async memoryOf(memoryPid) {
        const file = join(dir, `${memoryPid}.json`);
        rmSync(file, { force: true });
        process.kill(memoryPid, 'SIGUSR2');
        for (let waits = 0; !existsSync(file); waits++) {
          if (waits > 200) throw new Error(`process ${memoryPid} does not tell its memory`);
          await pause(50);
        }
        return JSON.parse(readFileSync(file, 'utf8')) as Memory;
      },
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** One line each, as people made them: the example's own requests. */
export function requestsOf(root: string): readonly string[] {
  const text = readFileSync(join(root, 'examples/flights/requests.ndjson'), 'utf8');
  return text.split('\n').filter((line) => line !== '');
}
