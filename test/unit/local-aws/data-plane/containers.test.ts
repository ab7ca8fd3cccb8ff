import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { createTar } from 'nanotar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/local-aws/daemon-clock.ts';
import {
  createContainerRuntime,
  type LocalContainerRuntime,
} from '../../../../src/local-aws/data-plane/containers.ts';
import { createChildRecords, processStart } from '../../../../src/local-aws/data-plane/process-identity.ts';
import type { ContainerSpec } from '../../../../src/local-aws/seams.ts';
import { waitFor } from '../../../support/wait-for.ts';

const image = `local://${join(import.meta.dirname, '../../../fixtures/model-server.mjs')}`;

let stateDir: string;
let runtime: LocalContainerRuntime;

const settings = {
  startTimeoutMs: 60_000,
  pingEveryMs: 10,
  invokeTimeoutMs: 60_000,
  stopGraceMs: 300,
  restartAfterMs: 10,
  restartsAtMost: 2,
};

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'mlreg-containers-'));
  runtime = createContainerRuntime({ stateDir, clock: systemClock, settings });
});
afterEach(async () => {
  await runtime.stopAll();
  rmSync(stateDir, { recursive: true });
});

function spec(more: Partial<ContainerSpec> = {}): ContainerSpec {
  return {
    endpointName: 'rec-v1',
    variantName: 'AllTraffic',
    image,
    modelDataUrl: undefined,
    environment: {},
    memoryMb: 1024,
    maxConcurrency: 5,
    ...more,
  };
}

const patient = (): LocalContainerRuntime => {
  const settings = { startTimeoutMs: 10_000, pingEveryMs: 10, stopGraceMs: 300, restartAfterMs: 10 };
  return createContainerRuntime({ stateDir, clock: systemClock, settings });
};

const request = (body: string) => ({
  body: Buffer.from(body),
  contentType: 'application/json',
  accept: '*/*',
  customAttributes: undefined,
});

const children = (): string[] => readdirSync(join(stateDir, 'children'));

