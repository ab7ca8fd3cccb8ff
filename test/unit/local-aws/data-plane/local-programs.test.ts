import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localImage } from '../../../../src/config/local-image.ts';
import { systemClock } from '../../../../src/local-aws/daemon-clock.ts';
import {
  createContainerRuntime,
  type LocalContainerRuntime,
} from '../../../../src/local-aws/data-plane/containers.ts';
import { findProgram, WrongImage } from '../../../../src/local-aws/data-plane/local-image.ts';
import {
  createChildRecords,
  groupVariable,
  processStart,
} from '../../../../src/local-aws/data-plane/process-identity.ts';
import { hasPython } from '../../../support/python.ts';
import { waitFor } from '../../../support/wait-for.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures');
let directory: string;

beforeEach(() => {
  // Spaces, a percent sign and letters beyond ASCII, as people's folders have them.
  directory = join(mkdtempSync(join(tmpdir(), 'mlreg-programs-')), 'my 100% mödels');
  mkdirSync(directory);
});
afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

const image = (text: string): string => localImage(text, directory) ?? '';
const machine = { path: process.env['PATH'] ?? '', node: process.execPath };
const find = (text: string, over: Partial<typeof machine> = {}) =>
  findProgram(image(text), { ...machine, ...over });

describe('what an image runs', () => {
  beforeEach(() => {
    for (const name of ['serve.mjs', 'serve.py', "it's one.py"]) writeFileSync(join(directory, name), '');
    writeFileSync(join(directory, 'serve'), `#!${process.execPath}\n`, { mode: 0o755 });
  });

  it('is one word without spaces, as SageMaker demands of an image', () => {
    expect(image(`local://node "it's one.py" a\\ b`)).toMatch(/^local:\/\/\/\S+$/);
  });

  it.each([
    ['a JavaScript file', 'local://./serve.mjs', ['serve.mjs', 'serve']],
    ['a JavaScript file by its name', 'local://serve.mjs', ['serve.mjs', 'serve']],
  ])('%s runs on this Node, with `serve` as in a container', (_case, text, [file = '', ...more]) => {
    expect(find(text)).toEqual({
      file: process.execPath,
      args: [join(directory, file), ...more],
      cwd: directory,
    });
  });

  it.each([
    ['an executable', 'local://./serve --threads 4', 'serve', ['--threads', '4']],
    [
      'an executable whose arguments are quoted',
      `local://./serve 'a b' "c d" e\\ f ""`,
      'serve',
      ['a b', 'c d', 'e f', ''],
    ],
    [
      'what a shell would expand',
      'local://./serve $(id) `id` $HOME * ; rm',
      'serve',
      ['$(id)', '`id`', '$HOME', '*', ';', 'rm'],
    ],
  ])('%s gets its arguments as written', (_case, text, file, args) => {
    expect(find(text)).toEqual({ file: join(directory, file), args, cwd: directory });
  });

  it('an interpreter is found in PATH and runs in the folder of mlreg.yaml', () => {
    const bin = join(directory, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'python3'), '', { mode: 0o755 });
    const found = find(`local://python3 "it's one.py" --debug`, { path: `/nowhere:${bin}` });
    expect(found).toEqual({ file: join(bin, 'python3'), args: ["it's one.py", '--debug'], cwd: directory });
  });

  it('node is the Node that runs mlreg where PATH has none', () => {
    expect(find('local://node serve.mjs', { path: '/nowhere' }).file).toBe(process.execPath);
  });
});

