import { describe, expect, it } from 'vitest';
import { bad, baking, began, type CliWorld, cliWorld, projectConfig, serving } from '../support/cli-world.ts';

const deploy = 'deploy --model-version v2.3.0';

/** What a command says at some moment of a rollout that then goes on. */
async function during(
  cli: CliWorld,
  moment: Parameters<CliWorld['when']>[0],
  words: string,
): Promise<string> {
  let said: Promise<string> | undefined;
  cli.when(moment, () => {
    said = cli.run(words, { as: 'bob' }).then(({ stdout }) => stdout);
  });
  await cli.run(deploy);
  return (await said) ?? 'never';
}

async function afterOne(outcome: 'promoted' | 'rolled back'): Promise<CliWorld> {
  const cli = await serving();
  if (outcome === 'rolled back') cli.model.behaviour['v2.3.0'] = bad;
  await cli.run(`${deploy} --reason "fresh data"`);
  return cli;
}

describe('plan', () => {
  it.each([
    ['canary', '--model-version v2.3.0'],
    ['canary, first step given', '--model-version v2.3.0 --percent 5 --bake 1h'],
    ['canary to 100 %, with approval', '--model-version v2.3.0 --steps 1,100 --approval-required'],
    ['blue-green', '--strategy blue-green --model-version v2.3.0'],
    ['shadow', '--strategy shadow --model-version v2.3.0 --sample 5'],
  ])('%s', async (_name, words) => {
    const cli = await serving();
    expect(await cli.run(`plan ${words}`)).toMatchSnapshot();
    expect(await cli.store.rollouts()).toEqual([]);
  });

  it('of a first deploy', async () => {
    const cli = cliWorld();
    await cli.register('v2.3.0');
    expect((await cli.run('plan --model-version v2.3.0')).stdout).toMatchSnapshot();
  });

  it('refuses shadow with weighted routing', async () => {
    const cli = await serving(`${projectConfig}\nrouting: weighted\n`);
    const { code, stderr } = await cli.run('plan --strategy shadow --model-version v2.3.0');
    expect([code, stderr]).toEqual([2, expect.stringContaining('a shadow rollout needs sticky routing')]);
  });
});

describe('status', () => {
  it('before anything', async () => {
    expect((await cliWorld().run('status')).stdout).toMatchSnapshot();
  });
  it('with no rollout', async () => {
    expect((await (await serving()).run('status')).stdout).toMatchSnapshot();
  });
  it('after one that was promoted', async () => {
    expect((await (await afterOne('promoted')).run('status')).stdout).toMatchSnapshot();
  });
  it('after one that was rolled back', async () => {
    expect((await (await afterOne('rolled back')).run('status')).stdout).toMatchSnapshot();
  });
  it('while one runs', async () => {
    expect(await during(await serving(), baking(50), 'status')).toMatchSnapshot();
  });
  it('while one runs, weighted', async () => {
    expect(
      await during(await serving(`${projectConfig}\nrouting: weighted\n`), baking(10), 'status'),
    ).toMatchSnapshot();
  });
  it('while one is paused', async () => {
    const cli = await serving();
    cli.when(baking(10), () => void cli.run('pause', { as: 'bob' }));
    expect(await during(cli, ({ kind }) => kind === 'request', 'status')).toMatchSnapshot();
  });
  it('while one is held for want of evidence', async () => {
    const cli = await serving();
    cli.model.requestsPerTick = 0;
    expect(await during(cli, ({ kind }) => kind === 'held', 'status')).toMatchSnapshot();
  });
  it('when nobody drives it', async () => {
    const cli = await serving();
    await cli.run(`${deploy} --timeout 5s`);
    expect((await cli.run('status')).stdout).toMatchSnapshot();
  });
  it('when one is stuck', async () => {
    const cli = await serving();
    cli.when(baking(10), () => cli.model.meddle({ functionVersion: '7', weights: { 3: 0.07 } }));
    await cli.run(deploy);
    expect((await cli.run('status')).stdout).toMatchSnapshot();
  });
  it('when the alias cannot be read', async () => {
    const cli = await serving();
    cli.model.fault = (_at, name) => (name === 'readAlias' ? 'denied' : null);
    expect(await cli.run('status')).toMatchSnapshot();
  });
});

