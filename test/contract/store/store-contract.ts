import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { instant, rolloutId, versionTag } from '../../../src/domain/units.ts';
import type { Service, VersionRecord } from '../../../src/domain/registry.ts';
import { UserError } from '../../../src/domain/user-error.ts';
import { PlatformError } from '../../../src/ports/platform.ts';
import type { Store } from '../../../src/ports/store.ts';
import { actor, append, everything, held, R1, R2, request, take, V1, V2, version } from './samples.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** Another instance over the same place, as another process would open it. */
  reopen(): Promise<Store>;
  dispose(): Promise<void>;
  /** From now on what is written is refused, and what is read is there: a full disk, PutItem denied. */
  readOnly?(isOn: boolean): void;
}

const kindOf = (error: unknown): readonly unknown[] =>
  error instanceof UserError
    ? [error.fault]
    : error instanceof PlatformError
      ? [error.failure.kind]
      : [error];

/** What every Store owes its callers, whatever it is made of. `appends`: how many race, where each takes long. */
export function storeContract(
  name: string,
  makeStore: () => Promise<StoreUnderTest>,
  { appends = 100 }: { readonly appends?: number } = {},
): void {
  describe(`${name} keeps the store's contract`, () => {
    let place: StoreUnderTest;
    let store: Store;
    beforeEach(async () => {
      place = await makeStore();
      store = place.store;
    });
    afterEach(() => place.dispose());

    describe('empty', () => {
      it('has a lock that nobody has taken, and nothing else', async () => {
        expect(await everything(store)).toEqual({
          lock: { token: 0, owner: null, rollout: null, takenAt: 0, beat: 0 },
          rollouts: [],
          versions: [],
          journals: [[], []],
          inboxes: [[], []],
        });
        expect(await store.version(V1)).toBeUndefined();
      });

      it('lets nobody write under the token that nobody was given', async () => {
        expect(await append(store, 0, 0)).toMatchObject({ kind: 'fenced', lock: { token: 0 } });
        expect(await store.beat(0)).toBe(false);
        expect(await store.release(0)).toBe(false);
        expect(await store.change(0, [])).toBe(false);
      });
    });

    describe('a snapshot of a journal', () => {
      const text = JSON.stringify({ odd: 'quotes " and \\ and \n lines, ünïcödé \u2028 🦆' });

      it('is none at first, and then the last that was kept, also for others', async () => {
        await append(store, await take(store), 0);
        expect(await store.snapshot(R1)).toBeUndefined();
        await store.keepSnapshot(R1, { length: 1, text: 'older' });
        await store.keepSnapshot(R1, { length: 1, text });
        expect(await store.snapshot(R1)).toEqual({ length: 1, text });
        expect(await (await place.reopen()).snapshot(R1)).toEqual({ length: 1, text });
        expect(await store.snapshot(R2)).toBeUndefined();
      });

      it('is no part of the history: neither lock nor journals nor registry tell of it', async () => {
        await store.register(version(V1));
        const token = await take(store);
        await append(store, token, 0);
        const before = await everything(store);
        await store.keepSnapshot(R1, { length: 1, text });
        expect(await everything(store)).toEqual(before);
        expect(await everything(await place.reopen())).toEqual(before);
        expect(await append(store, token, 1)).toMatchObject({ kind: 'appended' });
      });

      it('hides nothing that is written after it, nor before', async () => {
        await store.register(version(V1));
        const first = await take(store);
        for (let length = 0; length < 5; length++) await append(store, first, length);
        await store.post(R1, request('q1'));
        await store.keepSnapshot(R1, { length: 5, text });
        const other = await place.reopen();
        expect((await other.journal(R1, 4)).map(({ seq }) => seq)).toEqual([4]);
        const second = await take(other, 'bob');
        expect(second).toBe(first + 1);
        expect(await append(other, second, 5)).toMatchObject({ kind: 'appended' });
        expect(await append(store, first, 6)).toMatchObject({ kind: 'fenced' });
        await other.post(R1, request('q2'));
        expect((await other.journal(R1, 5)).map(({ seq }) => seq)).toEqual([5]);
        const late = await place.reopen();
        expect(await late.writerOf(first)).toBe(await store.writerOf(first));
        expect(await late.writerOf(99)).toBeUndefined();
        expect(await everything(late)).toEqual(await everything(store));
        expect((await late.journal(R1)).map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5]);
      });
    });

    describe('that can be read and not written', () => {
      it('answers what it is asked, refuses what it is told as unavailable or denied, and loses nothing', async () => {
        if (place.readOnly === undefined) return;
        await store.register(version(V1));
        const token = await take(store);
        await append(store, token, 0);
        const before = await everything(store);
        const { writer } = await store.lock();
        place.readOnly(true);
        const writes: readonly (() => Promise<unknown>)[] = [
          () => append(store, token, 1),
          () => take(store),
          () => store.beat(token),
          () => store.release(token),
          () => store.post(R1, request('q1')),
          () => store.change(token, [{ version: V1, set: { status: 'champion' } }]),
        ];
        for (const write of writes) {
          const refusal: unknown = await write().catch((error: unknown) => error);
          expect([['unavailable'], ['denied']]).toContainEqual(kindOf(refusal));
          expect(await everything(store)).toEqual(before);
          expect(await store.writerOf(token)).toBe(writer);
        }
        place.readOnly(false);
        expect(await append(store, token, 1)).toMatchObject({ kind: 'appended' });
      });
    });

    describe('the lock', () => {
      const wanted = { owner: actor('ann'), rollout: R1, takeOver: false, at: instant(100) };

      it('is acquired with all that was said about the owner', async () => {
        const { lock, kind } = await store.acquire(wanted);
        expect(kind).toBe('acquired');
        expect(lock).toMatchObject({ token: 1, owner: actor('ann'), rollout: R1, takenAt: 100 });
        expect(await store.lock()).toEqual(lock);
      });

      it('is held while it has an owner, the same person included', async () => {
        const first = await store.acquire(wanted);
        const second = await store.acquire({ ...wanted, rollout: R2, at: instant(200) });
        expect(second).toEqual({ kind: 'held', lock: first.lock });
        expect(await store.lock()).toEqual(first.lock);
      });

      it('can be taken over, under the next token', async () => {
        await store.acquire(wanted);
        const taken = await store.acquire({ ...wanted, owner: actor('bob'), takeOver: true });
        expect(taken).toMatchObject({ kind: 'acquired', lock: { token: 2, owner: actor('bob') } });
      });

      it('is left with whoever came first, where it was wanted from somebody else', async () => {
        const first = await store.acquire(wanted);
        const second = await store.acquire({ ...wanted, owner: actor('bob'), takeOver: true });
        const late = { ...wanted, takeOver: true, ifToken: first.lock.token };
        expect(await store.acquire(late)).toEqual({ kind: 'held', lock: second.lock });
        expect(await store.lock()).toEqual(second.lock);
        const timely = { ...late, ifToken: second.lock.token };
        expect(await store.acquire(timely)).toMatchObject({ kind: 'acquired', lock: { token: 3 } });
        await store.release(3);
        expect(await store.acquire({ ...timely, takeOver: false })).toMatchObject({ kind: 'held' });
        expect(await store.acquire({ ...timely, ifToken: 3 })).toMatchObject({ lock: { token: 4 } });
      });

      it('keeps its token when released, and gives the next one after that', async () => {
        const token = await take(store);
        expect(await store.release(token)).toBe(true);
        expect(await store.lock()).toMatchObject({ token, owner: null, rollout: null });
        expect(await store.acquire(wanted)).toMatchObject({ kind: 'acquired', lock: { token: token + 1 } });
      });

      it.each([
        { atLeast: 41, token: 42 },
        { atLeast: 1, token: 3 },
        { atLeast: 0, token: 3 },
      ])('after token 2 and at least $atLeast comes $token', async ({ atLeast, token }) => {
        await take(store);
        await take(store);
        const taken = await store.acquire({ ...wanted, takeOver: true, atLeast });
        expect(taken).toMatchObject({ kind: 'acquired', lock: { token } });
      });

      it('names the store and a writer of its own for each token, and remembers every writer', async () => {
        expect(await store.lock()).not.toHaveProperty('store');
        const first = (await store.acquire(wanted)).lock;
        const second = (await store.acquire({ ...wanted, takeOver: true, atLeast: 7 })).lock;
        expect(first).toMatchObject({
          writer: expect.stringMatching(/^[0-9a-f]{8}$/),
          store: { id: expect.stringMatching(/^[0-9a-f]{8}$/), epoch: 1 },
        });
        expect(second.store).toEqual(first.store);
        expect(second.writer).not.toBe(first.writer);
        const again = await place.reopen();
        expect(await again.lock()).toEqual(second);
        await again.release(second.token);
        expect(await again.lock()).toMatchObject({ writer: second.writer, store: first.store });
        const writers = await Promise.all([1, 2, 8].map((token) => again.writerOf(token)));
        expect(writers).toEqual([first.writer, undefined, second.writer]);
      });

      it('is given to nobody once another store has taken the place of this one', async () => {
        const token = await take(store);
        await append(store, token, 0);
        const by = { id: '0badcafe', epoch: 2 };
        await store.seal(by);
        await store.seal({ id: 'ffffffff', epoch: 3 });
        const sealed = await place.reopen();
        expect(await sealed.lock()).toMatchObject({ token, owner: null, sealedBy: by });
        await expect(sealed.acquire({ ...wanted, takeOver: true })).rejects.toMatchObject({
          fault: 'conflict',
          message: "another store took this one's place: store 0badcafe, epoch 2",
        });
        expect(await append(sealed, token, 1)).toMatchObject({ kind: 'fenced' });
        expect(await sealed.beat(token)).toBe(false);
        expect(await sealed.journal(R1)).toHaveLength(1);
      });

      it('that takes another store’s place gives a token to nobody else until it has', async () => {
        const token = await take(store);
        const { store: own } = await store.lock();
        await store.seal({ id: '0badcafe', epoch: 6 });
        const found = { id: '0badcafe', epoch: 6, token: 40 };
        const at = wanted.at;
        const lock = await store.restore({
          owner: actor('ana'),
          rollout: R2,
          epoch: 6,
          atLeast: 40,
          supersedes: [found],
          at,
        });
        expect(lock).toMatchObject({ token: 41, rollout: R2, restoring: true, store: { epoch: 7 } });
        expect(lock.store?.supersedes).toEqual([found, { id: own?.id, epoch: 1, token }]);
        expect(lock.store?.id).not.toBe(own?.id);
        const restoring = await place.reopen();
        expect(await restoring.lock()).toEqual(lock);
        expect(await restoring.writerOf(41)).toBe(lock.writer);
        await expect(restoring.acquire({ ...wanted, takeOver: true })).rejects.toMatchObject({
          fault: 'conflict',
        });
        expect(await append(restoring, token, 0)).toMatchObject({ kind: 'fenced' });
        expect(await append(restoring, 41, 0)).toMatchObject({ kind: 'appended' });
        expect(await store.restored(token)).toBe(false);
        expect(await store.restored(41)).toBe(true);
        expect(await store.restored(41)).toBe(true);
        const after = await (await place.reopen()).lock();
        expect(after).toMatchObject({ token: 41, owner: null, store: lock.store });
        expect(after).not.toHaveProperty('restoring');
        expect(await take(store)).toBe(42);
      });

      it('can take another one’s place again where it was cut off', async () => {
        const request = {
          owner: actor('ana'),
          rollout: R1,
          epoch: 0,
          atLeast: 0,
          supersedes: [],
          at: wanted.at,
        };
        const first = await store.restore(request);
        const second = await store.restore({ ...request, rollout: R2 });
        expect(second).toMatchObject({ token: 2, rollout: R2, restoring: true, store: { epoch: 2 } });
        expect(second.store?.supersedes).toEqual([{ id: first.store?.id, epoch: 1, token: 1 }]);
        expect(await store.restored(first.token)).toBe(false);
        expect(await store.restored(second.token)).toBe(true);
      });

      it('can belong to no rollout', async () => {
        expect(await store.acquire({ ...wanted, rollout: null })).toMatchObject({ lock: { rollout: null } });
      });

      it('may be released twice, for the first answer may have been lost', async () => {
        const token = await take(store);
        expect(await store.release(token)).toBe(true);
        expect(await store.release(token)).toBe(true);
        expect(await append(store, token, 0)).toMatchObject({ kind: 'appended' });
      });

      it('says when its owner last showed that it lives, until somebody else takes it', async () => {
        const token = await take(store);
        expect((await store.lock()).seenAt).toBeUndefined();
        expect(await store.beat(token, instant(5_000))).toBe(true);
        expect(await store.lock()).toMatchObject({ token, seenAt: 5_000 });
        expect(await store.beat(token, instant(10_000))).toBe(true);
        expect((await store.lock()).seenAt).toBe(10_000);
        await append(store, token, 0);
        expect((await store.lock()).seenAt).toBe(10_000);
        // An mlreg before this one beats without a time.
        expect(await store.beat(token)).toBe(true);
        expect((await store.lock()).seenAt).toBe(10_000);
        await take(store);
        expect((await store.lock()).seenAt).toBeUndefined();
        expect(await store.beat(token, instant(15_000))).toBe(false);
        expect((await store.lock()).seenAt).toBeUndefined();
      });

      it('shows every write of its owner in its beat', async () => {
        await store.register(version(V1));
        const token = await take(store);
        const beats = [(await store.lock()).beat];
        const after = async (write: Promise<unknown>): Promise<void> => {
          await write;
          beats.push((await store.lock()).beat);
        };
        await after(store.beat(token));
        await after(append(store, token, 0));
        await after(store.change(token, [{ version: V1, set: { statusReason: 'gc' } }]));
        await after(take(store));
        expect(new Set(beats).size).toBe(beats.length);
        const before = await store.lock();
        await store.post(R1, request('q1'));
        expect(await store.lock()).toEqual(before);
      });
    });

    describe('an old token', () => {
      it('can do nothing any more, and is told who can', async () => {
        await store.register(version(V1));
        const old = await take(store, 'ann');
        await append(store, old, 0);
        const token = await take(store, 'bob', 2);
        const before = await everything(store);
        const change = { version: V1, set: { status: 'champion' } } as const;
        expect(await append(store, old, 1, { changes: [change] })).toEqual({
          kind: 'fenced',
          lock: await store.lock(),
        });
        expect(await append(store, old, 0)).toMatchObject({ kind: 'fenced' });
        expect(await append(store, token + 1, 1)).toMatchObject({ kind: 'fenced', lock: { token } });
        expect(await store.beat(old)).toBe(false);
        expect(await store.release(old)).toBe(false);
        expect(await store.change(old, [change])).toBe(false);
        expect(await everything(store)).toEqual(before);
      });
    });

    describe('a journal', () => {
      it('numbers its entries without gaps, with time and token', async () => {
        const token = await take(store);
        const appended = await append(store, token, 0, { at: instant(11), entries: [held('a'), held()] });
        const more = await append(store, await take(store, 'bob'), 2, {
          at: instant(12),
          entries: [held('c')],
        });
        const entries = [
          { kind: 'held', why: 'a', seq: 0, at: 11, token },
          { ...held(), seq: 1, at: 11, token },
          { kind: 'held', why: 'c', seq: 2, at: 12, token: token + 1 },
        ];
        expect(appended).toEqual({ kind: 'appended', entries: entries.slice(0, 2) });
        expect(more).toEqual({ kind: 'appended', entries: entries.slice(2) });
        expect(await store.journal(R1)).toEqual(entries);
      });

      it.each([0, 1, 2, 3, 4, 5, 9])('can be read from entry %i on', async (from) => {
        const token = await take(store);
        await append(store, token, 0, { entries: [held('0'), held('1')] });
        await append(store, token, 2, { entries: [held('2'), held('3'), held('4')] });
        const seqs = (await store.journal(R1, from)).map(({ seq }) => seq);
        expect(seqs).toEqual([0, 1, 2, 3, 4].slice(from));
      });

      it('is appended to only where it ends', async () => {
        const token = await take(store);
        await append(store, token, 0, { entries: [held('a'), held('b')] });
        for (const length of [0, 1, 3]) {
          expect(await append(store, token, length)).toEqual({ kind: 'moved', length: 2 });
        }
        expect(await store.journal(R1)).toHaveLength(2);
        expect(await append(store, token, 1, { rollout: R2 })).toEqual({ kind: 'moved', length: 0 });
      });

      it('is one of many, the newest first', async () => {
        const token = await take(store);
        const ids = ['r-b', 'r-c', 'r-a'].map(rolloutId);
        for (const [at, rollout] of ids.entries()) {
          await append(store, token, 0, { rollout, at: instant(20 + at), entries: [held(rollout)] });
        }
        await append(store, token, 1, { rollout: ids[0]!, at: instant(30) });
        expect(await store.rollouts()).toEqual(ids.toReversed());
        expect(await store.journal(ids[1]!)).toMatchObject([{ why: 'r-c', seq: 0 }]);
        expect(await store.journal(R1)).toEqual([]);
      });

      it('holds large entries whole', async () => {
        const token = await take(store);
        await append(store, token, 0, { entries: [held('x'.repeat(200_000))] });
        expect(await (await place.reopen()).journal(R1)).toMatchObject([{ why: 'x'.repeat(200_000) }]);
      });
    });

    describe('the registry', () => {
      it('holds versions in the order registered', async () => {
        expect(await store.register(version(V2, 1))).toBe(true);
        expect(await store.register(version(V1, 2))).toBe(true);
        expect(await store.versions()).toEqual([version(V2, 1), version(V1, 2)]);
        expect(await store.version(V1)).toEqual(version(V1, 2));
      });

      it.each([1.2e16, -1.2e16, 3e23, 1.7e308, 1e-200, 5e-324, 1e126, 1e-130, 9_007_199_254_740_993, 0.1, 0])(
        'reads a metric back as it was given: %s',
        async (value) => {
          expect(await store.register({ ...version(V1), metrics: { value } })).toBe(true);
          expect((await store.version(V1))?.metrics).toEqual({ value });
          const again = await place.reopen();
          expect((await again.versions()).map(({ metrics }) => metrics)).toEqual([{ value }]);
        },
      );

      it('keeps a zero without its sign', async () => {
        await store.register({ ...version(V1), metrics: { value: -0 } });
        expect(Object.is((await store.version(V1))?.metrics.value, 0)).toBe(true);
      });

      it.each([Infinity, -Infinity, NaN])('refuses a metric that no store can keep: %s', async (value) => {
        await expect(store.register({ ...version(V1), metrics: { auc: 0.9, value } })).rejects.toMatchObject({
          fault: 'usage',
          message: expect.stringContaining('metric value is') as string,
        });
        expect(await store.versions()).toEqual([]);
        // The store is as good as before.
        expect(await store.register(version(V1))).toBe(true);
      });

      it('keeps all that a version may have', async () => {
        await store.register(version(V1));
        const token = await take(store);
        const set = {
          tombstone: { at: instant(3), endpoint: 'e' },
          retiredAt: instant(4),
          retireAfter: instant(5),
          functionVersion: '7',
        };
        await store.change(token, [{ version: V1, set }]);
        expect((await (await place.reopen()).versions())[0]).toEqual({ ...version(V1), ...set });
      });

      it('registers a version once', async () => {
        await store.register(version(V1));
        expect(await store.register({ ...version(V1), registeredBy: 'bob' })).toBe(false);
        expect(await store.version(V1)).toEqual(version(V1));
      });

      it('changes what is set and leaves the rest', async () => {
        await store.register(version(V1));
        await store.register(version(V2));
        const token = await take(store);
        const endpoint = { name: 'recs-prod-v1', generation: 1 };
        expect(
          await store.change(token, [{ version: V1, set: { status: 'challenger', endpoint, rollout: R1 } }]),
        ).toBe(true);
        const changed = { ...version(V1), status: 'challenger', endpoint, rollout: R1 };
        expect(await store.version(V1)).toEqual(changed);
        expect(await store.version(V2)).toEqual(version(V2));
        await store.change(token, [
          { version: V1, set: { status: 'champion' } },
          { version: V2, set: { status: 'archived' } },
        ]);
        expect(await store.versions()).toEqual([
          { ...changed, status: 'champion' },
          { ...version(V2), status: 'archived' },
        ]);
      });

      it('keeps the generations of a version apart', async () => {
        const [first, second] = [versionTag('v1'), versionTag('v1#2')];
        await store.register(version(first, 1));
        await store.register(version(second, 2));
        const token = await take(store);
        await store.change(token, [{ version: second, set: { status: 'champion' } }]);
        const kept = await place.reopen();
        expect((await kept.versions()).map((one) => [one.version, one.status])).toEqual([
          ['v1', 'candidate'],
          ['v1#2', 'champion'],
        ]);
        expect(await kept.version(second)).toMatchObject({ version: 'v1#2', registeredAt: 2 });
      });

      it('keeps every field of a record, for whoever opens it next', async () => {
        await store.register(version(V1));
        const token = await take(store);
        const at = instant(7);
        const service = {
          functionVersion: '5',
          endpoint: 'recs-prod-v1',
          routing: 'sticky',
          codeSha256: 'c0de',
          since: at,
          rollout: R1,
          left: { at, why: 'rollback', reason: 'complaints', rollout: R2 },
          assumed: true,
        } as const satisfies Required<Service>;
        const whole: Required<VersionRecord> = {
          ...version(V1),
          rollout: R1,
          endpoint: { name: 'recs-prod-v1', generation: 2 },
          functionVersion: '5',
          services: [{ functionVersion: '3', endpoint: 'recs-prod-v1', since: at }, service],
          serving: {
            image: 'models:1',
            roleArn: 'arn:aws:iam::123456789012:role/models',
            memoryMb: 2048,
            maxConcurrency: 10,
            variables: ['MODEL_THREADS'],
          },
          tombstone: { at, endpoint: 'recs-prod-v1' },
          retiredAt: at,
          adopted: true,
          retireAfter: at,
        };
        const { version: tag, ...set } = whole;
        await store.change(token, [{ version: tag, set }]);
        expect(await (await place.reopen()).version(V1)).toEqual(whole);
      });

      it('changes in the same write as the journal, or not at all', async () => {
        await store.register(version(V1));
        const token = await take(store);
        const changes = [{ version: V1, set: { status: 'champion', statusReason: 'promoted' } }] as const;
        await append(store, token, 5, { changes });
        expect(await store.version(V1)).toEqual(version(V1));
        await append(store, token, 0, { changes });
        expect(await store.version(V1)).toMatchObject({ status: 'champion', statusReason: 'promoted' });
        expect(await store.journal(R1)).toHaveLength(1);
      });

      it('refuses to change what was never registered, and all that came with it', async () => {
        await store.register(version(V1));
        const token = await take(store);
        const before = await everything(store);
        const changes = [V1, V2].map((tag) => ({ version: tag, set: { status: 'champion' } }) as const);
        await expect(store.change(token, changes)).rejects.toMatchObject({ fault: 'conflict' });
        await expect(append(store, token, 0, { changes })).rejects.toThrow(/v2\.0\.0/);
        expect(await everything(store)).toEqual(before);
        expect(await append(store, token, 0)).toMatchObject({ kind: 'appended' });
      });
    });

    describe('an inbox', () => {
      it('keeps requests in the order posted, with no lock at all', async () => {
        for (const id of ['q1', 'q2', 'q3']) await store.post(R1, request(id));
        await store.post(R2, request('other'));
        expect(await store.inbox(R1, 0)).toEqual(['q1', 'q2', 'q3'].map(request));
        expect((await store.inbox(R1, 2)).map(({ id }) => id)).toEqual(['q3']);
        expect(await store.inbox(R1, 3)).toEqual([]);
        expect(await store.inbox(rolloutId('r-none'), 0)).toEqual([]);
        expect(await store.rollouts()).toEqual([]);
      });
    });

    describe('what each channel has been told', () => {
      it('is kept by rollout, needs no lock, and never goes back', async () => {
        const token = await take(store);
        await append(store, token, 0, { entries: [held(), held(), held()] });
        expect(await store.told(R1)).toEqual({});
        await store.setTold(R1, 'sns', 1);
        await store.setTold(R1, 'slack', 3);
        await take(store, 'bob');
        await store.setTold(R1, 'sns', 2);
        await store.setTold(R1, 'slack', 1);
        expect(await store.told(R1)).toEqual({ sns: 2, slack: 3 });
        expect(await (await place.reopen()).told(R1)).toEqual({ sns: 2, slack: 3 });
        expect(await append(store, token + 1, 3)).toMatchObject({ kind: 'appended' });
        expect(await store.told(R1)).toEqual({ sns: 2, slack: 3 });
      });

      it('is nothing for a rollout that is not there', async () => {
        await store.setTold(R2, 'sns', 4);
        expect(await store.told(R2)).toEqual({});
        expect(await store.rollouts()).toEqual([]);
      });
    });

    describe('two instances', () => {
      it('see one another at once', async () => {
        const other = await place.reopen();
        await store.register(version(V1));
        expect(await other.version(V1)).toEqual(version(V1));
        const token = await take(other, 'bob');
        expect(await store.lock()).toMatchObject({ token, owner: actor('bob') });
        await append(store, token, 0);
        expect(await append(other, token, 0)).toEqual({ kind: 'moved', length: 1 });
        await append(other, token, 1);
        await store.post(R1, request('q1'));
        await other.release(token);
        expect(await everything(store)).toEqual(await everything(other));
        expect(await everything(await place.reopen())).toEqual(await everything(store));
      });

      it('never both take the lock', async () => {
        const stores = [store, await place.reopen()];
        const taken = await Promise.all(
          Array.from({ length: 20 }, (_, n) =>
            stores[n % 2]!.acquire({ owner: actor(`n${n}`), rollout: null, takeOver: false, at: instant(n) }),
          ),
        );
        const winners = taken.filter(({ kind }) => kind === 'acquired');
        expect(winners).toHaveLength(1);
        expect(await store.lock()).toEqual(winners[0]!.lock);
        for (const outcome of taken) expect(outcome.lock).toEqual(winners[0]!.lock);
      });

      it('never give one token twice', async () => {
        const stores = [store, await place.reopen()];
        const tokens = await Promise.all(Array.from({ length: 20 }, (_, n) => take(stores[n % 2]!)));
        expect(tokens.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
      });

      it('of equal writes at the same length exactly one wins', async () => {
        const stores = [store, await place.reopen()];
        const token = await take(store);
        for (let length = 0; length < 10; length++) {
          const outcomes = await Promise.all(stores.map((one) => append(one, token, length)));
          expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['appended', 'moved']);
        }
        expect(await store.journal(R1)).toHaveLength(10);
      });

      it('register the same version at once: one is told so', async () => {
        const stores = [store, await place.reopen()];
        const outcomes = await Promise.all(stores.map((one) => one.register(version(V1))));
        expect(outcomes.toSorted()).toEqual([false, true]);
      });

      it('append many times each at once: nothing lost, no gap', async () => {
        const stores = [store, await place.reopen()];
        const token = await take(store);
        const untilAppended = async (one: Store, why: string): Promise<void> => {
          let length = 0;
          for (let tries = 0; tries < 1_000; tries++) {
            const outcome = await append(one, token, length, { entries: [held(why)] });
            if (outcome.kind === 'appended') return;
            if (outcome.kind === 'moved') length = outcome.length;
          }
          throw new Error(`${why} was never appended`);
        };
        await Promise.all(Array.from({ length: appends }, (_, n) => untilAppended(stores[n % 2]!, `n${n}`)));
        const journal = await (await place.reopen()).journal(R1);
        expect(journal.map(({ seq }) => seq)).toEqual(Array.from({ length: appends }, (_, n) => n));
        expect(new Set(journal.map((entry) => entry.kind === 'held' && entry.why)).size).toBe(appends);
      });

      it('post at once: each request is there once', async () => {
        const stores = [store, await place.reopen()];
        await Promise.all(Array.from({ length: 20 }, (_, n) => stores[n % 2]!.post(R1, request(`q${n}`))));
        const ids = (await store.inbox(R1, 0)).map(({ id }) => id);
        expect(ids.toSorted()).toEqual(Array.from({ length: 20 }, (_, n) => `q${n}`).toSorted());
        expect(await stores[1]!.inbox(R1, 7)).toEqual((await store.inbox(R1, 0)).slice(7));
      });
    });
  });
}
