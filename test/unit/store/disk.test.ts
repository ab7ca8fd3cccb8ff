import { describe, expect, it } from 'vitest';
import { openStore, verifyStore } from '../../../src/store/embedded.ts';
import { append, everything, R1, request, take, V1, version } from '../../contract/store/samples.ts';
import { type DiskCall, diskError, fakeDisk } from './fake-disk.ts';
import { fileOf, openOn, path, tellStory } from './story.ts';

const { file, chapters } = await tellStory();
const state = chapters.at(-1)!.state;

describe('a full disk', () => {
  it('after any number of bytes refuses the write, changes nothing, and goes on when there is room', async () => {
    const size = await lengthOfPost();
    for (let room = 0; room < size + 20; room++) {
      const disk = fakeDisk({ [path]: file });
      const store = openOn(disk);
      disk.room = room;
      const refusal: unknown = await store.post(R1, request('q9')).catch((error: unknown) => error);
      // Without its last newline a record is whole.
      if (room >= size - 1) {
        expect(refusal).toBeUndefined();
        continue;
      }
      expect(refusal).toMatchObject({
        name: 'UserError',
        fault: 'unavailable',
        why: 'the disk is full; nothing was changed',
        mend: [expect.stringContaining('df -h')],
      });
      expect(await everything(store)).toEqual(state);
      disk.room = 10_000;
      await store.post(R1, request('q10'));
      expect((await openOn(disk).inbox(R1, 0)).map(({ id }) => id)).toEqual(['q1', 'q10']);
    }
  });

  async function lengthOfPost(): Promise<number> {
    const disk = fakeDisk({ [path]: file });
    await openOn(disk).post(R1, request('q9'));
    return fileOf(disk).length - file.length;
  }
});

