import { describe, expect, it } from 'vitest';
import type { Stamp } from '../../../src/domain/journal.ts';
import type { AliasTarget } from '../../../src/domain/route.ts';
import {
  type AliasView,
  type Platform,
  PlatformError,
  type PlatformFailure,
} from '../../../src/ports/platform.ts';
import { setAlias, takeAlias } from '../../../src/runner/set-alias.ts';
import { id, on } from '../engine/story.ts';

const stamp = (token: number, seq: number): Stamp => ({
  environment: 'local',
  token,
  seq,
  rollout: id,
  back: '7',
});
const failure = (kind: PlatformFailure['kind']): PlatformError =>
  new PlatformError({ kind, action: 'x', message: kind });

/** An alias that obeys AWS's rule: a write counts only with the newest RevisionId. */
function aliasOf(target: AliasTarget, by: Stamp | undefined) {
  let revision = 1;
  let now: AliasView = { revisionId: 'rev-1', target, description: '', stamp: by };
  const log: string[] = [];
  const put = (next: AliasTarget, stampOf: Stamp | undefined): void => {
    now = { revisionId: `rev-${++revision}`, target: next, description: '', stamp: stampOf };
  };
  /** What comes between: run before the n-th call of its kind. */
  const before: { read: (() => void)[]; write: (() => void)[] } = { read: [], write: [] };
  /** What becomes of the n-th reply. */
  const lost: { read: (PlatformError | null)[]; write: (PlatformError | null)[] } = { read: [], write: [] };
  const platform = {
    readAlias: async () => {
      before.read.shift()?.();
      log.push('read');
      const error = lost.read.shift();
      if (error) throw error;
      return now;
    },
    writeAlias: async (_alias: string, write: { target: AliasTarget; stamp: Stamp; revisionId: string }) => {
      before.write.shift()?.();
      log.push(`write ${write.target.functionVersion} on ${write.revisionId}`);
      if (write.revisionId !== now.revisionId) return { kind: 'precondition' } as const;
      put(write.target, write.stamp);
      const error = lost.write.shift();
      if (error) throw error;
      return { kind: 'written', revisionId: now.revisionId } as const;
    },
  } as unknown as Platform;
  return { platform, put, log, before, lost, view: () => now };
}

const wish = { alias: 'live', target: on('8'), stamp: stamp(5, 20) };
const carried = { revisionId: 'rev-1', seq: 10 };