describe('the registry', () => {
  it('versions: none, some', async () => {
    expect((await cliWorld().run('versions')).stdout).toMatchSnapshot();
    const cli = await afterOne('promoted');
    await cli.register('v2.1.0', { tombstone: { at: cli.clock.now(), endpoint: 'x' }, metrics: {} });
    expect((await cli.run('versions')).stdout).toMatchSnapshot();
  });

  it('register: new, again, other bytes', async () => {
    const cli = cliWorld();
    cli.artifacts.set('s3://models/a.tar.gz', 'ab'.repeat(32)).set('s3://models/b.tar.gz', 'cd'.repeat(32));
    const register = 'register v1.0.0 --artifact s3://models';
    expect(await cli.run(`${register}/a.tar.gz --metric auc=0.67 mae=-1e-3`)).toMatchSnapshot();
    expect(await cli.run(`${register}/a.tar.gz`)).toMatchSnapshot();
    expect(await cli.run(`${register}/b.tar.gz`)).toMatchSnapshot();
    expect((await cli.ask('versions')).versions[0].metrics).toEqual({ auc: 0.67, mae: -0.001 });
  });

  it.each(['auc', 'auc=', 'auc=high', '=1', '1auc=1'])('register: %s is no metric', async (pair) => {
    const { code, stderr } = await cliWorld().run(`register v1.0.0 --artifact s3://m/a --metric ${pair}`);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`--metric: '${pair}' is not name=number`)]);
  });

  it('validate: fit, unfit, changed, and asked where an endpoint serves', async () => {
    const cli = await serving();
    await cli.register('v2.4.0', { metrics: { auc: 0.5 } });
    expect(await cli.run('validate v2.3.0')).toMatchSnapshot();
    expect(await cli.run('validate v2.4.0')).toMatchSnapshot();
    expect(await cli.run('validate v2.2.0')).toMatchSnapshot();
    cli.artifacts.set('s3://models/v2.3.0.tar.gz', 'ff'.repeat(32));
    expect(await cli.run('validate v2.3.0')).toMatchSnapshot();
    expect((await cli.run('validate v9')).code).toBe(2);
  });

  it('validate without criteria', async () => {
    const cli = await serving(projectConfig.replace(/acceptance:.*/, ''));
    expect((await cli.run('validate v2.3.0')).stdout).toMatchSnapshot();
  });
});

describe('what was', () => {
  it('history', async () => {
    expect((await cliWorld().run('history')).stdout).toMatchSnapshot();
    const cli = await afterOne('rolled back');
    cli.model.behaviour = {};
    await cli.run(deploy);
    expect((await cli.run('history')).stdout).toMatchSnapshot();
    expect(
      (await cli.ask('history --limit 1')).rollouts.map(({ rollout }: { rollout: string }) => rollout),
    ).toEqual(['r-2']);
    expect((await cli.run('history --limit few')).code).toBe(2);
  });

  it('show', async () => {
    const cli = await afterOne('rolled back');
    expect((await cli.run('show r-1')).stdout).toMatchSnapshot();
    expect(await cli.run('show r-9')).toMatchSnapshot();
  });

  it('show --observations is one JSON object a line', async () => {
    const cli = await afterOne('promoted');
    const lines = (await cli.run('show r-1 --observations')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.length).toBeGreaterThan(20);
    expect(lines[0]).toMatchObject({ format: 'mlreg-observations/1' });
  });
});

