import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closedLoop } from './closed-loop.ts';
import { table } from './machine.ts';
import { ended, pause, startStack } from './stack.ts';

const probed = (root: string): string[] => ['--expose-gc', '--require', join(root, 'bench/memory-probe.cjs')];

/** Resident set and heap, after a collection, of the daemon before and after traffic, and of a `deploy` that bakes. */
export async function memory(root: string): Promise<string> {
  const rows: string[][] = [];
  const add = async (name: string, child: ChildProcess): Promise<void> => {
    const told = new Promise<{ rss: number; heapUsed: number; external: number }>((resolve) => {
      const listen = (message: { kind?: string }): void => {
        if (message.kind !== 'memory') return;
        child.off('message', listen);
        resolve(message as never);
      };
      child.on('message', listen);
    });
    child.send('memory');
    const { rss, heapUsed, external } = await told;
    rows.push([name, ...[rss, heapUsed, external].map((bytes) => (bytes / 2 ** 20).toFixed(0))]);
  };

  const stack = await startStack(root, probed(root));
  try {
    await add('daemon, two endpoints, idle', stack.child);
    const port = Number(new URL(stack.gatewayUrl).port);
    const bodies = ['{"userId":"user-1"}'];
    await closedLoop({ port, path: '/recommend', connections: 16, seconds: 15, bodies });
    await add('daemon, after 15 s of all the traffic it can take', stack.child);
  } finally {
    await stack.end();
  }
  await withDeploy(root, (child) => add('mlreg deploy, 10 s into its bake', child));
  return table(['process', 'RSS MB', 'heap MB', 'external MB'], rows);
}

/** A canary under way, against local AWS with the example's model. */
async function withDeploy(root: string, look: (deploy: ChildProcess) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'mlreg-bench-memory-'));
  const bin = join(root, 'bin/mlreg.js');
  const flights = join(root, 'examples/flights');
  const run = (...args: string[]): void => {
    const { status, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: dir, encoding: 'utf8' });
    if (status !== 0) throw new Error(`mlreg ${args.join(' ')}: ${stderr}`);
  };
  writeFileSync(
    join(dir, 'mlreg.yaml'),
    JSON.stringify({
      model: 'recommendation',
      defaultEnvironment: 'local',
      environments: {
        local: {
          sagemaker: { image: `local://${join(flights, 'serve.mjs')}` },
          strategies: { canary: { steps: [10], bake: '10m', tick: '1s' } },
        },
      },
    }),
  );
  let deploy: ChildProcess | undefined;
  try {
    run('local', 'up', '--detach', '--control-port', '0', '--gateway-port', '0');
    for (const version of ['v2.2.0', 'v2.3.0'])
      run('register', version, '--artifact', join(flights, `artifacts/${version}.tar.gz`));
    run('deploy', '--model-version', 'v2.2.0');
    deploy = spawn(process.execPath, [...probed(root), bin, 'deploy', '--model-version', 'v2.3.0'], {
      cwd: dir,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    await pause(20_000);
    await look(deploy);
  } finally {
    if (deploy) await ended(deploy);
    spawnSync(process.execPath, [bin, 'local', 'down'], { cwd: dir });
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
