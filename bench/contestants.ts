import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ended, pause, type Stack } from './stack.ts';

export interface Contestant {
  readonly name: string;
  readonly port: number;
  readonly path: string;
  /** Whose CPU is counted; undefined for none. */
  readonly pid: number | undefined;
}

export interface Contest {
  readonly contestants: readonly Contestant[];
  /** Why one is missing. */
  readonly skipped: readonly string[];
  end(): Promise<void>;
}

/** Everything that is compared, in front of the same model servers. */
export async function startContest(root: string, stack: Stack): Promise<Contest> {
  const children: ChildProcess[] = [];
  const dir = mkdtempSync(join(tmpdir(), 'mlreg-bench-nginx-'));
  const gatewayPort = Number(new URL(stack.gatewayUrl).port);
  const [champion] = stack.modelPorts;
  const contestants: Contestant[] = [
    { name: 'none: the model server itself', port: champion, path: '/invocations', pid: undefined },
  ];
  const skipped: string[] = [];

  if (spawnSync('nginx', ['-v']).status === 0) {
    const { child, port } = await startNginx(root, dir, stack.modelPorts);
    children.push(child);
    contestants.push({ name: 'nginx split_clients', port, path: '/', pid: child.pid });
  } else {
    skipped.push('nginx is not on the PATH: no comparison with it (apt-get install nginx-light)');
  }
  const echo = spawn(process.execPath, [join(root, 'bench/echo-server.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(echo);
  const echoPort = await new Promise<number>((resolve) =>
    echo.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))),
  );
  contestants.push(
    { name: 'node:http, no model', port: echoPort, path: '/', pid: echo.pid },
    { name: 'gateway + empty function, no model', port: gatewayPort, path: '/trivial', pid: stack.pid },
    { name: 'mlreg local, whole path', port: gatewayPort, path: '/recommend', pid: stack.pid },
  );
  return {
    contestants,
    skipped,
    async end() {
      await Promise.all(children.map(ended));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function startNginx(
  root: string,
  dir: string,
  [champion, challenger]: readonly [number, number],
): Promise<{ child: ChildProcess; port: number }> {
  const port = await freePort();
  mkdirSync(join(dir, 'body'), { recursive: true });
  const words: Record<string, string> = {
    PORT: String(port),
    CHAMPION: String(champion),
    CHALLENGER: String(challenger),
    DIR: dir,
  };
  const text = readFileSync(join(root, 'bench/nginx.conf'), 'utf8').replaceAll(
    /\b(PORT|CHAMPION|CHALLENGER|DIR)\b/g,
    (word) => words[word] ?? word,
  );
  const file = join(dir, 'nginx.conf');
  writeFileSync(file, text);
  const child = spawn('nginx', ['-p', dir, '-c', file], { stdio: ['ignore', 'ignore', 'inherit'] });
  for (let tries = 0; ; tries++) {
    const up = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '{}' }).then(
      (answer) => answer.ok,
      () => false,
    );
    if (up) return { child, port };
    if (tries > 100 || child.exitCode !== null) throw new Error('nginx did not start');
    await pause(50);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