describe('doctor', () => {
  it('all well', async () => {
    const cli = await serving();
    expect(await cli.run('doctor')).toMatchSnapshot();
  });

  it('nothing well', async () => {
    const cli = await serving(projectConfig.replace('dev: {', "dev: { account: '210987654321', "));
    cli.model.requestsPerTick = 0;
    cli.model.meddle({ functionVersion: '$LATEST', weights: {} });
    cli.model.endpoints.clear();
    cli.artifacts.clear();
    expect(await cli.run('doctor')).toMatchSnapshot();
  });

  it('denied is not absent', async () => {
    const cli = await serving();
    cli.model.fault = (_at, name) => (name === 'endpoint' || name === 'readAlias' ? 'denied' : null);
    expect((await cli.run('doctor')).stdout).toMatchSnapshot();
  });

  it('warns of recorded Lambda versions that hold API keys of another day, and does not fail for it', async () => {
    const cli = await serving();
    const { functionVersion } = cli.model.alias().target;
    const route = cli.model.variablesOf(functionVersion);
    const [old, now] = ['a'.repeat(64), 'b'.repeat(64)];
    cli.model.publishAs(functionVersion, { ...route, MLREG_API_KEYS_SHA256: old });
    cli.model.publishAs('$LATEST', { ...route, MLREG_API_KEYS_SHA256: now });
    const { code, stdout } = await cli.run('doctor');
    expect(code).toBe(0);
    expect(stdout.split('\n').filter((line) => /keys|MLREG_API_KEYS/.test(line))).toMatchSnapshot();
    expect(stdout).not.toMatch(/[ab]{64}/);
    cli.model.publishAs('$LATEST', { ...route, MLREG_API_KEYS_PARAMETER: '/mlreg/prod/api-keys' });
    expect((await cli.run('doctor')).stdout).toContain(
      'holds 1 API key of its own, and today they are read from the parameter /mlreg/prod/api-keys: a key that was revoked since would be valid again',
    );
    cli.model.publishAs(functionVersion, { ...route, MLREG_API_KEYS_PARAMETER: '/mlreg/prod/api-keys' });
    expect((await cli.run('doctor')).stdout).toContain(
      'no recorded Lambda version holds API keys of its own',
    );
  });

  it('before the first version', async () => {
    expect((await cliWorld().run('doctor')).stdout).toMatchSnapshot();
  });
});

const terraformOutputs = (environment: string): string =>
  JSON.stringify({
    mlreg: {
      value: {
        model: 'fraudulent',
        environment,
        region: 'eu-west-1',
        account: '012345678901',
        function: `fraudulent-inference-${environment}`,
        alias: 'live',
        shadow_function: null,
        api_id: 'a1b2c3d4e5',
        api_name: `fraudulent-api-${environment}`,
        stage: '$default',
        recommend_path: '/recommend',
        table: `mlreg-${environment}`,
        topic: `mlreg-alerts-${environment}`,
        model_role: `arn:aws:iam::012345678901:role/fraudulent-model-${environment}`,
      },
    },
  });

describe('init', () => {
  it('writes what is missing, and replaces nothing', async () => {
    const cli = cliWorld(null);
    expect(await cli.run('init --model-name fraud')).toMatchSnapshot();
    expect([...cli.files.keys()]).toEqual([
      '/project/mlreg.yaml',
      ...['model-deployment', 'promote-to-staging', 'promote-to-production', 'approve-rollout'].map(
        (name) => `/project/.github/workflows/${name}.yml`,
      ),
    ]);
    const workflow = cli.files.get('/project/.github/workflows/promote-to-production.yml');
    expect(workflow).toContain('      - uses: ./node_modules/mlreg\n');
    expect(workflow).not.toMatch(/uses: \.\/\n|npm run build/);
    expect(cli.files.get('/project/mlreg.yaml')).toContain('model: fraud');
    cli.files.set('/project/mlreg.yaml', 'mine');
    expect(await cli.run('init')).toMatchSnapshot();
    expect(cli.files.get('/project/mlreg.yaml')).toBe('mine');
  });

  it('writes what mlreg understands', async () => {
    const cli = cliWorld(null);
    await cli.run('init');
    expect((await cli.run('versions -e dev')).code).toBe(0);
  });

  it('writes what Terraform made, of one environment or of several', async () => {
    const cli = cliWorld(null);
    cli.files.set('/project/staging.json', terraformOutputs('staging'));
    cli.files.set('/dev/stdin', terraformOutputs('prod'));
    expect(await cli.run('init --from-terraform staging.json -')).toMatchSnapshot();
    const text = cli.files.get('/project/mlreg.yaml') ?? '';
    expect(text.slice(text.indexOf('environments:'))).toMatchSnapshot();
    expect((await cli.run('versions -e prod')).code).toBe(0);
    // It is there now: what would have been written is shown.
    expect(await cli.run('init --from-terraform -')).toMatchSnapshot();
    expect(cli.files.get('/project/mlreg.yaml')).toBe(text);
  });

  it.each([
    ['a file that is not there', 'init --from-terraform none.json'],
    ['another model than was said', 'init --model-name fraud --from-terraform -'],
  ])('refuses %s', async (_what, words) => {
    const cli = cliWorld(null);
    cli.files.set('/dev/stdin', terraformOutputs('prod'));
    const { code, stderr } = await cli.run(words);
    expect(code).toBe(2);
    expect(stderr).toMatchSnapshot();
    expect(cli.files.has('/project/mlreg.yaml')).toBe(false);
  });

  it('of a name that cannot begin names', async () => {
    expect((await cliWorld(null).run('init --model-name "my model"')).code).toBe(2);
  });
});

