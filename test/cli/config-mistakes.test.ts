import { describe, expect, it } from 'vitest';
import { baking, type CliWorld, cliWorld, projectConfig, serving } from '../support/cli-world.ts';

const deploy = 'deploy --model-version v2.3.0';
const file = '/project/mlreg.yaml';

/** Mistakes in settings that a rollback does not need, each with what is said of it. */
const elsewhere = [
  { what: 'an unknown key', text: 'smoke: requests.json', line: /mlreg\.yaml:\d+:1 smoke: unknown key/ },
  { what: 'a key of a newer mlreg', text: 'apiKeys: { rotate: 90d }', line: /apiKeys: unknown key/ },
  { what: 'a wrong value', text: 'horizon: soon', line: /horizon: expected a duration.*, got 'soon'/ },
  { what: 'a key written twice', text: 'settle: 2s', line: /settle: is written twice/ },
  { what: 'a section that is none', text: 'guardrails: 5%', line: /guardrails: expected/ },
  { what: 'an unknown key inside', text: 'judge2: { alhpa: 1 }', line: /judge2: unknown key/ },
] as const;

/** The same, in the block of another environment. */
const otherBlock = projectConfig.replace(
  'staging: { approvals: 1 }',
  'staging: { approvals: many, region: 7, lambda: { function: 3 } }',
);

const mistaken = (text: string): string => `${projectConfig}\n${text}\n`;
const serves = (cli: CliWorld) => cli.model.alias().target.functionVersion;

/** v2.3.0 was promoted after v2.2.0, which Lambda version 7 serves. */
async function promoted(): Promise<CliWorld> {
  const cli = await serving();
  expect((await cli.run(deploy)).code).toBe(0);
  expect(serves(cli)).not.toBe('7');
  return cli;
}

/** A rollout whose owner was killed in its first bake. */
async function orphaned(): Promise<CliWorld> {
  const cli = await serving();
  cli.when(baking(10), () => cli.signal('SIGTERM'));
  await cli.run(`${deploy} --strategy canary`);
  return cli;
}

describe('a mistake of mlreg.yaml in a setting that a rollback does not need', () => {
  it.each([...elsewhere, { what: 'another environment', text: null, line: /environments\.staging\.region/ }])(
    'stops no rollback, and is told with its line: $what',
    async ({ text, line }) => {
      for (const words of ['rollback', 'rollback --to v2.2.0']) {
        const cli = await promoted();
        cli.files.set(file, text === null ? otherBlock : mistaken(text));
        const ran = await cli.run(words);
        expect(ran.stderr).toMatch(line);
        expect(ran.stderr).toContain('this command goes on without, and deploy will not');
        expect([ran.code, serves(cli)]).toEqual([0, '7']);
      }
    },
  );

  it.each(elsewhere)('stops no abort, and a deploy at once: $what', async ({ text, line }) => {
    const cli = await serving();
    let aborted: Promise<{ code: number }> | undefined;
    cli.when(baking(10), () => {
      cli.files.set(file, mistaken(text));
      aborted = cli.run('abort --reason "looks odd"');
    });
    await cli.run(deploy);
    expect([(await aborted)?.code, serves(cli)]).toEqual([0, '7']);
    const ran = await cli.run(deploy);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringMatching(line)]);
    expect(serves(cli)).toBe('7');
  });

  it.each(['status', 'history', 'versions', 'audit verify'])('stops no %s', async (words) => {
    const cli = await promoted();
    cli.files.set(file, mistaken('horizon: soon'));
    const ran = await cli.run(words);
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining("got 'soon'")]);
    expect(ran.stdout).toContain(words === 'audit verify' ? 'sound' : 'v2.3.0');
  });

  it('is listed by doctor, all of them, which then goes on', async () => {
    const cli = await promoted();
    cli.files.set(file, mistaken('horizon: soon\nsmoke: x\nguardrails: 5%'));
    const { well, findings } = await cli.ask('doctor');
    const named = findings.filter(({ check }: { check: string }) => check === 'settings');
    expect(named.map(({ ok, detail }: any) => [ok, detail.replace(/:\d+:\d+ /, ' ')])).toEqual([
      [false, expect.stringMatching(/^mlreg.yaml horizon: /)],
      [false, expect.stringMatching(/^mlreg.yaml smoke: /)],
      [false, expect.stringMatching(/^mlreg.yaml guardrails: /)],
    ]);
    expect(well).toBe(false);
    expect(findings.map(({ check }: { check: string }) => check)).toContain('way back');
  });

  it('lets the share be taken down, and not up', async () => {
    const cli = await serving();
    const ran: { code: number; stderr: string }[] = [];
    let steered: Promise<void> | undefined;
    cli.when(baking(10), () => {
      cli.files.set(file, mistaken('horizon: soon'));
      steered = (async () => {
        ran.push(await cli.run('traffic --percent 50'));
        ran.push(await cli.run('traffic --percent 0'));
        ran.push(await cli.run('traffic --percent 5'));
        await cli.run('abort');
      })();
    });
    await cli.run(deploy);
    await steered;
    expect(ran.map(({ code }) => code)).toEqual([2, 2, 0]);
    expect(ran[1]?.stderr).toContain('try  mlreg abort    bring everybody back to the champion');
  });

  it('stops no resume of what goes back, and no resume that reads nothing of it', async () => {
    const cli = await orphaned();
    cli.files.set(file, mistaken('horizon: soon'));
    const ran = await cli.run('resume');
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining("got 'soon'")]);
  });

  it.each(['sagemaker: { memoryMb: 3000 }', 'requests: { smoke: 7 }'])(
    'stops a resume that goes forward where it reads that setting: %s',
    async (text) => {
      const cli = await orphaned();
      const before = serves(cli);
      cli.files.set(file, projectConfig.replace(/sagemaker:\n {2}role.*\n {2}image.*\n/, `${text}\n`));
      const ran = await cli.run('resume');
      expect([ran.code, ran.stderr]).toEqual([
        2,
        expect.stringContaining('which goes forward, needs this setting'),
      ]);
      expect(serves(cli)).toBe(before);
      expect((await cli.run('rollback')).code).toBe(0);
      expect(serves(cli)).toBe('7');
    },
  );

  it('refuses to build with a setting that has a mistake, and names it alone', async () => {
    const cli = await promoted();
    cli.model.endpoints.delete('recommendation-dev-v2-2-0-76322e32');
    cli.files.set(file, mistaken('horizon: soon').replace('sagemaker:\n', 'sagemaker:\n  memoryMb: 3000\n'));
    const before = serves(cli);
    const ran = await cli.run('rollback -o json');
    expect([ran.code, JSON.parse(ran.stdout)]).toMatchObject([
      2,
      {
        error: expect.stringContaining('sagemaker.memoryMb'),
        why: expect.stringContaining('has to be built anew'),
      },
    ]);
    expect(JSON.parse(ran.stdout).error).not.toContain('horizon');
    expect(serves(cli)).toBe(before);
  });
});

