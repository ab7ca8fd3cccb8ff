import { CloudWatchClient, PutMetricAlarmCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { InvokeCommand, LambdaClient, PutProvisionedConcurrencyConfigCommand } from '@aws-sdk/client-lambda';
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
