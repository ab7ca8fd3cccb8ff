import { DescribeEndpointConfigCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/router/config.ts';
import type { MetricsQuery } from '../../src/ports/index.ts';
import { baking } from '../support/cli-world.ts';
import { type Emulated, overEmulator } from '../support/emulated-endpoints.ts';

const again = 'deploy --model-version v2.2.0';
const next = 'deploy --model-version v2.3.0';

const memoryOf = async ({ aws }: Emulated, endpoint: string): Promise<number | undefined> => {
  const { ProductionVariants } = await aws.clients
    .of(SageMakerClient)
    .send(new DescribeEndpointConfigCommand({ EndpointConfigName: endpoint }));
  return ProductionVariants?.[0]?.ServerlessConfig?.MemorySizeInMB;
};

const statuses = async ({ cli }: Emulated) =>
  (await cli.store.versions()).map(({ version, status }) => `${version} ${status}`);

it('is put on trial by the command that a refusal for changes of $LATEST names', async () => {
  const made = await overEmulator();
  made.configure({ memoryMb: 4096 });
  made.cli.model.latest = ['code'];
  const refused = await made.cli.run(`${again} -o json`);
  const { exitCode, mend } = JSON.parse(refused.stdout);
  expect([exitCode, mend[0]]).toEqual([
    2,
    'mlreg deploy --model-version v2.2.0 --environment dev --with-latest',
  ]);
  expect((await made.cli.run(String(mend[0]).replace('mlreg ', ''))).code).toBe(0);
  expect(await statuses(made)).toContain('v2.2.0#2 champion');
});

describe('the serving version with other settings', () => {
  it('is rolled out like any other version, as its next generation', async () => {
    const made = await overEmulator();
    made.configure({ memoryMb: 4096, environment: { FEATURES: 'new' } });
    const queries: MetricsQuery[] = [];
    const { metrics } = made.cli.model.ports;
    const { read } = metrics;
    metrics.read = (query) => {
      queries.push(query);
      return read(query);
    };
    const { code, stderr } = await made.cli.run(again);
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining(
        'v2.2.0#2 is served as configured, v2.2.0 is not: memory (4,096 MB configured, 2,048 MB serving), variable FEATURES (configured, not serving)',
      ),
    ]);
    expect(await statuses(made)).toEqual(['v2.2.0 archived', 'v2.3.0 candidate', 'v2.2.0#2 champion']);
    expect(await memoryOf(made, 'recommendation-dev-v2-2-0-76322e32')).toBe(2048);
    expect(await memoryOf(made, 'recommendation-dev-v2-2-0-76322e32-g2')).toBe(4096);
    // Its requests are counted apart from those of the generation before it.
    expect(queries.at(-1)).toMatchObject({
      champion: { version: 'v2.2.0' },
      challenger: { version: 'v2.2.0#2', endpoint: 'recommendation-dev-v2-2-0-76322e32-g2' },
    });
    const variables = made.cli.model.variablesOf(made.cli.model.alias().target.functionVersion);
    const reading = readConfig({ ...variables, MLREG_ENVIRONMENT: 'dev', MLREG_MODEL: 'recommendation' });
    expect(reading).toMatchObject({
      kind: 'read',
      config: { serving: { route: { champion: { version: 'v2.2.0#2' } } } },
    });
    expect(await made.cli.ask(again)).toMatchObject({ result: 'already-serving', version: 'v2.2.0#2' });
  });

  it.each([
    ['image', { image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/recommendation:2' }],
    ['role', { roleArn: 'arn:aws:iam::123456789012:role/other' }],
    ['maximum concurrency', { maxConcurrency: 30 }],
    ['memory', { memoryMb: 3072 }],
  ])('is another generation where its %s differs', async (name, settings) => {
    const made = await overEmulator();
    expect(await made.cli.ask(again)).toMatchObject({ result: 'already-serving' });
    made.configure(settings);
    expect((await made.cli.run('plan --model-version v2.2.0')).stdout).toContain(`not: ${name} (`);
    expect((await made.cli.run(again)).code).toBe(0);
    expect(await statuses(made)).toContain('v2.2.0#2 champion');
  });

  it('is told of by name, and never by the value of a variable', async () => {
    const made = await overEmulator();
    made.configure({ environment: { TOKEN: 'hunter2-old' } });
    expect((await made.cli.run(again)).code).toBe(0);
    made.configure({ environment: { TOKEN: 'hunter2-new' } });
    const said = await Promise.all(
      ['status', 'plan --model-version v2.2.0', 'doctor', 'status -o json'].map((words) =>
        made.cli.run(words),
      ),
    );
    for (const { stdout, stderr } of said) {
      expect(stdout).toContain('variable TOKEN (another value serving than configured)');
      expect(stdout + stderr).not.toContain('hunter2');
    }
    expect(said[0]?.stdout).toContain('next: mlreg deploy --model-version v2.2.0 --environment dev');
    expect((await made.cli.run(again)).code).toBe(0);
    expect(await statuses(made)).toContain('v2.2.0#3 champion');
    const journals = await Promise.all(
      (await made.cli.store.rollouts()).map((id) => made.cli.store.journal(id)),
    );
    expect(JSON.stringify(journals)).not.toContain('hunter2');
  });

  it('is named without its generation by a deploy, which the settings decide, and with it elsewhere', async () => {
    const made = await overEmulator();
    made.configure({ memoryMb: 4096 });
    await made.cli.run(again);
    const refused = await made.cli.run('deploy --model-version v2.2.0#2');
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining("'v2.2.0#2' names a generation"),
    ]);
    expect(refused.stderr).toContain('--model-version v2.2.0');
    expect((await made.cli.run('validate v2.2.0#2')).stdout).toContain('v2-2-0-76322e32-g2');
  });

  it('comes back as the generation that it was where the settings come back', async () => {
    const made = await overEmulator();
    made.configure({ memoryMb: 4096 });
    await made.cli.run(again);
    made.configure({ memoryMb: 2048 });
    expect((await made.cli.run(again)).code).toBe(0);
    expect(await statuses(made)).toEqual(['v2.2.0 champion', 'v2.3.0 candidate', 'v2.2.0#2 archived']);
  });
});