describe('a model server', () => {
  beforeEach(() => {
    runtime = patient();
  });

  it('gets its port and model, `serve`, and no more of this process than PATH and HOME', async () => {
    const tar = createTar([{ name: 'model.json', data: '{"version":"v1"}' }]);
    writeFileSync(join(stateDir, 'v1.tar.gz'), gzipSync(tar));
    const modelDataUrl = pathToFileURL(join(stateDir, 'v1.tar.gz')).href;
    const container = await runtime.start(spec({ modelDataUrl, environment: { STAGE: 'test' } }));
    const { status, contentType, body, customAttributes } = await container.invoke({
      ...request('{"a":1}'),
      accept: 'application/json',
      customAttributes: 'trace=1',
    });
    expect({ status, contentType, customAttributes }).toEqual({
      status: 200,
      contentType: 'application/json',
      customAttributes: 'trace=1',
    });
    expect(JSON.parse(Buffer.from(body).toString())).toMatchObject({
      version: 'v1',
      arguments: ['serve'],
      variables: [
        'HOME',
        'MLREG_LOCAL_SERVER',
        'PATH',
        'PYTHONUNBUFFERED',
        'SAGEMAKER_BIND_TO_PORT',
        'SM_MODEL_DIR',
        'STAGE',
      ],
      received: { body: '{"a":1}', type: 'application/json', accept: 'application/json' },
    });
    expect(runtime.list()).toMatchObject([{ endpointName: 'rec-v1', state: 'running', restarts: 0 }]);
  });

  it('hands on errors of the model, and cuts answers off after 4 MB', async () => {
    const container = await runtime.start(spec());
    expect((await container.invoke(request('fail'))).status).toBe(500);
    const { length } = (await container.invoke(request('huge'))).body;
    expect(length).toBeGreaterThan(4 * 1024 * 1024);
    expect(length).toBeLessThan(5 * 1024 * 1024);
    expect((await container.invoke(request('ok'))).status).toBe(200);
  });

  it('is started again when it dies, and says so meanwhile', async () => {
    // Long enough down to be seen there by a test on a busy machine.
    const settings = { startTimeoutMs: 10_000, pingEveryMs: 10, stopGraceMs: 300, restartAfterMs: 1_000 };
    runtime = createContainerRuntime({ stateDir, clock: systemClock, settings });
    const container = await runtime.start(spec());
    const before = runtime.list()[0]?.pid;
    await expect(container.invoke(request('die'))).rejects.toThrow(/broke off/);
    await waitFor(() =>
      expect(runtime.list()).toMatchObject([{ state: 'restarting', lastEnd: 'exited with code 1' }]),
    );
    await expect(container.invoke(request('ok'))).rejects.toThrow(/not running: it exited with code 1/);
    await waitFor(async () => expect((await container.invoke(request('ok'))).status).toBe(200));
    expect(runtime.list()).toMatchObject([{ state: 'running', restarts: 1 }]);
    expect(runtime.list()[0]?.pid).not.toBe(before);
  });

  it('that closes a connection and lives is asked once more', async () => {
    const container = await runtime.start(spec());
    const [first, second] = [
      await container.invoke(request('drop-once')),
      await container.invoke(request('ok')),
    ];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(runtime.list()).toMatchObject([{ state: 'running', restarts: 0 }]);
  });

  it('that died waits before it is started, whoever asks for it', async () => {
    const settings = { startTimeoutMs: 10_000, pingEveryMs: 10, stopGraceMs: 300, restartAfterMs: 400 };
    runtime = createContainerRuntime({ stateDir, clock: systemClock, settings });
    const container = await runtime.start(spec());
    await expect(container.invoke(request('die'))).rejects.toThrow(/broke off/);
    await waitFor(() => expect(runtime.list()).toMatchObject([{ state: 'restarting' }]));
    const diedBy = performance.now();
    await container.stop();
    await runtime.start(spec());
    expect(performance.now() - diedBy).toBeGreaterThan(300);
  });

  it('ends when it is stopped, and is not started again', async () => {
    const container = await runtime.start(spec());
    const pid = runtime.list()[0]?.pid ?? 0;
    expect(children()).toEqual([`${pid}.json`]);
    await container.stop();
    expect(processStart(pid)).toBeUndefined();
    expect(runtime.list()).toEqual([]);
    expect(children()).toEqual([]);
    await expect(container.invoke(request('ok'))).rejects.toThrow(/not running/);
  });

  it('that another daemon left is ended; a process that only has its pid is not', async () => {
    await runtime.start(spec({ environment: { BEHAVIOUR: 'outlive' } }));
    const pid = runtime.list()[0]?.pid ?? 0;
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const bystanderPid = bystander.pid ?? 0;
    writeFileSync(
      join(stateDir, 'children', `${bystanderPid}.json`),
      JSON.stringify({ pid: bystanderPid, start: 'another time', what: 'x' }),
    );
    try {
      expect(createChildRecords(join(stateDir, 'children')).endOrphans()).toEqual([
        `rec-v1/AllTraffic (pid ${pid})`,
      ]);
      await waitFor(() => expect(runtime.list()[0]?.pid).not.toBe(pid));
      expect(processStart(bystanderPid)).toBeDefined();
    } finally {
      bystander.kill('SIGKILL');
    }
  });
});

describe('a start that fails says why', () => {
  it.each([
    [
      'an image of a registry',
      { image: '000000000000.dkr.ecr.eu-west-1.amazonaws.com/rec:1' },
      /can't run here/,
    ],
    ['a relative path', { image: 'local://server.mjs' }, /can't run here/],
    ['a file that is not there', { image: 'local:///nowhere/server.mjs' }, /there is no file/],
    ['a model that is not there', { modelDataUrl: 'file:///nowhere/m.tar.gz' }, /Could not find model data/],
    [
      'a server that exits',
      { environment: { BEHAVIOUR: 'exit' } },
      /did not pass the ping health check.*exited with code 3; its log is logs\/rec-v1-AllTraffic.log/,
    ],
  ])('%s', async (_case, more, message) => {
    await expect(runtime.start(spec(more))).rejects.toThrow(message);
    expect(runtime.list()).toEqual([]);
  });

  it('a server that never gets ready', async () => {
    const impatient = createContainerRuntime({
      stateDir,
      clock: systemClock,
      settings: { ...settings, startTimeoutMs: 400 },
    });
    await expect(impatient.start(spec({ environment: { BEHAVIOUR: 'never-ready' } }))).rejects.toThrow(
      /did not pass.*GET \/ping answered .* for 0.4 s/,
    );
    expect(impatient.list()).toEqual([]);
  });

  it('when it is stopped half-way, and leaves no process', async () => {
    runtime = patient();
    const start = runtime.start(spec({ environment: { BEHAVIOUR: 'never-ready' } }));
    const failed = expect(start).rejects.toThrow(/stopped while it started/);
    await waitFor(() => expect(children()).toHaveLength(1));
    const pid = Number.parseInt(children()[0] ?? '', 10);
    await runtime.stopAll();
    await failed;
    expect(processStart(pid)).toBeUndefined();
  });
});
