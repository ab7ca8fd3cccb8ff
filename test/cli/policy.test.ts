import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generatedTicks } from '../../src/commands/generated-ticks.ts';
import { latencyEdges } from '../../src/domain/latency-edges.ts';
import { cliWorld } from '../support/cli-world.ts';

const example = join(import.meta.dirname, '../../examples/flights/policy-test.yaml');

async function test(text: string, config: string | null = null) {
  const cli = cliWorld(config);
  cli.files.set('/project/cases.yaml', text);
  return cli.run('policy test cases.yaml');
}

const traffic = (over: string) =>
  `{ requestsPerTick: 1000, percent: 10, championErrors: 0.3%, challengerErrors: 0.3%, ticks: 60, ${over} }`;

describe('mlreg policy test', () => {
  it.each(['', '-e prod', '-e local'])('passes its example whatever the environment (%s)', async (flags) => {
    const cli = cliWorld(null);
    cli.files.set('/project/policy-test.yaml', readFileSync(example, 'utf8'));
    const { code, stdout, stderr } = await cli.run(`policy test policy-test.yaml ${flags}`);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/5 of 5 cases pass\n$/);
  });

  it('says what was decided and why, and exits 1 where that is not what was expected', async () => {
    const { code, stdout, stderr } = await test(`
policy: { judge: { warmUp: 0s, minimumBake: 0s } }
cases:
  - { name: gross, observations: ${traffic('challengerErrors: 20%').replace('challengerErrors: 0.3%, ', '')}, expect: rollback, byTick: 20 }
  - { name: too soon, observations: ${traffic('challengerErrors: 20%').replace('challengerErrors: 0.3%, ', '')}, expect: rollback, byTick: 2 }
  - { name: well, observations: ${traffic('')}, expect: rollback }
`);
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toMatchInlineSnapshot(`
      "✔ gross     rollback at tick 4
        79 of 400 challenger requests failed (20 %), champion 13 of 3,600 (0.36 %). Odds of this by chance: 1 in 3,600.
      ✖ too soon  rollback at tick 4, expected rollback by tick 2
        79 of 400 challenger requests failed (20 %), champion 13 of 3,600 (0.36 %). Odds of this by chance: 1 in 3,600.
      ✖ well      hold to tick 60, expected rollback
        nothing breached, and not shown to be no worse than the champion by the promote margin
      1 of 3 cases pass
      "
    `);
  });

  it('answers as data', async () => {
    const cli = cliWorld(null);
    cli.files.set('/project/cases.yaml', `cases: [{ name: a, observations: ${traffic('')}, expect: hold }]`);
    expect(await cli.ask('policy test cases.yaml')).toMatchObject({
      kind: 'PolicyTest',
      passed: 1,
      failed: 0,
      cases: [
        { name: 'a', passed: true, expect: 'hold', byTick: null, decision: 'hold', tick: 60, reason: null },
      ],
    });
  });

  it('tests the environment’s own policy where the file has none', async () => {
    const cases = `
cases:
  - name: all fail
    observations:
      - { plannedPercent: 10, champion: { requests: 900, errors: 1 }, challenger: { requests: 100, errors: 100 } }
      - { plannedPercent: 10, champion: { requests: 900, errors: 1 }, challenger: { requests: 100, errors: 100 } }
      - { plannedPercent: 10, champion: { requests: 900, errors: 1 }, challenger: { requests: 100, errors: 100 } }
    expect: rollback
`;
    expect((await test(cases)).code).toBe(0);
    const blind =
      'model: m\njudge: { rollbackMargin: { difference: 100% } }\nguardrails: { errorRate: off }\n';
    expect((await test(cases, blind)).code).toBe(1);
  });

  it('takes its policy from a file beside it', async () => {
    const cli = cliWorld(null);
    cli.files.set(
      '/project/tests/policy.yaml',
      'judge: { minimumBake: 0s, minimumTicks: 1, promoteMargin: { ratio: 100 } }',
    );
    cli.files.set(
      '/project/tests/cases.yaml',
      `policyFile: policy.yaml\ncases: [{ name: a, observations: ${traffic('')}, expect: promote }]`,
    );
    expect((await cli.run('policy test tests/cases.yaml')).code).toBe(0);
  });

  it.each<[string, string, readonly RegExp[]]>([
    ['no file', '', [/there is no file/]],
    ['nothing', '# nothing\n', [/cases: expected a list of cases/]],
    ['no cases', 'cases: []\n', [/cases\.yaml:1:8 cases: expected a list of cases/]],
    [
      'everything at once',
      `policy: { judge: { alfa: 5% }, strategies: {} }
policyFile: p.yaml
seed: 3
cases:
  - { name: a, observations: { requestsPerTick: 0, percent: 200, championErrors: x, ticks: 1.5 }, expect: no }
  - 3
  - { name: b, observations: [{ plannedPercent: 10, challenger: { requests: 1, errors: 2 } }], expect: hold, byTick: 3 }
  - { name: c, expect: hold }
  - { name: d, observations: 3, expect: hold }
`,
      [
        /^cases\.yaml:1:20 policy\.judge\.alfa: unknown key/,
        /^cases\.yaml:1:32 policy\.strategies: a policy has the sections/,
        /^cases\.yaml:2:13 policyFile: policy stands here already/,
        /^cases\.yaml:3:7 seed: unknown key/,
        /^cases\.yaml:5:\d+ cases\[0\]\.expect: expected rollback, promote or hold, got no/,
        /^cases\.yaml:6:5 cases\[1\]: expected a case with name/,
        /^cases\.yaml:7:\d+ cases\[2\]\.observations\[0\]\.challenger\.errors: 2 of only 1 requests/,
        /^cases\.yaml:7:\d+ cases\[2\]\.byTick: a hold holds to the last tick/,
        /^cases\.yaml:8:\d+ cases\[3\]\.observations: expected a file name, a list of ticks, or numbers of traffic/,
        /^cases\.yaml:9:\d+ cases\[4\]\.observations: expected a file name/,
      ],
    ],
    [
      'traffic that can’t be',
      'cases: [{ name: a, expect: hold, observations: { requestsPerTick: 0, percent: 200, championErrors: x, ticks: 1.5, foo: 1 } }]',
      [
        /requestsPerTick: expected a number above 0, got 0/,
        /percent: expected a share of traffic such as 10, got 200/,
        /championErrors: expected a share such as 0\.5% or 0\.005, got x/,
        /challengerErrors: expected a share .* got nothing/,
        /ticks: expected a whole number from 1 to 1000000, got 1\.5/,
        /foo: unknown key/,
      ],
    ],
  ])('refuses %s', async (_, text, messages) => {
    const cli = cliWorld(null);
    if (text !== '') cli.files.set('/project/cases.yaml', text);
    const { code, stdout, stderr } = await cli.run('policy test cases.yaml');
    expect([code, stdout]).toEqual([2, '']);
    const lines = stderr.split('\n');
    for (const message of messages)
      expect(
        lines.some((line) => message.test(line)),
        String(message),
      ).toBe(true);
  });

  it('refuses a recording that is missing or has a mistake', async () => {
    const { code, stdout, stderr } = await test(
      'cases: [{ name: a, observations: none.ndjson, expect: hold }]',
    );
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('there is no file none.ndjson');
  });
});

