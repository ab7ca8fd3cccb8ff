import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { kept, place, runs, seenFrom, users } from '../support/backup-scene.ts';
import type { CliWorld } from '../support/cli-world.ts';
import { keptInFile, keptInTable, type KeptStore } from '../support/kept-stores.ts';
import { expectWell } from '../support/recovered.ts';
import { marks, movedOn } from '../support/restore-routes.ts';

describe('mlreg restore, cut off', () => {
  class Crash extends Error {}

  /** From its nth call on a process is dead. */
  function dying(own: KeptStore, cli: CliWorld, dies: number): { calls: () => number } {
    let calls = 0;
    let isTaking = false;
    const step = (name: string): void => {
      // Before that nothing is written.
      isTaking ||= name.startsWith('take');
      if (isTaking && ++calls > dies) throw new Crash(name);
    };
    const mortal = <T extends object>(of: T): T =>
      new Proxy(of, {
        get: (from, name: string) => {
          const found = Reflect.get(from, name) as unknown;
          if (typeof found !== 'function' || name === 'then') return found;
          return async (...given: unknown[]) => {
            step(`${name} before`);
            const value = (await found.apply(from, given)) as unknown;
            step(`${name} after`);
            return name === 'take'
              ? { ...(value as object), store: mortal((value as { store: object }).store) }
              : value;
          };
        },
      });
    cli.model.fault = (_at, name) => (name.startsWith('store.') ? null : (step(name), null));
    const history = async () => {
      const found = await own.history();
      return { ...found, take: mortal({ take: found.take }).take } as typeof found;
    };
    cli.connectTo = () => ({ history });
    return { calls: () => calls };
  }

  it.each(['file', 'table'] as const)(
    'at any call is completed by running it again, and until then nothing may use the %s',
    async (kind) => {
      const { aws, backup } = await movedOn(keptInFile());
      const token = marks(aws)[0]?.token ?? 0;
      let most = 1;
      let cutOff = 0;
      for (let dies = 0; dies < most; dies++) {
        const own = kept(kind);
        const cli = seenFrom(own, aws);
        const counted = dying(own, cli, dies);
        const before = users(cli);
        const ran = await cli.run(`restore --from ${backup} --apply`);
        most = Math.max(most, counted.calls() + 1);
        cli.model.fault = () => null;
        cli.connectTo = () => ({ history: own.history });
        expect([dies, users(cli)]).toEqual([dies, before]);
        if (ran.code !== 0) {
          const lock = await own.store.lock();
          // Before the first record nothing is there; after the last one all is done.
          if (lock.restoring === true) cutOff++;
          else expect([0, lock.token > token]).toContain(lock.token > token || lock.token);
          if (lock.restoring === true) {
            const marked = marks(cli);
            for (const words of ['deploy --model-version v2.3.0', 'resume', 'gc'])
              expect([dies, words, (await cli.run(words)).code]).toEqual([dies, words, 5]);
            expect([users(cli), marks(cli)]).toEqual([before, marked]);
          }
          await runs(cli, `restore --from ${backup} --apply`);
        }
        expect([dies, users(cli)]).toEqual([dies, before]);
        const epochs = marks(cli).map((stamp) => stamp?.detail?.store);
        expect(epochs[0]).toEqual(epochs[1]);
        expect((await own.store.lock()).store).toMatchObject(epochs[0] ?? {});
        expect(await cli.ask('status')).toMatchObject({ champion: 'v2.4.0', rollout: null });
        expect((await cli.run('audit verify')).code).toBe(0);
      }
      expect([most, cutOff]).toEqual([expect.any(Number), expect.any(Number)]);
      expect(most).toBeGreaterThan(20);
      expect(cutOff).toBeGreaterThan(8);
    },
    60_000,
  );

  it('while it wrote records into a table leaves a table that every command refuses, and goes on', async () => {
    const { aws, backup } = await movedOn(keptInFile());
    const own = keptInTable('mlreg-dev');
    const cli = seenFrom(own, aws);
    let writes = 0;
    own.fake.fate = (operation) => (operation.startsWith('Transact') && ++writes > 2 ? 'denied' : 'pass');
    expect((await cli.run(`restore --from ${backup} --apply`)).code).not.toBe(0);
    own.fake.fate = () => 'pass';
    for (const words of [
      'status',
      'deploy --model-version v2.3.0',
      'resume',
      `backup --to ${place('x')}`,
      'audit verify',
    ]) {
      const ran = await cli.run(words);
      expect([words, ran.code]).toEqual([words, 5]);
    }
    expect((await cli.run('status')).stderr).toContain('mlreg restore --from BACKUP --apply  # goes on');
    expect((await cli.run(`restore --from ${backup}`)).stdout).toContain('which holds nothing else');
    await runs(cli, `restore --from ${backup} --apply`);
    await expectWell(cli, 'v2.4.0');
  });

  it('loses no record where DynamoDB does not answer', async () => {
    const { aws, backup } = await movedOn(keptInFile());
    const own = keptInTable('mlreg-dev');
    const cli = seenFrom(own, aws);
    let writes = 0;
    own.fake.fate = (operation) =>
      operation.startsWith('Transact')
        ? (['pass', 'lost-after', 'lost-before', 'throttled'] as const)[++writes % 4]!
        : 'pass';
    await runs(cli, `restore --from ${backup} --apply`);
    own.fake.fate = () => 'pass';
    const [, ...records] = readFileSync(backup, 'utf8').trimEnd().split('\n');
    const { lines } = await (await own.history()).read();
    expect(lines.slice(0, records.length)).toEqual(records);
    await expectWell(cli, 'v2.4.0');
  });
});
