import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';

export type Moto =
  | { readonly kind: 'up'; readonly url: string; stop(): Promise<void> }
  | { readonly kind: 'absent'; readonly why: string };

const program = 'moto_server';

/** Starts moto_server, somebody else's idea of AWS, on a free port of this machine. */
export async function startMoto(settings: Readonly<Record<string, string>> = {}): Promise<Moto> {
  if (!onPath(program)) return { kind: 'absent', why: 'moto_server is not on the PATH' };
  const port = await freePort();
  const child = spawn(program, ['-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
    env: { ...process.env, ...settings },
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const url = `http://127.0.0.1:${port}`;
  const up = await answers(child, url);
  process.once('exit', () => child.kill());
  const stop = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  if (up) return { kind: 'up', url, stop };
  await stop();
  return { kind: 'absent', why: `moto_server did not start (exit code ${child.exitCode ?? 'none'})` };
}

function onPath(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(child: ChildProcess, url: string): Promise<boolean> {
  const until = Date.now() + 30_000;
  while (child.exitCode === null && child.pid !== undefined && Date.now() < until) {
    try {
      if ((await fetch(`${url}/moto-api/data.json`)).ok) return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return false;
}