describe('a mistake in a setting that a rollback needs', () => {
  it.each([
    { text: 'table: "?"', key: 'table' },
    {
      text: 'environments:\n  dev: { lambda: { fucntion: other } }',
      key: 'environments.dev.lambda.fucntion',
    },
    { text: 'lamda: { function: other }', key: 'lamda' },
    { text: 'function: other', key: 'function' },
    { text: 'routing: stiky', key: 'routing' },
    { text: 'account: 123456789012', key: 'account' },
    { text: 'enviroments: { dev: { region: eu-west-1 } }', key: 'enviroments' },
    { text: 'lambda: 7', key: 'lambda' },
    { text: 'environments:\n  dev: { api: { stage: "a b" } }', key: 'environments.dev.api.stage' },
    { text: 'environments:\n  dev: { region: 7 }', key: 'environments.dev.region' },
  ])('is the only one that the error names: $key', async ({ text, key }) => {
    const cli = await promoted();
    const before = serves(cli);
    const rest = text.startsWith('environments')
      ? projectConfig.replace(/environments:[\s\S]*/, '')
      : projectConfig;
    cli.files.set(file, `${rest}\nhorizon: soon\n${text}\n`);
    for (const words of ['rollback', 'rollback --to v2.2.0', 'status']) {
      const { error, exitCode, mend } = await cli.ask(words);
      expect([error, exitCode]).toEqual([expect.stringContaining(` ${key}: `), 2]);
      expect(error).toContain('mlreg.yaml has a mistake');
      expect(mend).toContain('correct it in mlreg.yaml');
    }
    expect(serves(cli)).toBe(before);
    const { error } = await cli.ask('doctor');
    expect([error.includes('horizon'), error.includes(key)]).toEqual([true, true]);
  });

  it('stops nothing where the environment or a flag says it rightly', async () => {
    const cli = await promoted();
    cli.files.set(
      file,
      projectConfig
        .replace('region: eu-west-1', 'region: Ireland')
        .replace('dev: { approvals: 0 }', 'dev: { approvals: 0, region: eu-west-1 }'),
    );
    expect([(await cli.run('rollback')).code, serves(cli)]).toEqual([0, '7']);
    cli.files.set(file, projectConfig.replace('region: eu-west-1', 'region: Ireland'));
    expect((await cli.run('status')).code).toBe(2);
    expect((await cli.run('status --region eu-west-1')).code).toBe(0);
  });

  it('stops everything where the text is no YAML, with a way to go by an older file', async () => {
    const cli = await promoted();
    cli.files.set(file, `${projectConfig}\n<<<<<<< HEAD\n`);
    const { exitCode, mend } = await cli.ask('rollback');
    expect(exitCode).toBe(2);
    expect(mend.join('\n')).toContain('git show HEAD:./mlreg.yaml > mlreg.good.yaml');
    cli.files.set('/project/mlreg.good.yaml', projectConfig);
    expect([(await cli.run('rollback --config mlreg.good.yaml')).code, serves(cli)]).toEqual([0, '7']);
  });
});

describe('a deleted mlreg.yaml', () => {
  it('stops no rollback of which environment and model are named', async () => {
    const cli = await promoted();
    cli.files.delete(file);
    const refused = await cli.run('rollback --environment dev');
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('add --model NAME --environment NAME --region REGION'),
    ]);
    const ran = await cli.run('rollback --environment dev --model recommendation');
    expect([ran.code, serves(cli)]).toEqual([0, '7']);
    expect(ran.stderr).toContain('there is no mlreg.yaml');
    expect((await cli.run(`${deploy} --environment dev --model recommendation`)).code).toBe(2);
  });

  it('makes mlreg go by the aliases that the newest rollout moved, not by the default ones', async () => {
    const green = projectConfig.replace('dev: {', 'dev: { lambda: { green: off },');
    const cli = await serving(green);
    expect((await cli.run(deploy)).code).toBe(0);
    const { readAlias } = cli.model.ports.platform;
    const asked: string[] = [];
    Object.assign(cli.model.ports.platform, {
      readAlias: (...args: Parameters<typeof readAlias>) => {
        asked.push(args[0]);
        return readAlias(...args);
      },
    });
    cli.files.delete(file);
    expect((await cli.run('rollback --environment dev --model recommendation')).code).toBe(0);
    expect([...new Set(asked)]).toEqual(['live']);
    expect(serves(cli)).toBe('7');
  });
});
