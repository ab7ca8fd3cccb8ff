import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calm, createScene, isBaking, type Running, type Scene, succeeds } from '../support/e2e.ts';
import { expectServing } from '../support/e2e-truth.ts';

let scene: Scene;

beforeAll(async () => {
  scene = createScene('restore', calm);
  await scene.up({ controller: false });
  await scene.register('v2.2.0', 'v2.3.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
  await promote('v2.3.0');
});

afterAll(() => scene.end());

async function baking(version: string): Promise<Running> {
  const deploying = scene.start('deploy', '--model-version', version);
  await deploying.event('the first bake', isBaking(20));
  return deploying;
}

async function promote(version: string): Promise<void> {
  const deploying = await baking(version);
  await succeeds(scene.run('promote', '--full'));
  await succeeds(deploying.ended);
}

describe('a drill with the built program', () => {
  it('restores a backup over ten changes, rolls back, and finds the old store sealed', async () => {
    const backup = join(scene.dir, 'drill');
    await succeeds(scene.run('backup', '--to', backup, '--with-artifacts'));
    expect(await scene.ask('backup', '--verify', backup)).toMatchObject({
      ...{ result: 'sound', champion: 'v2.3.0' },
      artifacts: { checked: 2, copies: 2 },
    });

    await scene.register('v2.4.0', 'v2.5.0');
    await promote('v2.4.0');
    await succeeds(scene.run('rollback'));
    const deploying = await baking('v2.5.0');
    await succeeds(scene.run('pause'));
    await succeeds(scene.run('resume'));
    await succeeds(scene.run('abort'));
    await deploying.ended;
    await promote('v2.5.0');
    await expectServing(scene, 'v2.5.0');

    const shown = await succeeds(scene.run('restore', '--from', backup));
    expect(shown.stdout).toMatch(/champion +v2\.5\.0/);
    expect(shown.stdout).toMatch(/lost +r-/);
    const restored = await scene.ask('restore', '--from', backup, '--apply');
    expect(restored).toMatchObject({
      result: 'restored',
      champion: { version: 'v2.5.0' },
      isComplete: false,
    });
    await expectAll('v2.5.0');

    // Somebody puts the old records back: their store seals itself, and moves nobody.
    const file = join(scene.dir, '.mlreg/local/local-recommendation.ndjson');
    renameSync(file, `${file}.restored`);
    renameSync(String(restored.setAside), file);
    const left = await scene.run('deploy', '--model-version', 'v2.3.0');
    expect([left.code, left.stderr]).toEqual([5, expect.stringContaining('took the place of this store')]);
    expect(readFileSync(file, 'utf8')).toContain('"kind":"seal"');
    renameSync(`${file}.restored`, file);
    await expectAll('v2.5.0');

    await succeeds(scene.run('rollback', '--to', 'v2.3.0', '--yes'));
    await expectServing(scene, 'v2.3.0');
    await succeeds(scene.run('audit', 'verify'));
    await promote('v2.5.0');
    await expectServing(scene, 'v2.5.0');
  });
});

/** What nobody rolled out since a restore has no rollout that says so. */
async function expectAll(version: string): Promise<void> {
  const status = await scene.status();
  expect(status).toMatchObject({ champion: version });
  expect(status).not.toHaveProperty('marker');
}
