import { describe, expect, it } from 'vitest';
import { type Kind, kept, place, runs, seenFrom, servingFrom, users } from './backup-scene.ts';
import { baking, type CliWorld } from './cli-world.ts';
import type { KeptStore } from './kept-stores.ts';
import { expectWell } from './recovered.ts';

/** v2.3.0 was promoted, then a backup made, then v2.4.0 promoted. */
export async function movedOn(own: KeptStore): Promise<{ aws: CliWorld; backup: string }> {
  const aws = await servingFrom(own);
  await runs(aws, 'deploy --model-version v2.3.0');
  const backup = place('dev.backup');
  await runs(aws, `backup --to ${backup}`);
  await aws.register('v2.4.0');
  await runs(aws, 'deploy --model-version v2.4.0');
  return { aws, backup };
}

export const marks = (cli: CliWorld) =>
  (['live', 'green'] as const).map((name) => cli.model.alias(name).stamp);

export async function expectRestored(cli: CliWorld, before: { token: number; epoch: number }): Promise<void> {
  for (const stamp of marks(cli)) {
    expect(stamp?.detail).toMatchObject({ purpose: 'restored', store: { epoch: before.epoch + 1 } });
    expect(stamp?.token).toBeGreaterThan(before.token);
  }
  const lock = await cli.store.lock();
  expect(lock).toMatchObject({ owner: null, store: marks(cli)[0]?.detail?.store ?? {} });
  expect(lock).not.toHaveProperty('restoring');
}

/** What holds whatever a backup was made of, and is restored into: all of them take minutes. */
export function restoreRoutes(routes: readonly (readonly [from: Kind, to: Kind])[]): void {
  describe.each(routes)('mlreg restore of a backup of a %s into a %s', (from, to) => {
    it('shows the differences and changes nothing without --apply', async () => {
      const { aws, backup } = await movedOn(kept(from));
      const own = kept(to);
      const cli = seenFrom(own, aws);
      const before = [users(cli), marks(cli)];
      const ran = await cli.run(`restore --from ${backup}`);
      expect([ran.code, ran.stderr]).toEqual([0, '']);
      for (const words of [
        /dev: .*dev\.backup, made of .* records, store [0-9a-f]{8}, epoch 1, token \d+/,
        /alias +live serves Lambda version \d+/,
        /champion +v2\.4\.0, Lambda version \d+/,
        /added +v2\.4\.0/,
        /into +.*, which is empty/,
        /behind +alias live was written by .* which this store does not know/,
        /lost +r-\d+ at least: their journals/,
        /users +stay where they are/,
        /nothing was changed; next: the same command with --apply/,
      ])
        expect(ran.stdout).toMatch(words);
      expect([users(cli), marks(cli)]).toEqual(before);
      expect((await (await own.history()).read()).lines).toEqual([]);
    });

    it('restores over what was lost since, moves nobody, and all works afterwards', async () => {
      const { aws, backup } = await movedOn(kept(from));
      const cli = seenFrom(kept(to), aws);
      const before = [users(cli), marks(cli)[0]] as const;
      const answer = await cli.ask(`restore --from ${backup} --apply`);
      expect(answer).toMatchObject({
        ...{ kind: 'Restore', result: 'restored', champion: { version: 'v2.4.0' }, registered: ['v2.4.0'] },
        ...{ closed: [], isComplete: false, setAside: null },
        lostRollouts: [expect.stringMatching(/^r-\d+ at least$/)],
      });
      expect(users(cli)).toEqual(before[0]);
      await expectRestored(cli, { token: before[1]?.token ?? 0, epoch: 1 });
      const refused = await cli.run('rollback');
      expect([refused.code, refused.stderr]).toEqual([
        2,
        expect.stringContaining('v2.3.0 served before, but'),
      ]);
      await expectWell(cli, 'v2.4.0');
    });

    it('keeps what the backup knows where nothing was lost, and closes no ended rollout', async () => {
      const aws = await servingFrom(kept(from));
      await runs(aws, 'deploy --model-version v2.3.0');
      const backup = place('dev.backup');
      await runs(aws, `backup --to ${backup}`);
      const cli = seenFrom(kept(to), aws);
      const before = users(cli);
      const versions = await aws.store.versions();
      expect(await cli.ask(`restore --from ${backup} --apply`)).toMatchObject({
        ...{
          result: 'restored',
          isComplete: true,
          registered: [],
          changed: [],
          closed: [],
          lostRollouts: [],
        },
      });
      expect([users(cli), await cli.store.versions()]).toEqual([before, versions]);
      expect((await cli.run('history')).stdout.split('\n').length).toBeGreaterThan(2);
      // Known good stays known good: nobody is asked.
      expect((await cli.run('rollback')).code).toBe(0);
      expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
      await expectWell(cli, 'v2.2.0');
    });

    it('seals the old store at its next look at the alias, and that one moves nobody any more', async () => {
      const old = kept(from);
      const { aws, backup } = await movedOn(old);
      const cli = seenFrom(kept(to), aws);
      await runs(cli, `restore --from ${backup} --apply`);
      const identity = (await cli.store.lock()).store;
      const left = seenFrom(old, cli);
      await left.register('v2.6.0');
      const before = [users(left), marks(left)];
      for (const words of [
        'deploy --model-version v2.6.0',
        'resume',
        'gc',
        'watch --duration 5',
        'recover --yes',
      ])
        expect([words, (await left.run(words)).code]).toEqual([words, 5]);
      expect([users(left), marks(left)]).toEqual(before);
      expect((await old.store.lock()).sealedBy).toEqual({ id: identity?.id, epoch: identity?.epoch });
      // A person's rollback without the store works on, and keeps the marker's store.
      expect((await left.run('rollback')).code).toBe(0);
      expect(marks(left)[0]?.detail).toMatchObject({ purpose: 'blind', store: { id: identity?.id } });
    });

    it('closes a rollout that was under way, leaves its users where they are, and names the way out', async () => {
      const own = kept(from);
      const aws = await servingFrom(own);
      const backup = place('dev.backup');
      aws.when(baking(50), () => {
        aws.model.fault = () => 'crash-before';
      });
      await aws.run('deploy --model-version v2.3.0');
      aws.model.fault = () => null;
      await runs(aws, `backup --to ${backup}`);
      const cli = seenFrom(kept(to), aws);
      const before = users(cli);
      const ran = await cli.run(`restore --from ${backup} --apply`);
      expect([ran.code, ran.stdout]).toEqual([
        0,
        expect.stringMatching(/nobody judges it; next: mlreg rollback --to v2\.2\.0 --environment dev/),
      ]);
      expect(ran.stderr).toMatch(/closed +r-\d+/);
      expect(users(cli)).toEqual(before);
      await runs(cli, 'rollback --to v2.2.0');
      await expectWell(cli, 'v2.2.0');
    });
  });
}