describe('one write from the revision of the last, read back', () => {
  it('lands', async () => {
    const alias = aliasOf(on('7'), stamp(5, 10));
    const outcome = await setAlias(alias.platform, wish, carried);
    expect(outcome).toEqual({ kind: 'set', view: alias.view() });
    expect(alias.view()).toMatchObject({ target: on('8'), stamp: stamp(5, 20) });
    expect(alias.log).toEqual(['write 8 on rev-1', 'read']);
  });

  it('that AWS holds back for provisioned concurrency has failed, and the next one gets there', async () => {
    const alias = aliasOf(on('7'), stamp(5, 10));
    alias.before.read.push(() => alias.put({ functionVersion: '8', weights: { 7: 1 } }, wish.stamp));
    const outcome = await setAlias(alias.platform, wish, carried);
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { message: expect.stringContaining('everybody on Lambda version 7 until 8 has') },
    });
    const again = { ...wish, stamp: stamp(5, 22) };
    expect(await setAlias(alias.platform, again, carried)).toMatchObject({
      kind: 'set',
      view: { target: on('8') },
    });
  });

  it.each([
    ['half of the users', { functionVersion: '8', weights: { 7: 0.5 } }, on('8')],
    ['a version that was not asked for', { functionVersion: '9', weights: { 7: 1 } }, on('8')],
    [
      'a split that was asked for',
      { functionVersion: '8', weights: { 7: 1 } },
      { functionVersion: '8', weights: { 7: 0.1 } },
    ],
  ])('is no such case with %s', async (_what, found, target) => {
    const alias = aliasOf(on('7'), stamp(5, 10));
    alias.before.read.push(() => alias.put(found, wish.stamp));
    expect(await setAlias(alias.platform, { ...wish, target }, carried)).toMatchObject({ kind: 'foreign' });
  });

  it('whose reply was lost is known by its stamp', async () => {
    const alias = aliasOf(on('7'), stamp(5, 10));
    alias.lost.write.push(failure('unknown'));
    expect(await setAlias(alias.platform, wish, carried)).toMatchObject({ kind: 'set' });
  });

  it('is not called foreign by a reading from before the write that it goes on from', async () => {
    const alias = aliasOf(on('7'), stamp(5, 10));
    const late = { ...alias.view(), revisionId: 'rev-0', stamp: stamp(4, 30) };
    const platform = { ...alias.platform, readAlias: () => Promise.resolve(late) };
    expect(await setAlias(platform, wish, { ...carried, hasLanded: true })).toMatchObject({
      kind: 'failed',
      error: { message: 'alias live was read as it was before its last writes' },
    });
    // Where it was taken, and not written before, an older owner's write may have come between.
    expect(await setAlias(platform, wish, carried)).toMatchObject({ kind: 'foreign' });
  });

  it('that never arrived has failed, and the same end is wanted again', async () => {
    const alias = aliasOf(on('7'), stamp(5, 10));
    const platform = { ...alias.platform, writeAlias: () => Promise.reject(failure('unknown')) };
    expect(await setAlias(platform, wish, carried)).toMatchObject({
      kind: 'failed',
      error: { failure: { kind: 'unknown' } },
    });
    expect(alias.view().target).toEqual(on('7'));
  });

  it.each(['denied', 'credentials', 'throttled', 'missing', 'refused'] as const)(
    'that is %s has failed, with nothing to read back',
    async (kind) => {
      const alias = aliasOf(on('7'), stamp(5, 10));
      const platform = { ...alias.platform, writeAlias: () => Promise.reject(failure(kind)) };
      expect(await setAlias(platform, wish, carried)).toMatchObject({
        kind: 'failed',
        error: { failure: { kind } },
      });
      expect(alias.log).toEqual([]);
    },
  );

  it('that cannot be read back has failed: nobody knows', async () => {
    const alias = aliasOf(on('7'), stamp(5, 10));
    alias.lost.read.push(failure('throttled'));
    expect(await setAlias(alias.platform, wish, carried)).toMatchObject({
      kind: 'failed',
      error: { message: 'throttled' },
    });
    const both = aliasOf(on('7'), stamp(5, 10));
    both.lost.write.push(failure('unknown'));
    both.lost.read.push(failure('throttled'));
    expect(await setAlias(both.platform, wish, carried)).toMatchObject({
      kind: 'failed',
      error: { message: 'unknown' },
    });
  });

  it('that was acknowledged and not done, or is read too early, has failed: never foreign', async () => {
    const alias = aliasOf(on('7'), stamp(5, 10));
    const before = alias.view();
    const written = { kind: 'written', revisionId: 'rev-9' } as const;
    const deaf = { ...alias.platform, writeAlias: () => Promise.resolve(written) };
    const failed = {
      kind: 'failed',
      error: { message: 'alias live serves what it did before it was written' },
    };
    expect(await setAlias(deaf, wish, carried)).toMatchObject(failed);
    const late = { ...alias.platform, readAlias: () => Promise.resolve(before) };
    expect(await setAlias(late, wish, carried)).toMatchObject(failed);
    // It had landed: the next try finds an earlier one of its own, and goes on from it.
    const again = { ...wish, stamp: stamp(5, 22) };
    expect(await setAlias(alias.platform, again, carried)).toMatchObject({ kind: 'set' });
  });

  it.each(['denied', 'credentials', 'throttled', 'missing', 'unknown'] as const)(
    'whose reading back is %s is not taken for done',
    async (kind) => {
      const alias = aliasOf(on('7'), stamp(5, 10));
      alias.lost.read.push(failure(kind));
      expect(await setAlias(alias.platform, wish, carried)).toMatchObject({
        kind: 'failed',
        error: { failure: { kind } },
      });
    },
  );

  it('that an earlier try of ours overtook goes out again, from the revision of that try', async () => {
    const alias = aliasOf(on('7'), stamp(5, 10));
    alias.before.write.push(() => alias.put(on('9'), stamp(5, 15)));
    expect(await setAlias(alias.platform, wish, carried)).toMatchObject({ kind: 'set' });
    expect(alias.log).toEqual(['write 8 on rev-1', 'read', 'write 8 on rev-2', 'read']);
    expect(alias.view()).toMatchObject({ target: on('8'), stamp: stamp(5, 20) });
  });

  it('goes over several late tries, and ends', async () => {
    const alias = aliasOf(on('7'), stamp(5, 10));
    alias.before.write.push(
      () => alias.put(on('9'), stamp(5, 12)),
      () => alias.put(on('9'), stamp(5, 15)),
    );
    expect(await setAlias(alias.platform, wish, carried)).toMatchObject({ kind: 'set' });
    expect(alias.log.filter((line) => line.startsWith('write'))).toHaveLength(3);
  });

  it.each([
    ['a newer token', stamp(6, 1), { kind: 'fenced', token: 6 }],
    ['nobody known', undefined, { kind: 'foreign' }],
    ['an older token', stamp(4, 90), { kind: 'foreign' }],
    ['our own, as long ago as the last', stamp(5, 10), { kind: 'foreign' }],
    ['our own, from later than the wish', stamp(5, 21), { kind: 'foreign' }],
  ] as const)('that %s overtook is not ours, and is not tried again', async (_name, by, expected) => {
    const alias = aliasOf(on('7'), stamp(5, 10));
    alias.before.write.push(() => alias.put(on('9'), by));
    expect(await setAlias(alias.platform, wish, carried)).toMatchObject(expected);
    expect(alias.log).toEqual(['write 8 on rev-1', 'read']);
    expect(alias.view().target).toEqual(on('9'));
  });

  it('that a rollback of this rollout overtook is foreign, and no late reading', async () => {
    const detail = { store: { id: '9f3c21ab', epoch: 1 }, writer: 'ffffffff', target: '7' } as const;
    for (const purpose of ['blind', 'back'] as const) {
      const alias = aliasOf(on('7'), stamp(5, 10));
      alias.before.write.push(() => alias.put(on('7'), { ...stamp(4, 0), detail: { ...detail, purpose } }));
      const landed = { ...carried, hasLanded: true } as const;
      expect(await setAlias(alias.platform, wish, landed)).toMatchObject({ kind: 'foreign' });
    }
  });

  it('that somebody changed before it was read back is foreign, though the stamp is ours', async () => {
    const alias = aliasOf(on('7'), stamp(5, 10));
    alias.before.read.push(() => alias.put({ functionVersion: '8', weights: { 9: 0.5 } }, stamp(5, 20)));
    expect(await setAlias(alias.platform, wish, carried)).toMatchObject({ kind: 'foreign' });
    const edited = aliasOf(on('7'), stamp(5, 10));
    edited.before.read.push(() => edited.put({ functionVersion: '8', weights: { 9: 0.5 } }, stamp(5, 20)));
    edited.lost.write.push(failure('unknown'));
    expect(await setAlias(edited.platform, wish, carried)).toMatchObject({ kind: 'foreign' });
  });

  it('lets a bug through', async () => {
    const alias = aliasOf(on('7'), stamp(5, 10));
    const bug = new Error('a bug');
    await expect(
      setAlias({ ...alias.platform, writeAlias: () => Promise.reject(bug) }, wish, carried),
    ).rejects.toBe(bug);
    await expect(
      setAlias({ ...alias.platform, readAlias: () => Promise.reject(bug) }, wish, carried),
    ).rejects.toBe(bug);
    const take = takeAlias(
      { ...alias.platform, readAlias: () => Promise.reject(bug) },
      'live',
      () => wish.stamp,
      () => on('8'),
    );
    await expect(take).rejects.toBe(bug);
  });
});

