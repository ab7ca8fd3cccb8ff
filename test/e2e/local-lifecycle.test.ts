import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createScene, eventually, isAlive, root, type Scene, succeeds } from '../support/e2e.ts';
import { answering, recommendations } from '../support/e2e-traffic.ts';
import { expectServing } from '../support/e2e-truth.ts';

let scene: Scene;
beforeEach(() => {
  scene = createScene('lifecycle');
});
afterEach(() => scene.end());

const modelServers = async (): Promise<readonly number[]> => {
  const { endpoints } = await scene.look('local', 'status');
  return (endpoints as { pid: number }[]).map(({ pid }) => pid);
};

describe('AWS on this machine', () => {
  it('takes its controller with it, also where that one is still loading', async () => {
    mkdirSync(join(scene.dir, '.mlreg/local'), { recursive: true });
    const told = JSON.stringify({
      config: join(scene.dir, 'mlreg.yaml'),
      stateDir: join(scene.dir, '.mlreg/local'),
    });
    const controller = fork(join(root, 'dist/local-controller-main.js'), [told], { stdio: 'ignore' });
    const ended = new Promise((resolve) => controller.once('exit', resolve));
    controller.disconnect();
    try {
      expect(
        await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20_000, 'alive'))]),
      ).toBe(0);
    } finally {
      controller.kill('SIGKILL');
    }
  });

  it('survives a kill with all it held, and leaves no model server behind', async () => {
    await scene.up();
    await scene.register('v2.2.0', 'v2.3.0');
    await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
    const [server] = await modelServers();
    expect(server).toBeGreaterThan(0);
    const killed = scene.daemonPid;
    process.kill(killed, 'SIGKILL');
    await eventually('the end of the daemon', () => !isAlive(killed));
    const refused = await scene.run('status');
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('mlreg local up')]);

    await scene.up();
    expect(scene.daemonPid).not.toBe(killed);
    await eventually('the end of the orphan', () => !isAlive(server ?? 0));
    await eventually('an answer', async () => answering(await recommendations(scene, 1))[0] === 'v2.2.0');
    await expectServing(scene, 'v2.2.0');
    // Once more is done already.
    expect(await scene.ask('local', 'up', '--detach')).toMatchObject({
      alreadyRunning: true,
      pid: scene.daemonPid,
    });

    const servers = await modelServers();
    expect(servers).not.toContain(server);
    expect(await scene.ask('local', 'down')).toMatchObject({ running: false, wasUp: true });
    await eventually('the end of everything', () => ![scene.daemonPid, ...servers].some(isAlive));
    expect(readdirSync(join(scene.dir, '.mlreg/local'))).not.toContain('daemon.json');
    expect(await scene.ask('local', 'down')).toMatchObject({ wasUp: false });
    expect(await scene.look('local', 'status')).toMatchObject({ running: false });
  });

  it('takes requests where mlreg.yaml says, by the key that it names, also when that is changed', async () => {
    const asked = async (path: string): Promise<number> => {
      const body = JSON.stringify({ customer: { id: 7 } });
      const headers = { 'content-type': 'application/json', ...scene.gatewayHeaders };
      return (await fetch(`${scene.gatewayUrl}${path}`, { method: 'POST', headers, body })).status;
    };
    scene.configure({ requests: { path: '/score', userKey: 'customer.id' } });
    await scene.up({ controller: false });
    // Nothing serves yet: the function says so, and not a route that isn't there.
    expect([await asked('/score'), await asked('/recommend')]).toEqual([500, 404]);
    expect((await scene.inside('doctor')).stdout).not.toContain('MLREG_USER_KEY');

    await succeeds(scene.run('local', 'down'));
    scene.configure({ requests: { path: '/v2/score', userKey: 'header:x-user-id' } });
    await scene.up({ controller: false });
    expect(await asked('/v2/score')).toBe(500);
    expect((await scene.inside('doctor')).stdout).not.toContain('MLREG_USER_KEY');
  });

  it('says which port is taken, and how to choose another', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      for (const detach of [['--detach'], []]) {
        const { code, stderr } = await scene.run(
          'local',
          'up',
          ...detach,
          '--control-port',
          '0',
          '--gateway-port',
          String(port),
        );
        expect([code, stderr]).toEqual([2, expect.stringContaining(`port ${port} is taken`)]);
        expect(stderr).toContain('--gateway-port');
      }
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
    expect(await scene.look('local', 'status')).toMatchObject({ running: false });
    const { code, stderr } = await scene.run('local', 'up', '--gateway-port', 'http');
    expect([code, stderr]).toEqual([2, expect.stringContaining("'http' is not a port")]);
  });

  it('in the foreground ends with the signal, and everything with it', async () => {
    const up = scene.start('local', 'up', '--control-port', '0', '--gateway-port', '0', '-o', 'ndjson');
    await eventually('the daemon', async () => (await scene.look('local', 'status')).running);
    up.kill('SIGTERM');
    const { code } = await up.ended;
    expect(code).toBe(143);
    expect(await scene.look('local', 'status')).toMatchObject({ running: false });
  });
});
