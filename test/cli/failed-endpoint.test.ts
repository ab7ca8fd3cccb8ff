import { describe, expect, it } from 'vitest';
import { began } from '../support/cli-world.ts';
import { breaks, type Emulated, overEmulator, unhealthy, works } from '../support/emulated-endpoints.ts';

const deploy = 'deploy --model-version v2.3.0';
const statuses = async ({ cli }: Emulated) =>
  (await cli.store.versions()).map(({ version, status, endpoint, tombstone }) => [
    version,
    status,
    endpoint?.name ?? null,
    tombstone?.endpoint === endpoint?.name && endpoint !== undefined ? 'retired' : 'there',
  ]);

const first = 'recommendation-dev-v2-3-0-76322e33';
/** SageMaker calls it Failed, though it served. */
function laterFails({ cli }: Emulated): void {
  const { platform } = cli.model.ports;
  const { endpoint } = platform;
  platform.endpoint = async (name) => (name === first ? { kind: 'failed', why: unhealthy } : endpoint(name));
}

const champion = ['v2.2.0', 'champion', 'recommendation-dev-v2-2-0-76322e32', 'there'];

describe('an endpoint that failed', () => {
  it('is taken down and replaced by the next generation of its version', async () => {
    const made = await overEmulator();
    breaks(made);
    const failed = await made.cli.run(deploy);
    expect([failed.code, failed.stdout]).toEqual([
      3,
      expect.stringContaining(`endpoint ${first} failed: The primary container for production variant`),
    ]);
    works(made);
    const { code, stderr } = await made.cli.run(deploy);
    expect([code, stderr]).toEqual([0, expect.stringContaining(`take v2.3.0 down`)]);
    expect(await statuses(made)).toEqual([
      ['v2.2.0', 'archived', 'recommendation-dev-v2-2-0-76322e32', 'there'],
      ['v2.3.0', 'rolled_back', first, 'retired'],
      ['v2.3.0#2', 'champion', `${first}-g2`, 'there'],
    ]);
    expect(await made.aws.platform.endpoint(first)).toEqual({ kind: 'absent' });
    expect(await made.aws.platform.endpoint(`${first}-g2`)).toEqual({ kind: 'in-service' });
  });

  it('is replaced as often as it fails, and never reused', async () => {
    const made = await overEmulator();
    breaks(made);
    for (const name of [first, `${first}-g2`, `${first}-g3`]) {
      const { code, stdout } = await made.cli.run(deploy);
      expect([code, stdout]).toEqual([3, expect.stringContaining(`endpoint ${name} failed`)]);
    }
    works(made);
    expect((await made.cli.run(deploy)).code).toBe(0);
    expect(await statuses(made)).toEqual([
      ['v2.2.0', 'archived', 'recommendation-dev-v2-2-0-76322e32', 'there'],
      ['v2.3.0', 'rolled_back', first, 'retired'],
      ['v2.3.0#2', 'rolled_back', `${first}-g2`, 'retired'],
      ['v2.3.0#3', 'rolled_back', `${first}-g3`, 'retired'],
      ['v2.3.0#4', 'champion', `${first}-g4`, 'there'],
    ]);
  });

  it('holds up nobody where AWS denies its deletion, and gc takes it down later', async () => {
    const made = await overEmulator();
    breaks(made);
    await made.cli.run(deploy);
    works(made);
    made.aws.local.inject({ deny: { 'sagemaker:DeleteEndpoint': true } });
    const { code, stderr } = await made.cli.run(deploy);
    expect([code, stderr]).toEqual([0, expect.stringContaining(`${first} is left to mlreg gc: `)]);
    expect(await made.aws.platform.endpoint(first)).toMatchObject({ kind: 'failed' });
    expect(await made.cli.run('gc')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(new RegExp(`unfinished +v2.3.0 +${first} .*denied`)),
    });
    made.aws.local.inject({ reset: true });
    expect(await made.cli.run('gc')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`retired +v2.3.0 +${first}`)),
    });
    expect(await made.aws.platform.endpoint(first)).toEqual({ kind: 'absent' });
  });

  it('holds up nobody for long where AWS takes half an hour to delete it', async () => {
    const made = await overEmulator({ endpointDeletingMs: 1_800_000 });
    breaks(made);
    await made.cli.run(deploy);
    works(made);
    const { code, stderr } = await made.cli.run(deploy);
    expect([code, stderr]).toEqual([0, expect.stringContaining(`${first} is left to mlreg gc: `)]);
    await made.pass(1_800_000);
    expect((await made.cli.run('gc')).code).toBe(0);
    expect(await made.aws.platform.endpoint(first)).toEqual({ kind: 'absent' });
  });

  it('is gone before another one is made, so that it takes no quota of the account', async () => {
    const made = await overEmulator({ endpointConcurrencyQuota: 40 });
    breaks(made);
    await made.cli.run(deploy);
    works(made);
    expect((await made.cli.run(deploy)).code).toBe(0);
  });

  it('is found by two commands at once: one begins, the other is told, and one endpoint is made', async () => {
    const made = await overEmulator();
    breaks(made);
    await made.cli.run(deploy);
    works(made);
    const { cli } = made;
    let other: Promise<{ code: number; stderr: string }> | undefined;
    cli.when(began, () => void (other = cli.run(deploy)));
    const both = await Promise.all([cli.run(deploy), cli.run(deploy)]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 5]);
    expect((await other)?.code).toBe(5);
    expect((await statuses(made)).map(([version]) => version)).toEqual(['v2.2.0', 'v2.3.0', 'v2.3.0#2']);
  });

  it('is a conflict where another rollout has provisioned the same next generation since', async () => {
    const made = await overEmulator();
    breaks(made);
    await made.cli.run(deploy);
    await made.cli.run('gc');
    let meanwhile: { readonly code: number } | undefined;
    made.cli.model.ports.store.register = async (record) => {
      const isFirst = meanwhile === undefined;
      meanwhile ??= { code: -1 };
      if (isFirst) meanwhile = await made.cli.run(deploy);
      return made.cli.store.register(record);
    };
    const { code, stderr } = await made.cli.run(deploy);
    expect(meanwhile?.code).toBe(3);
    expect([code, stderr]).toEqual([
      5,
      expect.stringContaining('another rollout provisioned v2.3.0#2 meanwhile in dev; nothing was changed'),
    ]);
    expect((await made.cli.run(deploy)).stdout).toContain(`endpoint ${first}-g3 failed`);
  });

  it('goes with the next gc, however long its version is to be kept', async () => {
    const made = await overEmulator();
    expect((await made.cli.run(deploy)).code).toBe(0);
    await made.cli.register('v2.4.0');
    expect((await made.cli.run('deploy --model-version v2.4.0')).code).toBe(0);
    laterFails(made);
    expect((await made.cli.run('gc --dry-run')).stdout).toMatch(new RegExp(`would go +v2.3.0 +${first}`));
    expect((await made.cli.run('gc')).stdout).toMatch(new RegExp(`retired +v2.3.0 +${first}`));
  });
});

