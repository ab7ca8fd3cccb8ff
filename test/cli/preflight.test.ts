import { expect, it } from 'vitest';
import type { AccountFinding, RolloutSubject } from '../../src/ports/account.ts';
import { serving } from '../support/cli-world.ts';

const denied: AccountFinding = {
  check: 'rollback',
  ok: false,
  detail: 'lambda:UpdateAlias on alias live was denied',
  mend: 'allow lambda:UpdateAlias for this identity',
  blocks: 'permission',
};
const provisioned: AccountFinding = {
  check: 'one write',
  ok: false,
  detail: 'alias live has provisioned concurrency (5)',
  mend: 'aws lambda delete-provisioned-concurrency-config',
  blocks: 'configuration',
};

it.each([
  ['a permission that lacks', [denied], 4],
  ['what must be mended first', [provisioned], 2],
  ['both, at once', [provisioned, denied], 4],
] as const)('%s is said before anything is made', async (_what, findings, code) => {
  const cli = await serving();
  cli.preflight = () => findings;
  const before = cli.model.alias();
  const ran = await cli.run('deploy --model-version v2.3.0');
  expect(ran.code).toBe(code);
  for (const { detail, mend = '' } of findings) {
    expect(ran.stderr).toContain(detail);
    expect(ran.stderr).toContain(mend);
  }
  expect(await cli.store.rollouts()).toEqual([]);
  expect(cli.model.alias()).toEqual(before);
  expect(cli.model.endpoints.size).toBe(1);
});

it('a look that was denied is said, and keeps nobody from going on', async () => {
  const cli = await serving();
  cli.preflight = () => [
    { check: 'quota', ok: false, detail: 'sagemaker:ListEndpoints was denied', mend: 'allow it' },
    { check: 'role', ok: true, unchecked: true, detail: 'not checked: iam may not be asked' },
    { check: 'rollback', ok: true, detail: 'would be let through' },
  ];
  const { code, stderr } = await cli.run('deploy --model-version v2.3.0');
  expect(code).toBe(0);
  expect(stderr).toContain('preflight, quota: sagemaker:ListEndpoints was denied (allow it)');
  expect(stderr).toContain('preflight, role: not checked');
  expect(stderr).not.toContain('preflight, rollback');
});

it('asks about this very rollout, and not for a plan, a rehearsal or a rollback', async () => {
  const cli = await serving();
  const asked: RolloutSubject[] = [];
  cli.preflight = (subject) => {
    asked.push(subject);
    return [];
  };
  await cli.run('deploy --strategy blue-green --model-version v2.3.0');
  expect(asked).toMatchObject([{ aliases: ['live', 'green'], swapsStage: true, isDetached: false }]);
  expect(asked[0]?.endpoint).toMatch(/^recommendation-dev-v2-3-0-/);
  // Of every version that it publishes: the route alone, and each share.
  const routes = asked[0]?.variables?.map(({ MLREG_ROUTE = '{}' }) => JSON.parse(MLREG_ROUTE));
  expect(routes?.length).toBeGreaterThan(1);
  for (const route of routes ?? [])
    expect(route).toMatchObject({ salt: 'A'.repeat(22), token: 9_999_999_999 });
  expect(routes?.map(({ percent }) => percent)).toContain(99.99);
  cli.preflight = () => [denied];
  expect((await cli.run('plan --strategy canary --model-version v2.2.0')).code).toBe(0);
  expect((await cli.run('deploy --model-version v2.2.0 --dry-run')).code).toBe(0);
  expect((await cli.run('rollback')).code).toBe(0);
});

it('a test request that does not reach the metrics is said before anything is made', async () => {
  const cli = await serving();
  Object.assign(cli.model.ports.metrics, {
    probe: async () => ({ kind: 'sent', at: cli.model.ports.clock.now() }),
    probeSeen: async () => false,
  });
  const ran = await cli.run('deploy --model-version v2.3.0');
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain('a test request did not show in the metrics within ');
  expect(ran.stderr).toContain('its log format is Text');
  expect(await cli.store.rollouts()).toEqual([]);
  const doctor = await cli.run('doctor');
  expect(doctor.stdout).toContain('metrics path a test request did not show in the metrics');
});

it('the measured lag of the metrics sets settle', async () => {
  const cli = await serving();
  let looks = 0;
  Object.assign(cli.model.ports.metrics, {
    probe: async () => ({ kind: 'sent', at: cli.model.ports.clock.now() }),
    // Looks come after 0, 100, 300, 700, 1500, 3100 ms.
    probeSeen: async () => ++looks >= 6,
  });
  const { code, stderr } = await cli.run('deploy --model-version v2.3.0');
  expect(stderr).toMatch(/metrics arrive after [\d.]+s: a tick is final when it has not changed for \ds/);
  expect(code).toBe(0);
  const [rollout] = await cli.store.rollouts();
  const [begun] = await cli.store.journal(rollout!);
  expect(begun?.kind === 'started' && begun.plan.settleMs).toBeGreaterThanOrEqual(6_000);
});

it.each([
  ['an older router', { kind: 'unknown' }, 'is older and answers no test requests'],
  [
    'a denied invocation',
    { kind: 'failed', why: 'lambda:InvokeFunction', denied: true },
    'a test request failed',
  ],
] as const)('%s only warns', async (_what, sent, words) => {
  const cli = await serving();
  Object.assign(cli.model.ports.metrics, { probe: async () => sent, probeSeen: async () => false });
  const { code, stderr } = await cli.run('deploy --model-version v2.3.0');
  expect(stderr).toContain(words);
  expect(code).toBe(0);
});