describe('generated ticks', () => {
  const numbers = {
    requestsPerTick: 1_000,
    percent: 20,
    championErrors: 0.01,
    challengerErrors: 0.05,
    championLatencyMs: 60,
    challengerLatencyMs: 120,
    ticks: 400,
    historyTicks: 100,
    seed: 1,
  };

  it('have the rates, the means and the shares that were asked for', () => {
    const ticks = [...generatedTicks(numbers, 10_000)];
    const trial = ticks.slice(100);
    const mean = (of: (tick: (typeof ticks)[number]) => number) =>
      trial.reduce((sum, one) => sum + of(one), 0) / trial.length;
    expect(
      ticks
        .slice(0, 100)
        .every(({ challenger, champion }) => challenger === null && champion?.requests === 1_000),
    ).toBe(true);
    expect([
      mean((one) => one.champion?.requests ?? 0),
      mean((one) => one.challenger?.requests ?? 0),
    ]).toEqual([800, 200]);
    expect(mean((one) => one.champion?.errors ?? 0)).toBeCloseTo(8, 0);
    expect(mean((one) => one.challenger?.errors ?? 0)).toBeCloseTo(10, 0);
    expect(mean((one) => one.champion?.meanLatencyMs ?? 0)).toBeCloseTo(60, 0);
    expect(mean((one) => one.challenger?.meanLatencyMs ?? 0)).toBeCloseTo(120, 0);
    for (const { champion } of ticks) {
      expect(champion?.latency?.count.reduce((sum, n) => sum + n, 0)).toBe(champion?.requests);
    }
  });

  it('scatter as independent requests do, few and many', () => {
    for (const [requestsPerTick, rate] of [
      [200, 0.02],
      [20_000, 0.4],
      [1e6, 1e-5],
    ] as const) {
      const errors = [
        ...generatedTicks(
          { ...numbers, requestsPerTick, championErrors: rate, percent: 10, ticks: 1, historyTicks: 2_000 },
          1_000,
        ),
      ]
        .slice(0, 2_000)
        .map(({ champion }) => champion?.errors ?? 0);
      const expected = requestsPerTick * rate;
      const variance = errors.reduce((sum, x) => sum + (x - expected) ** 2, 0) / errors.length;
      expect(variance / (expected * (1 - rate))).toBeGreaterThan(0.85);
      expect(variance / (expected * (1 - rate))).toBeLessThan(1.15);
    }
  });

  it('are the same each time, and others by another seed', () => {
    const drawn = (seed: number) => JSON.stringify([...generatedTicks({ ...numbers, seed }, 10_000)]);
    expect(drawn(1)).toBe(drawn(1));
    expect(drawn(1)).not.toBe(drawn(2));
  });

  it('leave everybody on the challenger at 100 %', () => {
    const ticks = [...generatedTicks({ ...numbers, percent: 100, historyTicks: 0 }, 1_000)];
    expect(
      ticks.every(({ champion, challenger }) => champion === null && challenger?.requests === 1_000),
    ).toBe(true);
  });

  it('have the buckets that CloudWatch is asked for', () => {
    const [first] = generatedTicks({ ...numbers, championLatencyMs: 50 }, 1_000);
    expect(first?.champion?.latency?.le).toEqual(latencyEdges);
  });
});