describe('a disk that refuses', () => {
  const reads = (store: ReturnType<typeof openOn>): Promise<unknown> => store.lock();
  const writes = (store: ReturnType<typeof openOn>): Promise<unknown> => store.post(R1, request('q'));

  it.each<[string, DiskCall, string, (store: ReturnType<typeof openOn>) => Promise<unknown>, RegExp]>([
    ['to look', 'stat', 'EACCES', reads, /can't be read/],
    ['to open', 'open', 'EACCES', reads, /can't be read/],
    ['to read', 'read', 'EIO', reads, /can't be read/],
    ['to write', 'write', 'EROFS', writes, /can't be written/],
    ['to write', 'write', 'EDQUOT', writes, /can't be written/],
    ['to write', 'write', 'EIO', writes, /can't be written/],
    ['to sync', 'datasync', 'EIO', writes, /did not confirm/],
  ])('%s (%s: %s) is told with the path, and mends by itself', async (_what, call, code, ask, message) => {
    const disk = fakeDisk({ [path]: file });
    const store = openOn(disk);
    disk.before = (now) => {
      if (now === call) throw diskError(code);
    };
    const refusal: unknown = await ask(store).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ name: 'UserError', fault: 'unavailable', cause: { code } });
    expect((refusal as Error).message).toMatch(message);
    expect((refusal as Error).message).toContain(path);
    disk.before = () => undefined;
    await writes(store);
    expect((await store.inbox(R1, 0)).at(-1)).toEqual(request('q'));
  });

  it.each([
    ['EACCES', /no right to/, `ls -ld ${path}`],
    ['EPERM', /no right to/, `ls -ld ${path}`],
    ['EROFS', /is read-only/, `df ${path}`],
    ['EISDIR', /is a directory, not a file/, `mv ${path} ${path}.away`],
    ['ENOTDIR', /a part of the path is a file/, `namei -l ${path}`],
    ['ELOOP', /lead round in a circle/, `namei -l ${path}`],
  ])('%s says why, and what to type', async (code, why, command) => {
    const disk = fakeDisk({ [path]: file });
    disk.before = () => {
      throw diskError(code);
    };
    for (const ask of [reads, writes]) {
      const refusal: any = await ask(openOn(disk)).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ name: 'UserError', fault: 'unavailable', cause: { code } });
      expect([refusal.message, refusal.why]).toEqual([
        expect.stringContaining(path),
        expect.stringMatching(why),
      ]);
      expect(refusal.mend[0]).toContain(command);
      expect(refusal.mend[0]).not.toContain('stateDir');
    }
  });

  it('to make the directory, is told with the path', async () => {
    const disk = fakeDisk();
    disk.before = (call) => {
      if (call === 'mkdir') throw diskError('EROFS');
    };
    expect(await reads(openOn(disk))).toMatchObject({ token: 0 });
    await expect(writes(openOn(disk))).rejects.toMatchObject({ why: 'the file system is read-only' });
  });

  it('to sync a directory, as some can, is no obstacle', async () => {
    const disk = fakeDisk();
    disk.before = (call) => {
      if (call === 'sync') throw diskError('EPERM');
    };
    await writes(openOn(disk));
    disk.before = (call) => {
      if (call === 'sync') throw diskError('EIO');
    };
    await expect(writes(openOn(disk))).rejects.toThrow(/did not confirm/);
  });
});

describe('the file', () => {
  it('is not made by reading', async () => {
    const disk = fakeDisk();
    await everything(openOn(disk));
    await verifyStore({ stateDir: '/state', environment: 'local', model: 'recs', fs: disk });
    expect([...disk.files.keys()]).toEqual([]);
    expect(disk.modes.size).toBe(0);
  });

  it('and its directory are made for this user alone', async () => {
    const disk = fakeDisk();
    await openOn(disk).post(R1, request('q'));
    expect(Object.fromEntries(disk.modes)).toEqual({ '/state': 0o700, [path]: 0o600 });
  });

  it('holds no other environment or model, whatever their names', async () => {
    const names = [
      ['prod', 'recs'],
      ['prod-eu', 'recs'],
      ['prod', 'eu-recs'],
      ['../prod', 'recs'],
      ['prod', '../../etc/passwd'],
      ['..', '..'],
      ['.', ''],
      ['a/b', 'c\\d'],
      ['a\0b', 'c\nd'],
      ['ünï', "cö'd*e"],
      ['%2D', 'x'],
      ['-', 'x'],
      ['CON', 'x:y'],
    ] as const;
    const disk = fakeDisk();
    for (const [environment, model] of names) {
      const store = openStore({ stateDir: '/state', environment, model, fs: disk });
      expect((await store.lock()).token).toBe(0);
      await take(store);
    }
    expect(disk.files.size).toBe(names.length);
    for (const made of disk.files.keys()) expect(made).toMatch(/^\/state\/[\w%.~-]+\.ndjson$/);
  });

  it('is read only where it is new', async () => {
    const disk = fakeDisk({ [path]: file });
    const store = openOn(disk);
    await store.lock();
    const calls: DiskCall[] = [];
    disk.before = (call) => void calls.push(call);
    for (let looks = 0; looks < 5; looks++) await store.lock();
    expect(calls).toEqual(Array.from({ length: 5 }, () => 'stat'));
  });

  it('is one line a record, which other tools can check', async () => {
    const { createHash } = await import('node:crypto');
    const records = file
      .toString()
      .split('\n')
      .filter((line) => line !== '');
    let prev: string | undefined;
    for (const line of records) {
      const record = JSON.parse(line) as { prev: string; hash: string };
      expect(record.prev).toBe(prev ?? record.prev);
      expect(record.hash).toBe(
        createHash('sha256')
          .update(line.slice(0, line.lastIndexOf(',"hash"')))
          .digest('hex'),
      );
      prev = record.hash;
    }
    const verified = await verifyStore({
      stateDir: '/state',
      environment: 'local',
      model: 'recs',
      fs: fakeDisk({ [path]: file }),
    });
    expect(verified).toEqual({ file: path, records: records.length, lost: 0, torn: 0, head: prev });
  });

  it('that others write faster than oneself is given up on after a while', async () => {
    const disk = fakeDisk({ [path]: file });
    const other = openStore({
      stateDir: '/state',
      environment: 'local',
      model: 'recs',
      fs: disk.seenBy(() => undefined),
    });
    let posts = 0;
    disk.before = async (call) => {
      if (call === 'write') await other.post(R1, request(`other-${posts++}`));
    };
    const store = openOn(disk);
    await expect(store.register(version(V1))).resolves.toBe(false);
    await expect(append(store, 1, 2)).rejects.toMatchObject({
      fault: 'conflict',
      why: 'nothing was changed',
    });
    expect(posts).toBe(500);
    expect(await store.journal(R1)).toHaveLength(2);
  });
});
