import { describe, expect, it } from 'vitest';
import { type CliWorld, cliWorld, serving } from '../support/cli-world.ts';
import { named, under } from '../support/recovered.ts';

const strategies = ['canary', 'blue-green', 'shadow'] as const;
interface Given {
  /** The first Lambda version, which mlreg did not publish, names the version that it serves. */
  readonly says: boolean;
  /** `writeAlias 2`: the second such call is the owner's last. null: it lives to the end. */
  readonly diesAt: string | null;
}

/** v2.2.0 served first, and v2.3.0 was promoted after it; then v2.4.0 is rolled out. */
async function history(strategy: (typeof strategies)[number], { says, diesAt }: Given): Promise<CliWorld> {
  const aws = await serving();
  if (says) aws.model.publishAs('7', named('v2.2.0'));
  const promotes = strategy === 'shadow' ? 'canary' : strategy;
  expect((await aws.run(`deploy --model-version v2.3.0 --strategy ${promotes}`)).code).toBe(0);
  await aws.register('v2.4.0');
  const [call, nth] = (diesAt ?? '').split(' ');
  let calls = 0;
  aws.model.fault = (_at, name) => {
    if (name === call) calls++;
    return diesAt !== null && calls >= Number(nth) ? 'crash-before' : null;
  };
  await aws.run(`deploy --model-version v2.4.0 --strategy ${strategy}`);
  aws.model.fault = () => null;
  return aws;
}

const moments = [null, 'publish 1', 'publish 2', 'writeAlias 2', 'writeAlias 3', 'store.append 20'] as const;

describe.each(strategies)('after mlreg recover of a store that was lost in a %s rollout', (strategy) => {
  it.each(moments.flatMap((diesAt) => [{ diesAt, says: true } as const, { diesAt, says: false } as const]))(
    'rollback --to reaches each version that served, after a smoke test (death at $diesAt, named: $says)',
    async (given) => {
      const aws = await history(strategy, given);
      for (const version of ['v2.2.0', 'v2.3.0']) {
        const cli = under(cliWorld(), aws);
        expect((await cli.run('recover --yes')).code).toBe(0);
        const isChampion = (await cli.ask('status')).champion === version;
        const unasked = await cli.run(`rollback --to ${version}`);
        // Users of a split go to the champion without a question.
        expect([version, unasked.code]).toEqual([version, isChampion ? 0 : 2]);
        const ran = await cli.run(`rollback --to ${version} --yes`);
        expect([version, ran.code, ran.stderr]).toEqual([version, 0, expect.any(String)]);
        expect(await cli.ask('status')).toMatchObject({
          champion: version,
          serves: { shares: { [version]: 100 } },
        });
        if (!isChampion) expect(cli.model.calls).toContain('smoke');
      }
    },
  );
});

describe('after mlreg recover', () => {
  it('doctor names the versions of which nobody knows whether they served, and what to type', async () => {
    const cli = under(cliWorld(), await history('canary', { says: false, diesAt: null }));
    await cli.run('recover --yes');
    const { findings } = await cli.ask('doctor');
    expect(findings.find(({ check }: any) => check === 'way back').detail).toMatchInlineSnapshot(
      `"recommendation-dev-v2-4-0-76322e34 is in service; mlreg rollback goes to v2.3.0, and asks first: since mlreg recover nobody knows whether it was good; whether v2.2.0 ever served everybody was lost with the store: mlreg rollback --to v2.2.0 --environment dev asks first"`,
    );
  });
});
