import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/domain/journal.ts';
import { instant, rolloutId } from '../../src/domain/units.ts';
import type { Waiter } from '../../src/domain/waiters.ts';
import { fileWaiting, memoryWaiting } from '../../src/store/waiting.ts';
import { dynamoWaiting } from '../../src/aws/dynamo-waiting.ts';
import { type CliWorld, serving } from '../support/cli-world.ts';

const deploy = (version: string): string => `deploy --model-version ${version}`;
const bakes = (entry: Entry): boolean => entry.kind === 'observed';
const journal = (cli: CliWorld, id: string): Promise<readonly Entry[]> => cli.store.journal(rolloutId(id));

async function world(): Promise<CliWorld> {
  const cli = await serving();
  await cli.register('v2.4.0');
  await cli.register('v2.5.0');
  return cli;
}

describe('deploy --queue', () => {
  it('waits for its turn in order of arrival, and status shows who waits', async () => {
    const cli = await world();
    let waited: Promise<readonly unknown[]> | undefined;
    cli.when(bakes, () => {
      waited = (async () => {
        const second = cli.run(`${deploy('v2.4.0')} --queue 1h`, { as: 'bob' });
        await cli.clock.sleepUntil(instant(cli.clock.now() + 1_500));
        const third = cli.run(`${deploy('v2.5.0')} --queue 1h`, { as: 'cat' });
        await cli.clock.sleepUntil(instant(cli.clock.now() + 1_500));
        const status = await cli.run('status');
        return [(await second).code, (await third).code, status.stdout];
      })();
    });
    expect((await cli.run(deploy('v2.3.0'))).code).toBe(0);
    const [second, third, status] = (await waited) ?? [];
    expect([second, third]).toEqual([0, 0]);
    expect(status).toMatch(/waiting {3}v2\.4\.0 by bob on laptop for \d+s\n {10}v2\.5\.0 by cat on laptop/);
    const begun = await Promise.all(
      ['r-1', 'r-2', 'r-3'].map(async (id) => {
        const [first] = await journal(cli, id);
        return first?.kind === 'started' ? first.plan.challenger : null;
      }),
    );
    expect(begun).toEqual(['v2.3.0', 'v2.4.0', 'v2.5.0']);
    expect((await cli.run('status')).stdout).not.toContain('waiting ');
  });

  it('has a limit: exit 5', async () => {
    const cli = await world();
    let waited: Promise<unknown> | undefined;
    cli.when(bakes, () => void (waited = cli.run(`${deploy('v2.4.0')} --queue 3s`, { as: 'bob' })));
    await cli.run(deploy('v2.3.0'));
    expect(await waited).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('v2.4.0 did not get its turn within 3s'),
    });
  });

  it('is not blocked by a waiter that has died', async () => {
    const cli = await world();
    const dead: Waiter = {
      id: 'dead',
      by: 'zoe',
      host: 'gone',
      version: 'v9',
      since: instant(1),
      seenAt: instant(1),
    };
    const waiting = memoryWaiting();
    await waiting.replace([dead]);
    cli.connectTo = () => ({ waiting });
    const { code, stderr } = await cli.run(`${deploy('v2.3.0')} --queue 5m`);
    expect([code, stderr]).toEqual([0, expect.stringContaining('nothing runs, 1 deploy before this one')]);
    expect(await waiting.read()).toEqual([]);
  });
});

describe('deploy --supersede', () => {
  it('aborts what runs, says in its journal who and why, and begins', async () => {
    const cli = await world();
    let other: Promise<{ code: number }> | undefined;
    cli.when(bakes, () => {
      other = cli.run(`${deploy('v2.4.0')} --supersede --reason "fixes it"`, { as: 'bob' });
    });
    const first = await cli.run(deploy('v2.3.0'));
    expect([first.code, (await other)?.code]).toEqual([expect.any(Number), 0]);
    expect(first.code).not.toBe(0);
    expect((await journal(cli, 'r-1')).find(({ kind }) => kind === 'rolling-back')).toMatchObject({
      cause: { kind: 'abort', by: 'bob', sentence: 'aborted by bob: superseded by v2.4.0: fixes it' },
    });
    expect((await journal(cli, 'r-2'))[0]).toMatchObject({ kind: 'started', reason: 'fixes it' });
  });

  it('ends nothing for a version that could not begin, without a reason, or beside --queue', async () => {
    const cli = await world();
    let refused: Promise<readonly unknown[]> | undefined;
    cli.when(bakes, () => {
      refused = (async () => {
        const unknown = await cli.run(`${deploy('v9')} --supersede --reason x`, { as: 'bob' });
        const bare = await cli.run(`${deploy('v2.4.0')} --supersede`, { as: 'bob' });
        const both = await cli.run(`${deploy('v2.4.0')} --supersede --queue 1h --reason x`, { as: 'bob' });
        return [unknown.code, bare.code, both.code];
      })();
    });
    expect((await cli.run(deploy('v2.3.0'))).code).toBe(0);
    expect(await refused).toEqual([2, 2, 2]);
    expect((await journal(cli, 'r-1')).filter(({ kind }) => kind === 'rolling-back')).toEqual([]);
  });
});

describe('those who wait are kept', () => {
  const me: Waiter = {
    id: 'a',
    by: 'ana',
    host: 'laptop',
    version: 'v1',
    since: instant(1),
    seenAt: instant(2),
  };

  it('in a file beside the store, and one that is damaged is nobody', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mlreg-waiting-'));
    try {
      const path = join(folder, 'deep/waiting.json');
      const waiting = fileWaiting(path, 'w1');
      expect(await waiting.read()).toEqual([]);
      await waiting.replace([me]);
      expect(await fileWaiting(path, 'w2').read()).toEqual([me]);
      writeFileSync(path, '[{"id": 1');
      expect(await waiting.read()).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('in an item beside the lock', async () => {
    const items = new Map<string, Record<string, unknown>>();
    const waiting = dynamoWaiting(
      {
        get: (pk, sk) => Promise.resolve(items.get(`${pk} ${sk}`) as never),
        put: (puts) => {
          for (const { item } of puts) items.set(`${item.pk} ${item.sk}`, item);
          return Promise.resolve({ kind: 'written' });
        },
      },
      { environment: 'prod', model: 'm' },
    );
    expect(await waiting.read()).toEqual([]);
    await waiting.replace([me]);
    expect([await waiting.read(), [...items.keys()]]).toEqual([[me], ['prod/m WAITING']]);
  });
});
