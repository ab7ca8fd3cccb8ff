import { describe, expect, it } from 'vitest';
import { rolloutId } from '../../../src/domain/units.ts';
import { openStore } from '../../../src/store/embedded.ts';
import { keepOutOfGit } from '../../../src/store/git-ignore.ts';
import { diskError, fakeDisk } from './fake-disk.ts';
import { request } from '../../contract/store/samples.ts';

const ignoreFile = '/repo/.mlreg/.gitignore';
const stateDir = '/repo/.mlreg/dev';
const openOn = (fs: ReturnType<typeof fakeDisk>) =>
  openStore({ stateDir, environment: 'dev', model: 'recs', fs });
const textOf = (disk: ReturnType<typeof fakeDisk>) => disk.files.get(ignoreFile)?.bytes.toString();

describe('.mlreg/.gitignore', () => {
  it('is written with the first record of a store, once', async () => {
    const disk = fakeDisk();
    await openOn(disk).inbox(rolloutId('r-1'), 0);
    expect([...disk.files.keys()]).toEqual([]);
    await openOn(disk).post(rolloutId('r-1'), request('a'));
    await openOn(disk).post(rolloutId('r-1'), request('b'));
    expect(textOf(disk)).toBe('*\n');
  });

  it('is written where a store from an earlier mlreg has none', async () => {
    const disk = fakeDisk();
    await openOn(disk).post(rolloutId('r-1'), request('a'));
    disk.files.delete(ignoreFile);
    await openOn(disk).post(rolloutId('r-1'), request('b'));
    expect(textOf(disk)).toBe('*\n');
  });

  it.each([
    ["a person's own stays as it is", '!reports/\n', '!reports/\n'],
    ['an empty one is what a crash left, and is written', '', '*\n'],
  ])('%s', async (_name, before, after) => {
    const disk = fakeDisk({ [ignoreFile]: Buffer.from(before) });
    await keepOutOfGit(disk, stateDir);
    await keepOutOfGit(disk, stateDir);
    expect(textOf(disk)).toBe(after);
  });

  it.each(['EACCES', 'EROFS', 'EISDIR'])(
    'does not hold up the store where writing it gives %s',
    async (code) => {
      const disk = fakeDisk();
      disk.before = (call, path) => {
        if (call === 'open' && path === ignoreFile) throw diskError(code);
      };
      await openOn(disk).post(rolloutId('r-1'), request('a'));
      expect(await openOn(disk).inbox(rolloutId('r-1'), 0)).toEqual([request('a')]);
    },
  );

  it.each([
    ['/repo/.mlreg/local', [ignoreFile]],
    ['/repo/.mlreg', [ignoreFile]],
    ['/var/lib/state', []],
  ])('beside %s lie %j', async (directory, files) => {
    const disk = fakeDisk();
    await keepOutOfGit(disk, directory);
    expect([...disk.files.keys()]).toEqual(files);
  });
});
