import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/domain/journal.ts';
import { openStore, storeFile } from '../../src/store/embedded.ts';
import { bad, baking, type CliWorld, cliWorld } from '../support/cli-world.ts';
import { v23 } from '../support/model-world.ts';
import { promoted, under } from '../support/recovered.ts';

const at = { environment: 'dev', model: 'recommendation' };
const directories: string[] = [];

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true });
});

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'mlreg-cut-'));
  directories.push(made);
  return made;
}

/** An environment whose records of the last rollout can be cut off from any of them on. */
interface Scene {
  readonly aws: CliWorld;
  readonly records: readonly string[];
  readonly journal: readonly Entry[];
}

/** A canary of v2.4.0 that was promoted, or rolled back by a verdict, after v2.3.0 was promoted. */
async function scene(isBad: boolean): Promise<Scene> {
  const place = { ...at, stateDir: directory() };
  const store = openStore(place);
  const aws = await promoted(store);
  await aws.register('v2.4.0');
  if (isBad)
    aws.when(baking(50), () => {
      aws.model.behaviour['v2.4.0'] = bad;
    });
  await aws.run('deploy --model-version v2.4.0');
  const [newest] = await store.rollouts();
  if (newest === undefined) throw new Error('nothing was rolled out');
  const records = readFileSync(storeFile(place), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return { aws, records, journal: await store.journal(newest) };
}

/** The same AWS over the first records alone. */
async function cutAfter({ aws, records }: Scene, kept: number): Promise<{ cli: CliWorld; left: number }> {
  const place = { ...at, stateDir: directory() };
  writeFileSync(storeFile(place), `${records.slice(0, kept).join('\n')}\n`);
  const store = openStore(place);
  const cli = under(cliWorld(undefined, store), aws);
  // Its owner is dead: no process of this machine has its number any more.
  for (let number = 0; number < 3; number++) await cli.run('config explain');
  const [newest] = await store.rollouts();
  const left = newest === undefined ? 0 : (await store.journal(newest)).length;
  return { cli, left };
}

/** The entry before which the last write of an alias was intended. */
const lastWrite = (journal: readonly Entry[]): number =>
  Math.max(
    ...journal.flatMap((one) => (one.kind === 'intent' && one.effect.kind === 'set-alias' ? one.seq : [])),
  );

const served = (cli: CliWorld) => [cli.model.alias(), cli.model.alias('green')];

describe('a journal that is cut inside the rollout which the aliases name', () => {
  let whole: Scene;
  beforeAll(async () => {
    whole = await scene(false);
  });

  it.each([1, 2, 3, 4, 6, 8, 11, 15, 20, 26])(
    'is told, and refused going forward, with %i records less than the last write of an alias needs',
    async (missing) => {
      // Each entry of that rollout is a record, or shares one: so many records from the end of it are more than enough.
      const after = whole.journal.length - lastWrite(whole.journal);
      const { cli, left } = await cutAfter(whole, whole.records.length - after - missing);
      expect(left).toBeLessThanOrEqual(lastWrite(whole.journal));
      const before = served(cli);
      const { marker } = await cli.ask('status');
      expect(marker).toMatchObject({
        isBehind: true,
        detail: expect.stringMatching(/which this store does not know$/),
      });
      for (const words of [
        'deploy --model-version v2.3.0',
        'resume',
        'promote',
        'watch',
        'gc',
        'plan --model-version v2.3.0',
      ])
        expect([words, await cli.run(words)]).toMatchObject([
          words,
          { code: 5, stderr: expect.stringContaining('mlreg recover --environment dev') },
        ]);
      const { findings } = await cli.ask('doctor');
      expect(findings.find(({ check }: any) => check === 'alias')).toMatchObject({
        ok: false,
        detail: marker.detail,
      });
      expect(await cli.run('audit verify')).toMatchObject({
        code: 5,
        stderr: expect.stringContaining(marker.detail),
      });
      expect(served(cli)).toEqual(before);
      expect((await cli.run('recover --yes')).code).toBe(0);
      expect(await cli.ask('status')).toMatchObject({ champion: 'v2.4.0' });
      expect(served(cli).map(({ target }) => target)).toEqual(before.map(({ target }) => target));
    },
  );

  it('behind the last write of an alias is a rollout that is not over, and resume ends it', async () => {
    const { cli, left } = await cutAfter(whole, whole.records.length - 2);
    expect(left).toBeGreaterThan(lastWrite(whole.journal));
    expect(left).toBeLessThan(whole.journal.length);
    const before = served(cli).map(({ target }) => target);
    expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(5);
    expect((await cli.run('resume')).code).toBe(0);
    expect(served(cli).map(({ target }) => target)).toEqual(before);
  });
});

describe('a journal that is cut inside a rollback which the aliases name', () => {
  let whole: Scene;
  beforeAll(async () => {
    whole = await scene(true);
    expect(whole.journal.some(({ kind }) => kind === 'rolling-back')).toBe(true);
  });

  it.each([2, 3, 5, 7, 9, 12, 16, 22])(
    'of which %i records are missing never goes forward again',
    async (missing) => {
      const { cli } = await cutAfter(whole, whole.records.length - missing);
      const before = served(cli).map(({ target }) => target);
      expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(5);
      const { code } = await cli.run('resume');
      expect([0, 3, 5, 9]).toContain(code);
      if (code === 5) expect((await cli.run('recover --yes')).code).toBe(0);
      expect(served(cli).map(({ target }) => target)).toEqual(before);
      expect(await cli.ask('status')).toMatchObject({ champion: v23, rollout: null });
      expect((await cli.run('audit verify')).code).toBe(0);
    },
  );
});
