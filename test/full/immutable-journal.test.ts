import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createScene, endless, isBaking, quick, type Scene, succeeds } from '../support/e2e.ts';
import { answering, recommendations, startTraffic } from '../support/e2e-traffic.ts';

/*
 * A journal that can be read and not written, for real: file permissions do not bind root, the attribute `immutable` does.
 */

const attribute = (sign: '+i' | '-i', path: string) =>
  spawnSync('chattr', [sign, path], { encoding: 'utf8' });

/** Why this machine has no immutable files; null where it has. */
function whyNot(): string | null {
  const dir = mkdtempSync(join(tmpdir(), 'mlreg-immutable-'));
  const file = join(dir, 'file');
  writeFileSync(file, '');
  const { status, stderr, error } = attribute('+i', file);
  try {
    if (status !== 0) return error?.message ?? stderr.trim();
    writeFileSync(file, 'x');
    return 'an immutable file could be written';
  } catch {
    return null;
  } finally {
    attribute('-i', file);
    rmSync(dir, { recursive: true, force: true });
  }
}

const missing = whyNot();
if (missing !== null) {
  console.warn(
    `NOT run: a journal that is immutable: ${missing}. To run: as root, on ext4, xfs or btrfs, with chattr`,
  );
  it.skip(`a journal that is immutable (${missing})`, () => undefined);
} else {
  let scene: Scene;
  const journal = (): string => join(scene.dir, '.mlreg/local/local-recommendation.ndjson');
  const freeze = (sign: '+i' | '-i'): void => {
    const { status, stderr } = attribute(sign, journal());
    if (status !== 0) throw new Error(stderr);
  };
  const half = (settings: typeof quick | typeof endless) => ({
    ...settings,
    strategies: { canary: { ...settings.strategies.canary, steps: [50], allowLargeFirstStep: true } },
  });

  beforeAll(async () => {
    scene = createScene('immutable');
    await scene.up({ controller: false });
    await scene.register('v2.2.0', 'v2.3.0', 'v2.4.0');
    await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
  });
  afterEach(() => void attribute('-i', journal()));
  afterAll(() => scene.end());

  /** Users have the champion alone; the journal is told once it can be written, and nothing is left over. */
  async function expectBack(): Promise<void> {
    expect(answering(await recommendations(scene, 60))).toEqual(['v2.2.0']);
    freeze('-i');
    await scene.run('resume');
    expect(await scene.status()).toMatchObject({ champion: 'v2.2.0', rollout: null });
    await succeeds(scene.run('audit', 'verify'));
    expect(answering(await recommendations(scene, 60))).toEqual(['v2.2.0']);
  }

  describe('a journal that is immutable while a version has half of the users', () => {
    it.each(['rollback', 'abort'])('does not stand in the way of mlreg %s, its owner dead', async (words) => {
      scene.configure(half(endless));
      const traffic = await startTraffic(scene, 60);
      const deploying = scene.start('deploy', '--model-version', 'v2.3.0');
      await deploying.event('the first look', isBaking(50));
      deploying.kill('SIGKILL');
      await deploying.ended;
      freeze('+i');
      expect(answering(await recommendations(scene, 60))).toEqual(['v2.2.0', 'v2.3.0']);
      const { code, stdout, stderr } = await scene.run(words);
      expect([code, stdout]).toEqual([0, expect.stringContaining('alone, read back')]);
      expect(stderr).toContain("state can't be written");
      await traffic.stop();
      await expectBack();
    });

    it('lets its owner judge on, and go back from a version that fails', async () => {
      scene.configure(half(quick));
      const traffic = await startTraffic(scene, 80);
      const deploying = scene.start('deploy', '--model-version', 'v2.4.0');
      await deploying.event('half of the users', isBaking(50));
      freeze('+i');
      const { code, stderr } = await deploying.ended;
      expect([code, stderr]).toEqual([3, expect.stringContaining('journal entries could not be written')]);
      await traffic.stop();
      await expectBack();
    });
  });
}
