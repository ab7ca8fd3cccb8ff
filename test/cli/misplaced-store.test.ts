import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explain } from '../../src/commands/explain.ts';
import { exitCodeOfFault } from '../../src/commands/exit-codes.ts';
import { readDaemonRecord } from '../../src/local-aws/daemon-files.ts';
import { openStore, storeFile } from '../../src/store/embedded.ts';
import { type CliWorld, cliWorld } from '../support/cli-world.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mlreg-misplaced-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const place = () => ({ stateDir: join(root, '.mlreg', 'dev'), environment: 'dev', model: 'recommendation' });

/** What stands where the store's file should be, and what mlreg says of it. */
const misplaced: readonly (readonly [
  name: string,
  make: (file: string) => void,
  why: string,
  mend: string,
])[] = [
  [
    'a directory',
    (file) => mkdirSync(file, { recursive: true }),
    'it is a directory, not a file',
    '.ndjson.away',
  ],
  [
    'a file in place of its directory',
    (file) => {
      mkdirSync(dirname(dirname(file)), { recursive: true });
      writeFileSync(dirname(file), '');
    },
    'a part of the path is a file, not a directory',
    'namei -l ',
  ],
  [
    'a link that leads to itself',
    (file) => {
      mkdirSync(dirname(file), { recursive: true });
      symlinkSync(file, file);
    },
    'its symbolic links lead round in a circle',
    'namei -l ',
  ],
];

describe.each(misplaced)('where the store should be stands %s', (_name, make, why, mend) => {
  function world(): { readonly cli: CliWorld; readonly file: string } {
    const file = storeFile(place());
    make(file);
    return { cli: cliWorld(undefined, openStore(place())), file };
  }

  it.each([
    'versions',
    'status',
    'deploy --model-version v2.3.0',
    'register v1 --artifact s3://b/m.tar.gz',
    'gc',
  ])('%s exits 2 with the path and the command', async (words) => {
    const { cli, file } = world();
    cli.artifacts.set('s3://b/m.tar.gz', 'aa');
    const { code, stdout, stderr } = await cli.run(words);
    expect([code, stdout]).toEqual([2, '']);
    for (const text of [file, why, mend]) expect(stderr).toContain(text);
    expect(stderr).not.toContain('mistake in mlreg');
  });

  it('a rollback still moves the alias alone', async () => {
    const { cli } = world();
    const { stderr } = await cli.run('rollback');
    expect(stderr).toContain("can't be read); rolling back by what the alias says");
  });
});

describe('where the record of the local AWS emulator should be stands', () => {
  it.each([
    ['a directory', (file: string) => mkdirSync(file), 'it is a directory, not a file'],
    ['a link to itself', (file: string) => symlinkSync(file, file), 'lead round in a circle'],
  ])('%s: exit 2 with the path, and no mistake in mlreg', (_name, make, why) => {
    const file = join(root, 'daemon.json');
    make(file);
    let thrown: unknown;
    try {
      readDaemonRecord(root);
    } catch (error) {
      thrown = error;
    }
    const explained = explain(thrown, exitCodeOfFault, {});
    expect(explained).toMatchObject({ what: `${file} can't be used`, code: 2 });
    expect([explained.why, explained.mend[0]]).toEqual([
      expect.stringContaining(why),
      expect.stringContaining(`ls -ld ${file}`),
    ]);
  });
});
