import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Step } from '../../src/domain/plan.ts';
import type { Difference } from '../../src/domain/shadow.ts';
import { instant } from '../../src/domain/units.ts';
import { type CliWorld, projectConfig, serving } from '../support/cli-world.ts';

const compared = projectConfig.replace(
  'shadow: { bake: 10s, tick: 1s, extend: 10s }',
  `shadow:
    bake: 10s
    tick: 1s
    extend: 10s
    compare: { class: items.0.id, score: items.0.score, show: [origin, hour], disagreement: 30% }`,
);
const dir = mkdtempSync(join(tmpdir(), 'mlreg-shadow-'));
afterAll(() => rmSync(dir, { recursive: true }));

const deploy = 'deploy --strategy shadow --model-version v2.3.0';

const differences: readonly Difference[] = Array.from({ length: 30 }, (_, i) => ({
  requestId: `q-${i}`,
  at: instant(i),
  direction: i % 3 === 0 ? 'up' : 'down',
  champion: ['ORD', 'LAX'][i % 2] ?? '',
  challenger: ['BOS', 'SFO', 'JFK', 'EWR', 'DEN'][i % 5] ?? '',
  distance: 0.05 + i / 100,
  shown: { origin: 'ATL', hour: String(i) },
}));

async function world(disagreement = 0.1, config = compared): Promise<CliWorld> {
  const cli = await serving(config);
  cli.model.disagreement = disagreement;
  cli.model.differences = differences;
  return cli;
}

describe('deploy --strategy shadow', () => {
  it('that passes', async () => {
    const cli = await world();
    const { code, stdout, stderr } = await cli.run(`${deploy} --sample 40`);
    expect(code).toBe(0);
    expect(stdout).toMatchSnapshot();
    expect(stderr).toContain('v2.3.0 in shadow of 40 % for 10s');
    const [challenger] = (await cli.ask('versions')).versions.filter(
      ({ version }: { version: string }) => version === 'v2.3.0',
    );
    expect(challenger).toMatchObject({
      status: 'candidate',
      statusReason: 'passed in shadow: 10 % of 1000 answers differ',
    });
    expect((await cli.run('show r-1')).stdout).toMatchSnapshot();
  });

  it('that fails exits 3, and the champion serves', async () => {
    const cli = await world(0.6);
    const { code, stdout } = await cli.run(deploy);
    expect(code).toBe(3);
    expect(stdout).toMatchSnapshot();
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.2.0' });
    expect((await cli.ask('show r-1')).evidence).toMatchObject({
      finding: { metric: 'disagreement', limit: 0.3 },
      source: { metrics: ['ShadowDisagreed', 'ShadowCompared'], dimensions: { ModelVersion: ['v2.3.0'] } },
      harmedRequests: 0,
    });
  });

  it('has its report for machines too', async () => {
    const cli = await world();
    const answer = await cli.ask(deploy);
    expect(answer.shadow).toEqual((await cli.ask('show r-1')).shadow);
    expect(answer.shadow).toMatchObject({
      sampled: 1000,
      dropped: 0,
      duplicates: 0,
      compared: 1000,
      disagreed: 100,
      disagreement: 0.1,
      allowed: 0.3,
      meanDistance: 0.05,
      report: { byDirection: { up: 10, down: 20, other: 0 }, read: 30, complete: true, others: 0 },
    });
    expect(answer.shadow.report.rows).toHaveLength(20);
    expect(answer.shadow.report.examples).toHaveLength(10);
    expect(answer.shadow.report.examples[0]).toEqual(differences[1]);
  });

  it('keeps the endpoint at a word', async () => {
    const cli = await world();
    expect((await cli.run(`${deploy} --keep`)).code).toBe(0);
    expect([...cli.model.endpoints.keys()].filter((name) => name.includes('v2-3-0'))).toHaveLength(1);
    const gone = await world();
    await gone.run(deploy);
    expect([...gone.model.endpoints.keys()].filter((name) => name.includes('v2-3-0'))).toEqual([]);
    // Whoever wants it after all gets an endpoint of its own.
    expect((await gone.run('deploy --model-version v2.3.0')).code).toBe(0);
    expect([...gone.model.endpoints.keys()].filter((name) => name.includes('v2-3-0'))).toEqual([
      expect.stringMatching(/-g?2$|2$/),
    ]);
  });

  it('keeps the endpoint of a version that has served everybody: a rollback to it builds nothing', async () => {
    const cli = await world();
    for (const version of ['v2.3.0', 'v2.4.0']) {
      if (version === 'v2.4.0') await cli.register(version);
      expect((await cli.run(`deploy --model-version ${version}`)).code).toBe(0);
    }
    const endpoints = [...cli.model.endpoints.keys()];
    const planned = await cli.ask(`${deploy} --dry-run`);
    expect(planned.plan.steps.map(({ kind }: Step) => kind)).not.toContain('retire');
    expect((await cli.run(deploy)).code).toBe(0);
    expect([...cli.model.endpoints.keys()]).toEqual(endpoints);
    expect((await cli.run('rollback --to v2.3.0')).code).toBe(0);
    expect([...cli.model.endpoints.keys()]).toEqual(endpoints);
  });

  it('is judged again from what it saw', async () => {
    for (const [disagreement, decision] of [
      [0.6, 'rollback'],
      [0.1, 'hold'],
    ] as const) {
      const cli = await world(disagreement);
      await cli.run(deploy);
      const file = join(dir, `${decision}.ndjson`);
      writeFileSync(file, (await cli.run('show r-1 --observations')).stdout);
      const again = await cli.ask(`replay ${file}`);
      expect(again).toMatchObject({ decision });
      if (decision === 'rollback') expect(again.reason).toMatchObject({ metric: 'disagreement' });
    }
  });

  it('says what its bake can find, by the copies that it will see', async () => {
    const cli = await world();
    const plan = await cli.run('plan --strategy shadow --model-version v2.3.0 --sample 40');
    expect(plan.stdout).toMatchSnapshot();
    expect((await cli.run(`${deploy} --sample 40 --dry-run`)).stdout).toBe(plan.stdout);
  });

  it.each([
    ['weighted routing', deploy, `${compared}\nrouting: weighted\n`, /a shadow rollout needs sticky routing/],
    ['steps', `${deploy} --steps 10,50`, compared, /--steps means nothing to shadow/],
    [
      'a sample for a canary',
      'deploy --model-version v2.3.0 --sample 10',
      compared,
      /--sample means nothing to canary/,
    ],
    [
      '--keep for a canary',
      'deploy --model-version v2.3.0 --keep',
      compared,
      /--keep means nothing to canary/,
    ],
    ['a sample of nothing', `${deploy} --sample 0`, compared, /'0' is not a share of traffic/],
    [
      'a report of who asked',
      deploy,
      compared.replace('show: [origin, hour]', 'show: [origin, userId]'),
      /userId tells who asked, and would be kept with the report/,
    ],
    [
      'a limit that is none',
      deploy,
      compared.replace('disagreement: 30%', 'disagreement: 130%'),
      /expected a share such as 5% or 0.05, or off/,
    ],
  ])('refuses %s with exit code 2, and changes nothing', async (_, words, config, why) => {
    const cli = await world(0.1, config);
    const { code, stderr } = await cli.run(words);
    expect([code, stderr]).toEqual([2, expect.stringMatching(why)]);
    expect(cli.model.calls.filter((name) => /write|publish|ensure/i.test(name))).toEqual([]);
  });
});
