import { describe, expect, it } from 'vitest';
import { type Instant, later } from '../../../src/domain/units.ts';
import type { Store } from '../../../src/ports/store.ts';
import { Fenced, openJournal } from '../../../src/runner/journal-writer.ts';
import { memoryPlace, openMemoryStore } from '../../support/memory-store.ts';
import { actor } from '../../support/model-world.ts';
import { began, id, plan, rollingBack, started, stepDone } from '../engine/story.ts';

type Fate = 'error' | 'lost';

async function journal() {
  const place = memoryPlace();
  const store = openMemoryStore(place);
  const take = (name: string) =>
    store.acquire({ owner: actor(name), rollout: id, takeOver: true, at: began });
  await take('ana');
  await store.append({ rollout: id, token: 1, length: 0, at: began, entries: [started(plan)] });
  const fates: (Fate | null)[] = [];
  const heard: string[] = [];
  const flaky: Store = {
    ...store,
    append: async (request) => {
      const fate = fates.shift();
      if (fate === 'error') throw new Error('no answer');
      const outcome = await store.append(request);
      if (fate === 'lost') throw new Error('no answer');
      return outcome;
    },
  };
  const writer = await openJournal(flaky, id, 1, (entry, state) =>
    heard.push(`${entry.seq} ${entry.kind} -> step ${state.step}`),
  );
  const kinds = async (): Promise<readonly string[]> => (await store.journal(id)).map(({ kind }) => kind);
  return { store, take, fates, heard, writer, kinds };
}

const at: Instant = later(began, 1_000);

describe('the journal as its owner writes it', () => {
  it('moves with the state, and tells of each entry', async () => {
    const { writer, heard, kinds } = await journal();
    await writer.append(at, [stepDone(0), stepDone(1)]);
    expect([writer.state().step, writer.state().length, writer.wroteAt(), writer.owed()]).toEqual([
      2,
      3,
      at,
      0,
    ]);
    expect(heard).toEqual(['1 step-done -> step 1', '2 step-done -> step 2']);
    expect(await kinds()).toEqual(['started', 'step-done', 'step-done']);
    writer.beaten(later(at, 5));
    expect(writer.wroteAt()).toBe(later(at, 5));
  });

  it('changes the registry in the same write', async () => {
    const { writer } = await journal();
    await expect(writer.append(at, [stepDone(0)], [{ version: 'v9' as never, set: {} }])).rejects.toThrow(
      'v9 is not in the registry',
    );
    expect(writer.state().step).toBe(0);
  });

  it.each(['error', 'lost'] as const)('going forward an %s stops it, and nothing is told', async (fate) => {
    const { writer, fates, heard } = await journal();
    fates.push(fate);
    await expect(writer.append(at, [stepDone(0)])).rejects.toThrow('no answer');
    expect([writer.state().step, writer.owed(), heard]).toEqual([0, 0, []]);
  });

  it.each([
    ['error', ['error', 'error']],
    ['lost', ['lost', 'error']],
    ['lost twice', ['lost', 'lost']],
  ] as const)('on the way back it goes on and owes its entries: %s', async (_name, fate) => {
    const { writer, fates, kinds } = await journal();
    fates.push(...fate);
    await writer.append(at, [rollingBack]);
    await writer.append(at, [{ kind: 'held', why: 'x' }]);
    expect([writer.state().phase, writer.owed()]).toEqual(['rolling-back', 2]);
    await writer.append(at, [{ kind: 'repaired', what: 'x' }]);
    expect(writer.owed()).toBe(0);
    expect(await kinds()).toEqual(['started', 'rolling-back', 'held', 'repaired']);
    expect(writer.state().length).toBe(4);
  });

  it('is over where somebody owns the environment under a newer token, also on the way back', async () => {
    const { writer, take, store } = await journal();
    await writer.append(at, [rollingBack]);
    await take('bob');
    await expect(writer.append(at, [{ kind: 'held', why: 'x' }])).rejects.toThrow(
      new Fenced('bob on here (pid 1, mlreg deploy)'),
    );
    await store.release(2);
    await expect(writer.append(at, [{ kind: 'held', why: 'x' }])).rejects.toThrow('taken over by token 2');
    expect(writer.owed()).toBe(0);
  });

  it('is not written over where it is longer than its owner knows', async () => {
    const { writer, store } = await journal();
    const odd = { rollout: id, token: 1, length: 1, at, entries: [stepDone(0), stepDone(1)] };
    await store.append(odd);
    await expect(writer.append(at, [stepDone(0)])).rejects.toThrow(
      'journal of r-1 has 3 entries, expected 1',
    );
  });

  it('is not opened by an owner whose lock somebody took while it was read', async () => {
    const { store, take } = await journal();
    const late: Store = {
      ...store,
      journal: async (...asked) => {
        const entries = await store.journal(...asked);
        await take('bob');
        return entries;
      },
    };
    await expect(openJournal(late, id, 1, () => undefined)).rejects.toThrow(
      new Fenced('bob on here (pid 1, mlreg deploy)'),
    );
  });

  it('is not opened where another store took the place of this one', async () => {
    const { store } = await journal();
    await store.seal({ id: 'ffffffff', epoch: 2 });
    await expect(openJournal(store, id, 1, () => undefined)).rejects.toThrow(Fenced);
  });
});