describe('an image that can not run says what was looked for and where', () => {
  beforeEach(() => {
    writeFileSync(join(directory, 'serve.py'), 'print()');
    writeFileSync(join(directory, 'plain'), 'hello');
    chmodSync(join(directory, 'plain'), 0o755);
    writeFileSync(join(directory, 'lost.sh'), '#!/nowhere/sh\n', { mode: 0o755 });
    writeFileSync(join(directory, 'env.sh'), '#!/usr/bin/env nosuchprogram\n', { mode: 0o755 });
  });

  it.each([
    ['a missing file', 'local://./serve.mjs', /there is no file .*mödels\/serve\.mjs/],
    ['a folder', 'local://../x.mjs', /there is no file/],
    ['a missing executable', 'local://./serve', /there is no file .*mödels\/serve/],
    ['a file without the executable bit', 'local://./serve.py', /serve\.py is not executable/],
    [
      'a missing interpreter',
      'local://python9 serve.py',
      /there is no program python9 in PATH \(\/bin, \/usr\/bin\)/,
    ],
    [
      'a missing script',
      'local://node gone.js',
      /node is to run gone\.js, and there is no file .*mödels\/gone\.js/,
    ],
    ['a script whose interpreter is missing', 'local://./lost.sh', /names the interpreter \/nowhere\/sh/],
    [
      'a script whose interpreter env does not find',
      'local://./env.sh',
      /there is no program nosuchprogram in PATH/,
    ],
    ['text without a first line', 'local://./plain', /without a #! line/],
    ['a file beside mlreg.yaml written as a program', 'local://plain', /there is no program plain in PATH/],
  ])('%s', (_case, text, message) => {
    expect(() => find(text, { path: '/bin:/usr/bin' })).toThrow(message);
    expect(() => find(text, { path: '/bin:/usr/bin' })).toThrow(WrongImage);
  });

  it.each([
    ['local://./serve.py', /write local:\/\/python3 \.\/serve\.py, or chmod \+x/],
    ['local://plain', /write local:\/\/\.\/plain/],
  ])('and what to write instead of %s', (text, fix) => {
    let found: unknown;
    try {
      find(text);
    } catch (error) {
      found = error;
    }
    expect((found as WrongImage).fix).toMatch(fix);
  });
});

describe.skipIf(!hasPython)('a model server in Python that forks a worker', () => {
  const settings = { startTimeoutMs: 60_000, pingEveryMs: 10, stopGraceMs: 5_000, restartsAtMost: 0 };
  let runtime: LocalContainerRuntime;
  let stateDir: string;
  const printed: string[] = [];

  beforeEach(() => {
    cpSync(join(fixtures, 'forking_server.py'), join(directory, 'forking server.py'));
    stateDir = join(directory, 'state');
    printed.length = 0;
    runtime = createContainerRuntime({
      stateDir,
      clock: systemClock,
      settings,
      print: (endpoint, lines) => void printed.push(...lines.map((line) => `${endpoint} ${line}`)),
    });
  });
  afterEach(() => runtime.stopAll());

  const start = () =>
    runtime.start({
      endpointName: 'rec-v1',
      variantName: 'AllTraffic',
      image: image("local://python3 'forking server.py' --port {port}"),
      modelDataUrl: undefined,
      environment: {},
      memoryMb: 1024,
      maxConcurrency: 5,
    });
  const request = (body: string) => ({
    body: Buffer.from(body),
    contentType: 'application/json',
    accept: '*/*',
    customAttributes: undefined,
  });
  const ask = async (container: Awaited<ReturnType<typeof start>>) => {
    const { body } = await container.invoke(request('{"a":1}'));
    return JSON.parse(Buffer.from(body).toString()) as {
      worker: number;
      arguments: string[];
      folder: string;
    };
  };

  it('runs in its folder, with its port in its arguments, and what it prints is kept', async () => {
    const answer = await ask(await start());
    expect(answer).toMatchObject({
      folder: directory,
      arguments: ['--port', String(runtime.list()[0]?.port)],
    });
    await waitFor(() => expect(printed).toContain('rec-v1 asked: {"a":1}'));
    expect(readFileSync(join(stateDir, 'logs/rec-v1-AllTraffic.log'), 'utf8')).toContain('asked: {"a":1}');
  });

  it('leaves no worker behind when it is stopped', async () => {
    const container = await start();
    const { worker } = await ask(container);
    expect(processStart(worker)).toBeDefined();
    await container.stop();
    await waitFor(() => expect(processStart(worker)).toBeUndefined());
  });

  it('leaves no worker behind when it dies', async () => {
    const container = await start();
    const { worker } = await ask(container);
    await expect(container.invoke(request('die'))).rejects.toThrow(/broke off/);
    await waitFor(() => expect(processStart(worker)).toBeUndefined());
  });

  it('leaves no worker behind when the emulator was killed, and its leader lives', async () => {
    const container = await start();
    const { worker } = await ask(container);
    const pid = runtime.list()[0]?.pid ?? 0;
    const other = createContainerRuntime({ stateDir, clock: systemClock, settings });
    expect(other.endOrphans()).toEqual([`rec-v1/AllTraffic (pid ${pid})`]);
    await waitFor(() => expect(processStart(worker)).toBeUndefined());
    expect(readdirSync(join(stateDir, 'children'))).toEqual([]);
  });

  it.runIf(process.platform === 'linux')(
    'leaves no worker behind when the emulator was killed and its leader with it',
    async () => {
      const workerFile = join(directory, 'worker');
      const leader = spawn('python3', [join(fixtures, 'forking_server.py')], {
        detached: true,
        stdio: 'ignore',
        env: {
          ...process.env,
          SAGEMAKER_BIND_TO_PORT: '0',
          WORKER_FILE: workerFile,
          [groupVariable]: 'mark-1',
        },
      });
      const pid = leader.pid ?? 0;
      await waitFor(() => expect(readFileSync(workerFile, 'utf8')).toMatch(/\d\n/));
      const worker = Number(readFileSync(workerFile, 'utf8'));
      createChildRecords(join(stateDir, 'children')).add(pid, 'rec-v1/AllTraffic', 'mark-1');
      leader.kill('SIGKILL');
      await waitFor(() => expect(processStart(pid)).toBeUndefined());
      expect(processStart(worker)).toBeDefined();
      expect(createChildRecords(join(stateDir, 'children')).endOrphans()).toEqual([
        `rec-v1/AllTraffic (pids ${worker})`,
      ]);
      await waitFor(() => expect(processStart(worker)).toBeUndefined());
    },
  );
});