describe('taking over', () => {
  const take = (alias: ReturnType<typeof aliasOf>) =>
    takeAlias(
      alias.platform,
      'live',
      () => stamp(6, 30),
      (found) => found.target,
    );

  it('writes the new token from the revision just read, and leaves what is served', async () => {
    const alias = aliasOf({ functionVersion: '7', weights: { 8: 0.1 } }, stamp(5, 10));
    expect(await take(alias)).toMatchObject({ kind: 'set' });
    expect(alias.view()).toMatchObject({
      target: { functionVersion: '7', weights: { 8: 0.1 } },
      stamp: stamp(6, 30),
    });
    expect(alias.log).toEqual(['read', 'write 7 on rev-1', 'read']);
  });

  it('kills every older revision: a write under way with one changes nothing', async () => {
    const alias = aliasOf(on('7'), stamp(5, 10));
    const old = alias.view().revisionId;
    await take(alias);
    expect(await setAlias(alias.platform, wish, { revisionId: old, seq: 10 })).toEqual({
      kind: 'fenced',
      token: 6,
    });
    expect(alias.view().target).toEqual(on('7'));
  });

  it('reads again where an older owner, or a person, came between', async () => {
    const alias = aliasOf(on('7'), stamp(5, 10));
    alias.before.write.push(
      () => alias.put(on('8'), stamp(5, 20)),
      () => alias.put(on('9'), undefined),
    );
    expect(await take(alias)).toMatchObject({ kind: 'set', view: { target: on('9') } });
  });

  it('gives up after some rounds, for then it is nobody slow but a war', async () => {
    const alias = aliasOf(on('7'), stamp(5, 10));
    alias.before.write.push(
      ...Array.from({ length: 9 }, (_, at) => () => alias.put(on(String(at)), undefined)),
    );
    // Whatever is there is to be taken, so that there is nobody's edit to respect: it is tried again after a pause.
    expect(await take(alias)).toMatchObject({
      kind: 'failed',
      error: { message: 'alias live was changed by somebody else between each reading and writing' },
    });
    expect(alias.log.filter((line) => line.startsWith('write'))).toHaveLength(5);
  });

  it('never writes over a newer token', async () => {
    const alias = aliasOf(on('7'), stamp(7, 1));
    expect(await take(alias)).toEqual({ kind: 'fenced', token: 7 });
    expect(alias.log).toEqual(['read']);
  });

  it('says so where the alias cannot be read, or not be written', async () => {
    const deaf = aliasOf(on('7'), stamp(5, 10));
    deaf.lost.read.push(failure('throttled'));
    expect(await take(deaf)).toMatchObject({ kind: 'failed', error: { message: 'throttled' } });
    const dumb = aliasOf(on('7'), stamp(5, 10));
    dumb.lost.write.push(failure('denied'));
    expect(await take(dumb)).toMatchObject({ kind: 'failed', error: { message: 'denied' } });
  });
});