it('a version of which a later generation alone is left can be deployed', async () => {
  const made = await overEmulator();
  await made.cli.register('v2.4.0#2');
  expect((await made.cli.run('deploy --model-version v2.4.0')).code).toBe(0);
  expect(await statuses(made)).toContain('v2.4.0#2 champion');
  expect((await made.cli.run('deploy --model-version v2.5.0')).stderr).toContain(
    'v2.5.0 is not registered in dev',
  );
});

it('settings that were raised after an aborted rollout come into effect', async () => {
  const made = await overEmulator();
  let aborted: Promise<{ readonly code: number }> | undefined;
  made.cli.when(baking(10), () => void (aborted = made.cli.run('abort --yes')));
  await made.cli.run(next);
  expect((await aborted)?.code).toBe(0);
  made.configure({ memoryMb: 4096 });
  expect((await made.cli.run(next)).code).toBe(0);
  expect(await memoryOf(made, 'recommendation-dev-v2-3-0-76322e33')).toBe(2048);
  expect(await memoryOf(made, 'recommendation-dev-v2-3-0-76322e33-g2')).toBe(4096);
  expect(await statuses(made)).toEqual(['v2.2.0 archived', 'v2.3.0 rolled_back', 'v2.3.0#2 champion']);
});

describe('a rollback', () => {
  const twoGenerations = async (): Promise<Emulated> => {
    const made = await overEmulator();
    made.configure({ memoryMb: 4096 });
    await made.cli.run(again);
    await made.cli.run(next);
    return made;
  };

  it('goes to the generation of a version that served last', async () => {
    const made = await twoGenerations();
    expect((await made.cli.run('rollback --to v2.2.0')).code).toBe(0);
    expect(await statuses(made)).toEqual(['v2.2.0 archived', 'v2.3.0 rolled_back', 'v2.2.0#2 champion']);
  });

  it.each(['v2.2.0#1', 'v2.2.0#2'])('goes to %s where that is named', async (tag) => {
    const made = await twoGenerations();
    expect((await made.cli.run(`rollback --to ${tag}`)).code).toBe(0);
    expect(await statuses(made)).toContain(`${tag.replace('#1', '')} champion`);
  });

  it('goes from one generation to the one before it where no version is named', async () => {
    const made = await overEmulator();
    made.configure({ memoryMb: 4096 });
    await made.cli.run(again);
    expect((await made.cli.run('rollback')).code).toBe(0);
    expect(await statuses(made)).toContain('v2.2.0 champion');
  });

  it('builds a deleted endpoint as that generation was, whatever is configured now', async () => {
    const made = await twoGenerations();
    const endpoint = 'recommendation-dev-v2-2-0-76322e32-g2';
    await made.cli.model.ports.platform.deleteEndpoint(endpoint);
    await made.pass(60_000);
    made.configure({ memoryMb: 1024 });
    expect((await made.cli.run('rollback --to v2.2.0')).code).toBe(0);
    expect(await memoryOf(made, endpoint)).toBe(4096);
  });
});

describe('whoever provisions what another one has planned', () => {
  const pausedBeforeProvisioning = async (): Promise<Emulated> => {
    const made = await overEmulator();
    made.configure({ memoryMb: 4096, environment: { A: '1' } });
    const { ensureEndpoint } = made.cli.model.ports.platform;
    made.cli.model.ports.platform.ensureEndpoint = async () => {
      made.cli.model.ports.platform.ensureEndpoint = ensureEndpoint;
      throw new Error('the process died');
    };
    await made.cli.run(next).catch(() => undefined);
    return made;
  };

  it('makes the endpoint as planned, not as configured there', async () => {
    const made = await pausedBeforeProvisioning();
    made.configure({ memoryMb: 1024 });
    expect((await made.cli.run('resume')).code).toBe(0);
    expect(await memoryOf(made, 'recommendation-dev-v2-3-0-76322e33')).toBe(4096);
  });

  it('is refused where the variables configured there are others', async () => {
    const made = await pausedBeforeProvisioning();
    made.configure({ environment: { B: '1' } });
    const { code, stdout } = await made.cli.run('resume');
    expect([code, stdout]).toEqual([
      3,
      expect.stringContaining(
        'was planned with the variables A, and configured here (sagemaker.environment) are B',
      ),
    ]);
  });
});
