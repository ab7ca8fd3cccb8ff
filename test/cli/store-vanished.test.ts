import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { lap } from '../../src/controller/lap.ts';
import type { Lap, Post } from '../../src/controller/watched.ts';
import { controllerCommand } from '../../src/domain/controller.ts';
import type { Entry } from '../../src/domain/journal.ts';
import { later } from '../../src/domain/units.ts';
import { openStore, storeFile } from '../../src/store/embedded.ts';
import { memorySightings } from '../../src/store/sightings.ts';
import { bad, baking, type CliWorld, serving } from '../support/cli-world.ts';
import { v23 } from '../support/model-world.ts';

const home = { functionVersion: '7', weights: {} };
const canary = 'deploy --model-version v2.3.0';
const blueGreen = 'deploy --strategy blue-green --model-version v2.3.0';
const directories: string[] = [];

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

interface Kept {
  readonly cli: CliWorld;
  readonly file: string;
}

/** The environment, with its store in a real file. */
async function kept(): Promise<Kept> {
  const stateDir = mkdtempSync(join(tmpdir(), 'mlreg-vanished-'));
  directories.push(stateDir);
  const place = { stateDir, environment: 'dev', model: 'recommendation' };
  const cli = await serving(undefined, openStore(place));
  const file = storeFile(place);
  copyFileSync(file, `${file}.older`);
  return { cli, file };
}

const ways: readonly [string, (file: string) => void][] = [
  ['removed', (file) => rmSync(file)],
  ['replaced by an older copy', (file) => copyFileSync(`${file}.older`, file)],
  ['cut', (file) => truncateSync(file, statSync(file).size - 400)],
  [
    'replaced by something longer',
    (file) => writeFileSync(file, readFileSync(file, 'latin1').replaceAll(/[0-9a-f]{64}/g, 'f'.repeat(66))),
  ],
];

const behindTheSwap =
  (cli: CliWorld) =>
  ({ kind }: Entry): boolean =>
    kind === 'observed' && cli.model.stage().alias === 'green';

describe.each(ways)('a store whose file is %s under a living owner', (_what, spoil) => {
  it('lets that owner judge on in memory, and go back on a breach under its own token', async () => {
    const { cli, file } = await kept();
    let token = 0;
    cli.when(baking(50), () => {
      token = cli.model.alias().stamp!.token;
      spoil(file);
      cli.model.behaviour[v23] = bad;
    });
    const { code, stdout, stderr } = await cli.run(canary);
    expect([code, stdout]).toEqual([3, expect.stringContaining('v2.2.0 serves 100 %')]);
    expect(stdout + stderr).not.toContain('the store could not be written for');
    expect(stderr).toMatch(/journal entries could not be written; run: mlreg recover --environment dev/);
    expect(cli.model.alias()).toMatchObject({ target: home, stamp: { token, detail: { purpose: 'back' } } });
  });

  it('brings the stage home where everybody has the failing version behind a swap', async () => {
    const { cli, file } = await kept();
    cli.when(behindTheSwap(cli), () => {
      spoil(file);
      cli.model.behaviour[v23] = bad;
    });
    expect((await cli.run(blueGreen)).code).toBe(3);
    expect([cli.model.alias('live').target, cli.model.alias('green').target]).toEqual([home, home]);
    expect(cli.model.stage().alias).toBe('live');
  });

  it('lets nothing go forward, and takes users off the version at the limit of the outage', async () => {
    const { cli, file } = await kept();
    cli.when(baking(50), () => spoil(file));
    const { code, stdout } = await cli.run(canary);
    expect([code, stdout]).toEqual([3, expect.stringContaining('the store could not be written for')]);
    expect(cli.model.alias().target).toEqual(home);
  });

  it('names mlreg recover where the version was promoted already', async () => {
    const { cli, file } = await kept();
    cli.when(
      ({ kind }) => kind === 'labelled',
      () => spoil(file),
    );
    const { code, stderr } = await cli.run(canary);
    expect(code).toBe(5);
    expect(stderr).toContain('Go on with: mlreg recover --environment dev');
    expect(stderr).not.toContain('mlreg resume');
    expect(cli.model.alias().target.functionVersion).not.toBe('7');
  });

  it('lets the controller whose process lives on do the same, and then open the store anew', async () => {
    const { cli, file } = await kept();
    cli.controller = { name: 'the controller', dispatch: async () => undefined };
    await cli.run(`${canary} --detach`);
    const post: Post = {
      ports: { ...cli.model.ports, clock: cli.clock },
      sightings: memorySightings(),
      actor: { name: 'controller', host: 'lambda', pid: 1, command: controllerCommand },
      silenceMs: 60_000,
      isAlive: () => 'unknown',
    };
    const laps = async (until: (result: Lap) => boolean): Promise<void> => {
      for (let count = 0; count < 300; count++) {
        if (until(await lap(post, true))) return;
        await cli.clock.sleepUntil(later(cli.clock.now(), 1_000));
      }
      throw new Error('300 laps in vain');
    };
    await laps((result) => result.kind === 'again' && result.why === 'baking');
    spoil(file);
    cli.model.behaviour[v23] = bad;
    await laps((result) => result.kind === 'cut-off' && result.alarm !== null);
    expect(cli.model.alias()).toMatchObject({ target: home, stamp: { detail: { purpose: 'back' } } });
    expect(post.held).toBeUndefined();
  });

  it.each([
    ['a larger token', 1, 0],
    ['a larger epoch', 0, 1],
  ])('stops where the alias carries %s', async (_marker, tokens, epochs) => {
    const { cli, file } = await kept();
    let revision = '';
    cli.when(baking(50), () => {
      spoil(file);
      const { target, stamp } = cli.model.alias();
      const store = { id: 'newstore', epoch: stamp!.detail!.store.epoch + epochs };
      const detail = { ...stamp!.detail!, store, purpose: 'restored' as const, writer: 'abcdef01' };
      cli.model.makeAlias('live', target, { ...stamp!, token: stamp!.token + tokens, detail });
      revision = cli.model.alias().revisionId;
      cli.model.behaviour[v23] = bad;
    });
    const { code, stderr } = await cli.run(canary);
    expect([code, stderr]).toEqual([5, expect.stringContaining('on the alias')]);
    expect(cli.model.alias().revisionId).toBe(revision);
  });
});
