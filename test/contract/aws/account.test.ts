import { CloudWatchClient, PutMetricAlarmCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import {
  InvokeCommand,
  LambdaClient,
  PutProvisionedConcurrencyConfigCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { expect, test } from 'vitest';
import { createAccountChecks } from '../../../src/aws/account-checks.ts';
import { functionName, type Stack, stack } from './stack.ts';

const checksOf = ({ clients, port }: Stack, endpointQuota: number | null = null) =>
  createAccountChecks({
    clients,
    functionName,
    clock: port,
    aliases: ['live', 'green'],
    maxConcurrency: 5,
    api: { id: null, name: 'nobody', stage: 'prod' },
    alarmPrefix: 'mlreg-prod-',
    endpointQuota,
    concurrencyQuota: null,
    endpointPrefix: 'recs-prod-',
    iam: false,
  });
const examine = async (made: Stack, endpointQuota?: number) => {
  const found = await checksOf(made, endpointQuota).examine({ endpoint: 'recs-prod-v0' });
  return Object.fromEntries(found.map(({ check, ...finding }) => [check, finding]));
};

test('the write that proves a rollback would be let through changes nothing', async () => {
  const made = await stack();
  const before = await made.platform.readAlias('live');
  expect((await examine(made)).rollback).toMatchObject({ ok: true });
  expect(await made.platform.readAlias('live')).toEqual(before);
});

test('what is denied is told with the permission that lacks', async () => {
  const made = await stack();
  made.local.inject({ deny: { 'lambda:UpdateAlias': true, 'sagemaker:ListEndpoints': true } });
  expect(await examine(made)).toMatchObject({
    rollback: { ok: false, mend: 'allow lambda:UpdateAlias for this identity' },
    quota: { ok: false, mend: 'allow sagemaker:ListEndpoints for this identity' },
  });
});

test('an API that is not there, and a quota without room', async () => {
  expect(await examine(await stack(), 0)).toMatchObject({
    deploys: { ok: false, detail: expect.stringContaining('no HTTP API named nobody') },
    quota: { ok: false },
  });
});

test('an alarm on a name that CloudWatch never had data of', async () => {
  const made = await stack();
  const cloudwatch = made.clients.of(CloudWatchClient);
  await cloudwatch.send(
    new PutMetricDataCommand({ Namespace: 'Mlreg', MetricData: [{ MetricName: 'Requests', Value: 1 }] }),
  );
  const put = (MetricName: string) =>
    cloudwatch.send(
      new PutMetricAlarmCommand({
        AlarmName: 'mlreg-prod-recs',
        Namespace: 'Mlreg',
        MetricName,
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
        AlarmActions: ['arn:aws:sns:us-east-1:000000000000:mlreg-alerts-prod'],
      }),
    );
  await put('Requests');
  expect((await examine(made)).alarms).toEqual({ ok: true, detail: '1 alarms can fire' });
  await put('Request');
  expect((await examine(made)).alarms).toMatchObject({
    ok: false,
    mend: expect.stringContaining('Requests'),
  });
});

test('provisioned concurrency on an alias, and a rollout is refused for it: on a version it does no harm', async () => {
  const made = await stack();
  const lambda = made.clients.of(LambdaClient);
  const provision = (Qualifier: string) =>
    lambda.send(
      new PutProvisionedConcurrencyConfigCommand({
        FunctionName: functionName,
        Qualifier,
        ProvisionedConcurrentExecutions: 3,
      }),
    );
  const preflight = async () => {
    const subject = { endpoint: 'recs-prod-v0', aliases: ['live'], swapsStage: false, isDetached: false };
    return (await checksOf(made).preflight(subject)).filter(({ ok }) => !ok);
  };
  await provision('1');
  expect(await preflight()).toEqual([]);
  await provision('live');
  expect(await preflight()).toMatchObject([
    { check: 'one write', blocks: 'configuration', detail: expect.stringContaining('alias live has') },
  ]);
  made.local.inject({ deny: { 'lambda:GetProvisionedConcurrencyConfig': true } });
  expect(await preflight()).toEqual([
    expect.objectContaining({ check: 'one write', mend: expect.stringContaining('allow lambda:GetProv') }),
  ]);
  made.local.inject({ reset: true, deny: { 'lambda:UpdateAlias': true } });
  expect(await preflight()).toMatchObject([
    { check: 'rollback', blocks: 'permission' },
    { check: 'one write' },
  ]);
});

test('more requests at once than a new endpoint takes are warned of, and refuse nothing', async () => {
  const made = await stack();
  const look = async () => {
    const subject = { endpoint: 'recs-prod-v0', aliases: ['live'], swapsStage: false, isDetached: false };
    return (await checksOf(made).preflight(subject)).find(({ check }) => check === 'capacity');
  };
  const users = (count: number) => {
    const ask = () =>
      made.clients
        .of(LambdaClient)
        .send(new InvokeCommand({ FunctionName: functionName, Qualifier: 'live' }));
    return Promise.all(Array.from({ length: count }, ask));
  };
  made.functions.answer = async () => {
    await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
    return { payload: '{}', coldStart: false, logs: [] };
  };
  await users(5);
  await made.clock.advance(60_000);
  expect(await look()).toMatchObject({ ok: true });
  await users(9);
  await made.clock.advance(60_000);
  const found = await look();
  expect(found).toMatchObject({
    ok: false,
    detail: '9 requests at once of late, and an endpoint takes 5: at 100 % it would throttle',
    mend: expect.stringContaining('sagemaker.maxConcurrency'),
  });
  expect(found?.blocks).toBeUndefined();
});

test.each([
  ['letters', 'x'],
  ['quotation marks, which JSON escapes', '"'],
  ['letters of two bytes', 'ü'],
])('the variables are measured as Lambda measures them: %s', async (_name, letter) => {
  const made = await stack();
  const lambda = made.clients.of(LambdaClient);
  const route = { MLREG_ROUTE: JSON.stringify({ champion: { version: 'v1' }, percent: 99.99 }) };
  const setVariables = (variables: Record<string, string>) =>
    lambda.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName: functionName,
        Environment: { Variables: variables },
      }),
    );
  const look = async (size: number) => {
    // Of the route that $LATEST has, a longer one takes the place.
    const own = { API_TOKEN: 'hunter2-s3cret', FLAGS: letter.repeat(size), MLREG_ROUTE: '{}' };
    await setVariables({ ...own, FLAGS: '' });
    await made.clock.advance(1_000);
    // Lambda itself would refuse to keep more than it takes.
    const kept = await setVariables(own).catch(() => null);
    await made.clock.advance(1_000);
    const [finding] = (
      await checksOf(made).preflight({
        endpoint: 'recs-prod-v2',
        aliases: [],
        swapsStage: false,
        isDetached: true,
        variables: [{ MLREG_ROUTE: '' }, route],
      })
    ).filter(({ check }) => check === 'variables');
    const takes = await setVariables({ ...own, ...route }).then(
      () => true,
      () => false,
    );
    await made.clock.advance(1_000);
    return { kept: kept !== null, takes, finding };
  };
  let size = 0;
  for (let step = 2_048; step >= 1; step /= 2) if ((await look(size + step)).takes) size += step;
  expect((await look(size)).finding).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/4,09\d of 4,096/),
  });
  const full = await look(size + 1);
  expect(full).toMatchObject({
    kept: true,
    takes: false,
    finding: {
      ok: false,
      blocks: 'configuration',
      detail: expect.stringMatching(/would have 4,09\d bytes.* \(FLAGS [34],\d\d\d, API_TOKEN 28\)$/),
      mend: expect.stringMatching(/^free (1 byte|2 bytes) of/),
    },
  });
  expect(JSON.stringify(full.finding)).not.toContain('hunter2');
});

test('variables that may not be read are said, and refuse nothing', async () => {
  const made = await stack();
  made.local.inject({ deny: { 'lambda:GetFunctionConfiguration': true } });
  const found = await checksOf(made).examine({
    endpoint: 'recs-prod-v2',
    variables: [{ MLREG_ROUTE: '{}' }],
  });
  const finding = found.find(({ check }) => check === 'variables');
  expect(finding).toMatchObject({
    ok: false,
    mend: 'allow lambda:GetFunctionConfiguration for this identity',
  });
  expect(finding).not.toHaveProperty('blocks');
});
