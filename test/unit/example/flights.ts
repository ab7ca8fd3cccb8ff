import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseTarGzip } from 'nanotar';

export const example = new URL('../../../examples/flights/', import.meta.url);

export const read = (file: string) => readFileSync(new URL(file, example));

/** One of the example's own modules; they are plain JavaScript. */
export const load = (file: string) => import(new URL(file, example).href);

export interface FlightRequest {
  readonly userId: string;
  readonly origin: string;
  readonly destinations: readonly string[];
  readonly date: string;
  readonly hour: number;
}

export const requests = (): FlightRequest[] =>
  read('requests.ndjson')
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

export const smoke = (): FlightRequest[] => JSON.parse(read('smoke.json').toString());

export const manifest = (): Record<
  string,
  { file: string; sha256: string; metrics: { auc: number; mae: number; logLoss: number; rows: number } }
> => JSON.parse(read('artifacts/manifest.json').toString());

/** The model.json that an artifact holds. */
export async function modelOf(version: string) {
  const files = await parseTarGzip(read(`artifacts/${version}.tar.gz`));
  return JSON.parse(files.find((file) => file.name === 'model.json')!.text);
}

export interface Served {
  readonly process: ChildProcess;
  readonly url: string;
  /** Resolves to the exit code, or to the signal that ended it. */
  readonly ended: Promise<number | string>;
  invoke(body: unknown): Promise<Response>;
}

/** Starts the model server on a free port, with a model in a folder that goes away with it. */
export async function serve(model: object): Promise<Served> {
  const { process, ended } = start(model);
  const lines = createInterface({ input: process.stdout! });
  const [line] = await Promise.race([
    once(lines, 'line') as Promise<[string]>,
    ended.then((code) => Promise.reject(new Error(`the server ended with ${code}`))),
  ]);
  const url = `http://127.0.0.1:${/:(\d+)$/.exec(line)?.[1]}`;
  const invoke = (body: unknown) =>
    fetch(`${url}/invocations`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return { process, url, ended, invoke };
}

/** As `serve`, but doesn't wait for it to listen. */
export function start(model: object): Pick<Served, 'process' | 'ended'> {
  const folder = mkdtempSync(join(tmpdir(), 'flights-'));
  writeFileSync(join(folder, 'model.json'), JSON.stringify(model));
  const server = spawn(process.execPath, [fileURLToPath(new URL('serve.mjs', example)), 'serve'], {
    env: { ...process.env, SM_MODEL_DIR: folder, SAGEMAKER_BIND_TO_PORT: '0' },
    stdio: 'pipe',
  });
  const ended = once(server, 'close').then(([code, signal]: unknown[]) => {
    rmSync(folder, { recursive: true, force: true });
    return (code ?? signal) as number | string;
  });
  return { process: server, ended };
}