describe('the shape of each answer', () => {
  const answers: readonly (readonly [string, string])[] = [
    ['Plan', 'plan --model-version v2.3.0'],
    ['Plan', 'deploy --model-version v2.3.0 --dry-run'],
    ['Rollout', deploy],
    ['Rollout', 'rollback --to v2.2.0'],
    ['Rollout', 'watch --duration 5'],
    ['Rollout', 'show r-1'],
    ['Status', 'status'],
    ['Versions', 'versions'],
    ['Version', 'register v2.5.0 --artifact s3://models/v2.3.0.tar.gz'],
    ['Validation', 'validate v2.3.0'],
    ['History', 'history'],
    ['Doctor', 'doctor'],
    ['Init', 'init'],
    ['Abort', 'abort --if-running'],
    ['Config', 'config show'],
  ];
  it('has apiVersion and kind, and the same keys at each time', async () => {
    const cli = await serving();
    const shapes: Record<string, readonly string[]> = {};
    for (const [kind, words] of answers) {
      const answer = await cli.ask(words);
      expect([words, answer.apiVersion, answer.kind]).toEqual([words, 'mlreg/v1', kind]);
      shapes[words] = Object.keys(answer).sort();
    }
    expect(shapes).toMatchSnapshot();
  });

  it('of a status while a rollout runs', async () => {
    const said = JSON.parse(await during(await serving(), baking(10), 'status -o json'));
    expect(said).toMatchObject({
      owner: { name: 'ana', pid: 101, process: 'alive' },
      rollout: { rollout: 'r-1', challengerPercent: 10, verdict: { kind: expect.any(String) } },
    });
  });

  it('of a request', async () => {
    const said = await during(await serving(), began, 'approve -o json');
    expect(JSON.parse(said)).toEqual({
      apiVersion: 'mlreg/v1',
      kind: 'Request',
      rollout: 'r-1',
      request: 'approve',
      accepted: false,
      answer: 'nothing waits for approval',
    });
  });
});

it('registering a version again with other metrics is told, and changes nothing', async () => {
  const cli = await serving();
  const again = (metric: string) => cli.run(`register v2.3.0 --artifact s3://models/v2.3.0.tar.gz ${metric}`);
  const before = await cli.store.versions();
  const other = await again('--metric auc=0.99');
  expect(other.code).toBe(5);
  expect(other.stderr).toMatch(/v2.3.0 is registered in dev with other metrics: auc is [\w. ]+, given 0.99/);
  expect((await again('')).code).toBe(0);
  expect(await cli.store.versions()).toEqual(before);
});

it.each(['1e999', '-1e999'])('a metric of %s is refused by name', async (value) => {
  const { code, stderr } = await cliWorld().run(`register v1.0.0 --artifact s3://m/a --metric auc=${value}`);
  expect(code).toBe(2);
  expect(stderr).toContain(`metric auc is ${value.startsWith('-') ? '-' : ''}Infinity`);
});