it('a rollback to a version whose endpoint failed builds another one', async () => {
  const made = await overEmulator();
  expect((await made.cli.run(deploy)).code).toBe(0);
  await made.cli.register('v2.4.0');
  expect((await made.cli.run('deploy --model-version v2.4.0')).code).toBe(0);
  const { platform } = made.cli.model.ports;
  const { endpoint } = platform;
  platform.endpoint = async (name) => (name === first ? { kind: 'failed', why: unhealthy } : endpoint(name));
  const { code, stderr } = await made.cli.run('rollback --to v2.3.0');
  expect([code, stderr]).toEqual([
    0,
    expect.stringContaining(`v2.3.0 has to be built first: its endpoint ${first} failed`),
  ]);
  expect((await statuses(made)).at(-1)).toEqual(['v2.3.0#2', 'champion', `${first}-g2`, 'there']);
});

it('a generation is refused where the router does not know of generations', async () => {
  const made = await overEmulator();
  breaks(made);
  await made.cli.run(deploy);
  works(made);
  made.cli.understands = ['buckets-1'];
  const { code, stderr } = await made.cli.run(deploy);
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('does not understand versions with a generation'),
  ]);
  expect(await statuses(made)).toEqual([champion, ['v2.3.0', 'rolled_back', first, 'there']]);
});
