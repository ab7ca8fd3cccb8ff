import { UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import { createAccountChecks } from '../../src/aws/account-checks.ts';
import { createMetrics } from '../../src/aws/cloudwatch-metrics.ts';
import { quotable } from '../../src/domain/aws-words.ts';
import type { WireRequest } from '../../src/local-aws/core/local-aws.ts';
import type { RolloutSubject } from '../../src/ports/account.ts';
import { noticeOf } from '../../src/view/notices.ts';
import { replay } from '../../src/engine/fold-journal.ts';
import { functionName, lambdaOf, type Stack, stack } from '../contract/aws/stack.ts';
import { began, type CliWorld, cliWorld, projectConfig } from '../support/cli-world.ts';

/** In variables of the function, of the model's container, and in whatever AWS quotes. */
const secrets = ['hunter2-s3cret', 'function-t0ken', 'container-passw0rd'] as const;
const [quoted, ofFunction, ofContainer] = secrets;

/** As long as Lambda takes beside a small route; a large one is refused with all of them quoted. */
const flags = (letters: number) => ({ API_TOKEN: ofFunction, FLAGS: 'x'.repeat(letters) });

/** Nobody sends requests here, so a rollout holds, and goes back. */
const quick = projectConfig.replace('maxHold: 1m', 'maxHold: 3s');

interface Setting {
  readonly cli: CliWorld;
  readonly made: Stack;
}

/** The command line over the adapters over the local AWS emulator; v2.2.0 serves. */
async function setting(
  variables: Readonly<Record<string, string>>,
  container: string = ofContainer,
): Promise<Setting> {
  const made = await stack({
    smokeRequests: [{ body: '{}' }],
    sagemaker: {
      roleArn: 'arn:aws:iam::000000000000:role/models',
      image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/recommendation:1',
      memoryMb: 2048,
      maxConcurrency: 10,
      environment: { MODEL_TOKEN: container },
    },
  });
  await lambdaOf(made).send(
    new UpdateFunctionConfigurationCommand({
      FunctionName: functionName,
      Environment: { Variables: variables },
    }),
  );
  await made.clock.advance(2_000);
  const cli = cliWorld(
    quick.replace('sagemaker:\n', `sagemaker:\n  environment: { MODEL_TOKEN: ${ofContainer} }\n`),
  );
  // The emulator's time goes on with each call, so that what it creates comes to an end.
  const real = Object.entries(made.platform).map(([name, call]) => [
    name,
    async (...given: unknown[]) => {
      await made.clock.advance(1_000);
      return (call as (...args: unknown[]) => unknown)(...given);
    },
  ]);
  Object.assign(cli.model.ports.platform, Object.fromEntries(real));
  const { clients } = made;
  const now = (): number => made.clock.now();
  const at = { environment: 'dev', model: 'recommendation', functionName, alias: 'live', now };
  Object.assign(cli.model.ports.metrics, createMetrics({ clients, routing: 'sticky', ...at }));
  await cli.register('v2.2.0', {
    status: 'champion',
    functionVersion: '1',
    endpoint: { name: 'recommendation-dev-v2-2-0-76322e32', generation: 1 },
  });
  await cli.register('v2.3.0');
  return { cli, made };
}

const labelOf = ({ method, headers, path }: WireRequest): string =>
  `${method} ${headers['x-amz-target'] ?? path.replace(/recommendation-dev-[\w-]+/, 'ENDPOINT').replace(/\/\d+$/, '/N')}`;

/** What AWS, the SDK and a proxy are known to quote. */
const text = `Value '{API_TOKEN=${quoted}}' String measured: {"T":"${quoted}"} x-amz-security-token:${quoted} <html>${quoted}`;
const failing = (name: string, status: number): Error =>
  Object.assign(new Error(text), {
    name,
    $metadata: { httpStatusCode: status, requestId: `${status}-0000` },
  });

const checksOf = ({ clients, port }: Stack) =>
  createAccountChecks({
    clients,
    clock: port,
    functionName,
    aliases: ['live'],
    api: { id: null, name: 'api', stage: 'prod' },
    alarmPrefix: 'mlreg-',
    endpointQuota: null,
    concurrencyQuota: null,
    endpointPrefix: 'recommendation-',
    iam: false,
    maxConcurrency: 5,
  });

/** A rollout, and everything that is said, written and sent of it. */
async function told({ cli, made }: Setting): Promise<string> {
  const env = {
    GITHUB_ACTIONS: 'true',
    GITHUB_STEP_SUMMARY: '/project/summary.md',
    GITHUB_OUTPUT: '/project/output',
    MLREG_OUTPUT_FILE: '/project/events.ndjson',
    MLREG_DEBUG: '1',
  };
  const said: unknown[] = [];
  const run = async (words: string): Promise<void> => void said.push(await cli.run(words, { env }));
  await run('deploy --model-version v2.3.0 --with-latest');
  cli.account = await checksOf(made).examine({
    endpoint: 'recs',
    variables: [{ MLREG_ROUTE: 'x'.repeat(4_096) }],
  });
  for (const words of [
    'doctor',
    'status',
    'status -o json',
    'history',
    'history -o json',
    'report --md report.md',
  ])
    await run(words);
  await run('abort --if-running');
  await run('rollback -o json');
  for (const rollout of await cli.store.rollouts()) {
    await run(`show ${rollout}`);
    const entries = await cli.store.journal(rollout);
    const notices = entries.map((entry, at) => noticeOf(replay(rollout, entries.slice(0, at + 1)), entry));
    said.push(entries, notices);
  }
  const files = [...cli.files].filter(([name]) => !name.endsWith('mlreg.yaml'));
  return JSON.stringify([said, files]);
}

const leaked = (everything: string) => secrets.filter((secret) => everything.includes(secret));

describe('no value of a variable is said, written or sent', () => {
  it('whichever call of AWS fails, with a text that quotes all it knows', {
    timeout: 1_200_000,
  }, async () => {
    const clean = await setting(flags(100));
    const labels = new Set<string>();
    clean.made.fate = (request) => {
      labels.add(labelOf(request));
      return 'pass';
    };
    expect(leaked(await told(clean))).toEqual([]);
    expect([...labels]).toEqual(
      expect.arrayContaining([
        expect.stringContaining('CreateModel'),
        expect.stringContaining('CreateEndpoint'),
        expect.stringMatching(/PUT .*configuration$/),
        expect.stringMatching(/POST .*versions$/),
        expect.stringMatching(/PUT .*aliases.live$/),
        expect.stringContaining('GetMetricData'),
      ]),
    );
    const leaks: string[] = [];
    let quotes = 0;
    // Before anything is made, and in the middle; a 500 would make the SDK wait and try again.
    const cases = [...labels].flatMap((label, index) => [
      { label, name: 'AccessDeniedException', status: 403, later: false },
      index % 2 === 0
        ? { label, name: 'InvalidParameterValueException', status: 400, later: true }
        : { label, name: 'ServiceException', status: 501, later: true },
    ]);
    for (const { label, name, status, later } of cases) {
      const made = await setting(flags(100));
      let fails = !later;
      made.cli.when(began, () => {
        fails = true;
      });
      let met = 0;
      made.made.fate = (request) => {
        if (!fails || labelOf(request) !== label) return 'pass';
        met++;
        return { kind: 'before', error: failing(name, status) };
      };
      const everything = await told(made);
      leaks.push(...leaked(everything).map((secret) => `${secret}: ${label} ${name}`));
      if (met > 0 && everything.includes(name)) quotes++;
    }
    expect(leaks).toEqual([]);
    // The error's name was told, or this test would look at nothing.
    expect(quotes).toBeGreaterThan(labels.size / 2);
  });

  it('when Lambda takes no more variables, and quotes all of them', async () => {
    const made = await setting(flags(3_900));
    const everything = await told(made);
    expect(everything.includes('exceeded the 4KB limit')).toBe(true);
    expect(leaked(everything)).toEqual([]);
  });

  it('when the preflight finds that Lambda would take no more, before anything is made', async () => {
    const { cli, made } = await setting(flags(3_900));
    cli.preflight = ((subject: RolloutSubject) => checksOf(made).preflight(subject)) as never;
    made.asked.length = 0;
    const { code, stdout, stderr } = await cli.run('deploy --model-version v2.3.0 --with-latest');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/a published version would have 4,\d{3} bytes of them, and Lambda takes 4,096/);
    expect(stderr).toMatch(/\(FLAGS 3,910, API_TOKEN 28\)/);
    expect(leaked(stderr)).toEqual([]);
    expect(made.asked.filter((line) => /Create|PUT .*configuration$|POST .*versions$/.test(line))).toEqual(
      [],
    );
    expect(await cli.store.rollouts()).toEqual([]);
  });

  it("when SageMaker finds the model's environment too long, and quotes it", async () => {
    const everything = await told(await setting(flags(10), `${ofContainer}${'x'.repeat(1_024)}`));
    expect(everything.includes('the value of primaryContainer.environment is invalid')).toBe(true);
    expect(leaked(everything)).toEqual([]);
  });

  it('when the container prints its environment as it dies', async () => {
    const made = await setting(flags(10));
    made.made.containers.boot = async ({ environment }) => {
      throw new Error(`KeyError: ${JSON.stringify(environment)} ${quoted}`);
    };
    const everything = await told(made);
    expect(everything.includes('Its reason is not shown')).toBe(true);
    expect(leaked(everything)).toEqual([]);
  });

  it('when the model answers the smoke test with its environment', async () => {
    const made = await setting(flags(10));
    made.made.containers.answer = async ({ environment }) => ({
      status: 500,
      body: Buffer.from(`KeyError in ${JSON.stringify(environment)}`),
      contentType: 'text/plain',
      customAttributes: undefined,
    });
    const everything = await told(made);
    expect(everything.includes('the model answered 500: KeyError in')).toBe(true);
    expect(leaked(everything)).toEqual([]);
  });

  it('for no text of AWS that is planted here is one of those that are known', () => {
    expect(quotable(text)).toBeNull();
  });
});
