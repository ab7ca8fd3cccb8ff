import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScene, endless, type Scene, succeeds } from '../support/e2e.ts';
import { expectServing } from '../support/e2e-truth.ts';

const token = 'qq1fGojGFaY-yelA8f1fGo';
const settings = {
  ...endless,
  strategies: { canary: { ...endless.strategies.canary, steps: [0, 20] } },
  testers: { users: ['qa-1'], tokenSha256: createHash('sha256').update(token).digest('hex') },
};
let scene: Scene;

beforeAll(async () => {
  scene = createScene('testers', settings);
  await scene.up({ controller: false });
  await scene.register('v2.2.0', 'v2.3.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
});

afterAll(() => scene.end());

async function answering(userId: string, headers: Record<string, string> = {}): Promise<string | null> {
  const response = await fetch(`${scene.gatewayUrl}/recommend`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ userId, origin: 'ATL', destinations: ['DFW'], date: '2001-02-14', hour: 17 }),
  });
  await response.arrayBuffer();
  expect(response.status).toBe(200);
  return response.headers.get('x-model-version');
}

describe.each(['sticky', 'weighted'] as const)('testers, %s', (routing) => {
  it('have the challenger while nobody else has it, and the champion after the rollout was given up', async () => {
    scene.configure({ ...settings, routing });
    const deploying = scene.start('deploy', '--model-version', 'v2.3.0');
    await expect.poll(() => answering('qa-1'), { timeout: 120_000, interval: 500 }).toBe('v2.3.0');
    expect(await answering('somebody', { 'x-mlreg-tester': token })).toBe('v2.3.0');
    for (const user of ['qa-2', 'u-1', 'u-2', 'u-3', 'u-4']) expect(await answering(user)).toBe('v2.2.0');
    expect(await answering('somebody', { 'x-mlreg-tester': `${token}x` })).toBe('v2.2.0');
    const { alias } = await scene.status();
    expect(alias.weights).toEqual({});

    await succeeds(scene.run('abort', '--reason', 'seen by QA'));
    await deploying.ended;
    await expectServing(scene, 'v2.2.0');
    expect(await answering('qa-1')).toBe('v2.2.0');
    expect(await answering('qa-1', { 'x-mlreg-tester': token })).toBe('v2.2.0');
    const { stdout } = await scene.run('show', String((await scene.newest()).rollout), '-o', 'json');
    expect(stdout).not.toMatch(/qa-1|qq1fGoj/);
  });
});
