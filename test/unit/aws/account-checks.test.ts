import { describe, expect, it } from 'vitest';
import { instant } from '../../../src/domain/units.ts';
import { createAccountChecks } from '../../../src/aws/account-checks.ts';
import type { Clients } from '../../../src/aws/clients.ts';
import type { RolloutSubject } from '../../../src/ports/account.ts';

/** AWS's answers by command; an Error is thrown. */
type Answers = Readonly<Record<string, unknown>>;

const failing = (name: string, status: number): Error =>
  Object.assign(new Error(`${name} it is`), { name, $metadata: { httpStatusCode: status } });

const alarm = {
  AlarmName: 'mlreg-prod-recs-errors',
  Namespace: 'AWS/SageMaker',
  MetricName: 'Invocation5XXErrors',
  Dimensions: [{ Name: 'EndpointName', Value: 'recs-prod-v1' }],
  Statistic: 'Sum',
  Threshold: 10,
  ComparisonOperator: 'GreaterThanThreshold',
  ActionsEnabled: true,
  AlarmActions: ['arn:aws:sns:eu-west-1:123456789012:mlreg-alerts-prod'],
};

const healthy: Answers = {
  UpdateAliasCommand: failing('PreconditionFailedException', 412),
  GetProvisionedConcurrencyConfigCommand: failing('ProvisionedConcurrencyConfigNotFoundException', 404),
  GetStageCommand: { AutoDeploy: true, DeploymentId: 'd1' },
  GetDeploymentCommand: { AutoDeployed: true },
  DescribeAlarmsCommand: { MetricAlarms: [alarm] },
  ListMetricsCommand: {
    Metrics: ['Invocations', 'Invocation5XXErrors', 'OverheadLatency'].map((MetricName) => ({ MetricName })),
  },
  ListEndpointsCommand: { Endpoints: [{ EndpointName: 'recs-prod-v1' }, {}] },
  DescribeEndpointConfigCommand: { ProductionVariants: [{ ServerlessConfig: { MaxConcurrency: 20 } }] },
  GetAccountSettingsCommand: {
    AccountLimit: { ConcurrentExecutions: 1_000, UnreservedConcurrentExecutions: 900 },
  },
  GetFunctionConcurrencyCommand: {},
  GetMetricDataCommand: {
    MetricDataResults: [7, undefined, undefined].map((value, index) => ({
      Id: `m${index}`,
      StatusCode: 'Complete',
      Timestamps: value === undefined ? [] : [new Date(1_749_999_900_000)],
      Values: value === undefined ? [] : [value],
    })),
  },
  GetFunctionConfigurationCommand: {
    Role: 'arn:aws:iam::123456789012:role/recs-inference-prod',
    FunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:recs-inference-prod',
  },
  SimulatePrincipalPolicyCommand: { EvaluationResults: [{ EvalDecision: 'allowed' }] },
};

const asked: unknown[] = [];

function checksOf(
  answers: Answers,
  endpointQuota: number | null = null,
  concurrencyQuota: number | null = null,
) {
  asked.length = 0;
  const clients = {
    region: 'eu-west-1',
    loopback: false,
    of: () => ({
      send: async (command: { constructor: { name: string }; input: unknown }) => {
        const { name } = command.constructor;
        asked.push([name, command.input]);
        const answer = { ...healthy, ...answers }[name];
        if (answer instanceof Error) throw answer;
        return answer;
      },
    }),
    close: () => undefined,
  } as unknown as Clients;
  return createAccountChecks({
    clients,
    functionName: 'recs-inference-prod',
    clock: { now: () => instant(1_750_000_000_000), sleepUntil: async () => undefined },
    aliases: ['live', 'green'],
    maxConcurrency: 20,
    api: { id: 'a1b2', name: 'recs-api-prod', stage: '$default' },
    alarmPrefix: 'mlreg-prod-recs-',
    endpointQuota,
    concurrencyQuota,
    endpointPrefix: 'recs-prod-',
  });
}

const endpoint = 'recs-prod-v0-0-0-d0c';
const examine = (answers: Answers = {}) => checksOf(answers).examine({ endpoint });
const preflight = (answers: Answers = {}, quota: number | null = null, over: Partial<RolloutSubject> = {}) =>
  checksOf(answers, quota).preflight({
    endpoint,
    aliases: ['live', 'green'],
    swapsStage: false,
    isDetached: false,
    ...over,
  });

const alarmed = (over: object): Answers => ({
  DescribeAlarmsCommand: { MetricAlarms: [{ ...alarm, ...over }] },
});

describe('an account', () => {
  it('that is well is told so, a line for each check', async () => {
    expect(await examine()).toEqual([
      {
        check: 'rollback',
        ok: true,
        detail: 'this identity may move live and green: a rollback would be let through',
      },
      {
        check: 'one write',
        ok: true,
        detail: 'live and green move at once: no provisioned concurrency on them',
      },
      { check: 'deploys', ok: true, detail: 'stage $default deploys by itself' },
      { check: 'alarms', ok: true, detail: '1 alarms can fire' },
      { check: 'quota', ok: true, detail: '2 endpoints of 50: one more has room' },
      {
        check: 'total',
        ok: true,
        detail:
          '1 endpoint of this model takes 20 of 1,000 concurrent requests, beside 1 endpoint of others: 20 more have room',
      },
      {
        check: 'concurrency',
        ok: true,
        detail: "Lambda's concurrency: recs-inference-prod shares 900 of the account's 1,000",
      },
      { check: 'capacity', ok: true, detail: '7 requests at once of late; an endpoint takes 20' },
      { check: 'role', ok: true, detail: 'the function may ask recs-prod-v0-0-0-d0c' },
    ]);
  });

  it('is asked for a write that can change nothing: a revision that is not there, and no target', async () => {
    await examine();
    expect(asked).toContainEqual([
      'UpdateAliasCommand',
      {
        FunctionName: 'recs-inference-prod',
        Name: 'live',
        RevisionId: '00000000-0000-0000-0000-000000000000',
      },
    ]);
  });

  it.each<[string, Answers, check: string, detail: RegExp, mend: RegExp]>([
    [
      'without the permission to roll back',
      { UpdateAliasCommand: failing('AccessDeniedException', 403) },
      'rollback',
      /lambda:UpdateAlias .* denied/,
      /^allow lambda:UpdateAlias for this identity$/,
    ],
    [
      'without the permission to look at alarms',
      { DescribeAlarmsCommand: failing('AccessDenied', 403) },
      'alarms',
      /denied/,
      /^allow cloudwatch:DescribeAlarms/,
    ],
    [
      'whose stage deploys by itself, and is pinned',
      { GetDeploymentCommand: { AutoDeployed: false } },
      'deploys',
      /pinned to deployment d1/,
      /deployment_id .*auto_deploy = false/,
    ],
    [
      'with an alarm on a metric that does not exist',
      alarmed({ MetricName: 'Invocations5XXErrors' }),
      'alarms',
      /never had data of Invocations5XXErrors/,
      /use one of .*Invocation5XXErrors/,
    ],
    [
      "with AWS's own sample alarm: the average of 0 and 1 over 1",
      alarmed({ Statistic: 'Average', Threshold: 1 }),
      'alarms',
      /share, and never above 1/,
      /Sum/,
    ],
    [
      'with an alarm on a percentile that SageMaker lacks',
      alarmed({ MetricName: 'OverheadLatency', Statistic: undefined, ExtendedStatistic: 'p99' }),
      'alarms',
      /OverheadLatency has no p99/,
      /Average/,
    ],
    ['with an alarm that tells nobody', alarmed({ AlarmActions: [] }), 'alarms', /no action/, /SNS topic/],
    [
      'with an alarm that is switched off',
      alarmed({ ActionsEnabled: false }),
      'alarms',
      /tells nobody/,
      /SNS/,
    ],
    [
      'with metric math over a metric that does not exist',
      alarmed({
        MetricName: undefined,
        Metrics: [
          {
            Id: 'e',
            MetricStat: { Stat: 'Sum', Metric: { Namespace: 'AWS/ApiGateway', MetricName: '5XXError' } },
          },
        ],
      }),
      'alarms',
      /5XXError/,
      /use one of/,
    ],
    [
      'whose quota is full',
      { ListEndpointsCommand: { Endpoints: Array.from({ length: 50 }, () => ({})) } },
      'quota',
      /^50 endpoints, .* may be no room for one more$/,
      /mlreg gc.*sagemaker.endpointQuota/,
    ],
    [
      'whose alias has provisioned concurrency',
      { GetProvisionedConcurrencyConfigCommand: { RequestedProvisionedConcurrentExecutions: 5 } },
      'one write',
      /^alias live has provisioned concurrency \(5\): .* on the way back too$/,
      /^aws lambda delete-provisioned-concurrency-config --function-name recs-inference-prod --qualifier live$/,
    ],
    [
      'whose role names the old endpoint only',
      { SimulatePrincipalPolicyCommand: { EvaluationResults: [{ EvalDecision: 'implicitDeny' }] } },
      'role',
      /may not ask a new endpoint .*implicitDeny/,
      /sagemaker:InvokeEndpoint on endpoint\/recs-prod-v0-0-0\*/,
    ],
  ])('%s: one line, with the mend', async (_what, answers, check, detail, mend) => {
    const bad = (await examine(answers)).filter(({ ok }) => !ok);
    expect(bad).toMatchObject([
      { check, ok: false, detail: expect.stringMatching(detail), mend: expect.stringMatching(mend) },
    ]);
  });

  it.each([
    ['a share over a half', { Statistic: 'Average', Threshold: 0.5 }],
    ['a sum over ten', {}],
    [
      'throttled reads of a table, which there were none of',
      { Namespace: 'AWS/DynamoDB', MetricName: 'ReadThrottleEvents' },
    ],
    [
      'throttled writes of a table, which there were none of',
      { Namespace: 'AWS/DynamoDB', MetricName: 'WriteThrottleEvents' },
    ],
    [
      'messages that SNS could not deliver, which there were none of',
      { Namespace: 'AWS/SNS', MetricName: 'NumberOfNotificationsFailed' },
    ],
    ['a custom metric of the same name', { Namespace: 'Shop', Statistic: 'Average', Threshold: 3 }],
  ])('may have an alarm on %s', async (_what, over) => {
    expect((await examine(alarmed(over))).filter(({ ok }) => !ok)).toEqual([]);
  });

  it('may not have one on a metric of DynamoDB that it does not have', async () => {
    const over = { Namespace: 'AWS/DynamoDB', MetricName: 'ReadThrottles' };
    expect((await examine(alarmed(over))).filter(({ ok }) => !ok)).toMatchObject([{ check: 'alarms' }]);
  });

  it('without any data yet is not blamed for it, nor one where IAM may not be asked', async () => {
    const found = await examine({
      ListMetricsCommand: { Metrics: [] },
      SimulatePrincipalPolicyCommand: failing('AccessDenied', 403),
    });
    expect(found.filter(({ ok }) => !ok)).toEqual([]);
    expect(found.at(-1)?.detail).toBe('not checked: iam:SimulatePrincipalPolicy is denied to this identity');
  });
});

describe('before a rollout', () => {
  const commands = (): readonly unknown[] => asked.map((call) => (call as readonly unknown[])[0]);

  it('asks little, and nothing twice', async () => {
    expect((await preflight()).every(({ ok }) => ok)).toBe(true);
    expect(commands().toSorted()).toEqual([
      'DescribeEndpointConfigCommand',
      'GetAccountSettingsCommand',
      'GetFunctionConcurrencyCommand',
      'GetFunctionConfigurationCommand',
      'GetMetricDataCommand',
      'GetProvisionedConcurrencyConfigCommand',
      'GetProvisionedConcurrencyConfigCommand',
      'ListEndpointsCommand',
      'SimulatePrincipalPolicyCommand',
      'UpdateAliasCommand',
      'UpdateAliasCommand',
    ]);
    await preflight({}, null, { swapsStage: true });
    expect(commands()).toContain('GetStageCommand');
    await preflight({}, null, { isDetached: true });
    expect(commands()).not.toContain('UpdateAliasCommand');
  });

  const full = { ListEndpointsCommand: { Endpoints: Array.from({ length: 50 }, () => ({})) } };
  it.each<[string, Answers, quota: number | null, readonly object[]]>([
    [
      'a denied rollback blocks it',
      { UpdateAliasCommand: failing('AccessDeniedException', 403) },
      null,
      [{ check: 'rollback', blocks: 'permission' }],
    ],
    [
      'provisioned concurrency on an alias blocks it',
      { GetProvisionedConcurrencyConfigCommand: { RequestedProvisionedConcurrentExecutions: 5 } },
      null,
      [{ check: 'one write', blocks: 'configuration' }],
    ],
    [
      'a role that may not ask the new endpoint blocks it',
      { SimulatePrincipalPolicyCommand: { EvaluationResults: [{ EvalDecision: 'implicitDeny' }] } },
      null,
      [{ check: 'role', blocks: 'permission' }],
    ],
    ['a full quota that was stated blocks it', full, 50, [{ check: 'quota', blocks: 'configuration' }]],
    ['one that is only AWS’s default does not', full, null, [{ check: 'quota', blocks: undefined }]],
    [
      'what may not be looked at does not',
      {
        GetProvisionedConcurrencyConfigCommand: failing('AccessDeniedException', 403),
        ListEndpointsCommand: failing('AccessDeniedException', 403),
      },
      null,
      [
        { check: 'one write', blocks: undefined },
        { check: 'quota', blocks: undefined },
        { check: 'total', blocks: undefined },
      ],
    ],
    [
      'an alias that is not there needs no permission',
      { UpdateAliasCommand: failing('ResourceNotFoundException', 404) },
      null,
      [],
    ],
  ])('%s', async (_what, answers, quota, wanted) => {
    const bad = (await preflight(answers, quota)).filter(({ ok }) => !ok);
    expect(bad.map(({ check, blocks }) => ({ check, blocks }))).toEqual(wanted);
  });
});

describe('the total concurrency of an account', () => {
  /** Ten versions in a day, each of 100. */
  const crowded = {
    ListEndpointsCommand: {
      Endpoints: Array.from({ length: 10 }, (_, index) => ({ EndpointName: `recs-prod-v${index}` })),
    },
    DescribeEndpointConfigCommand: { ProductionVariants: [{ ServerlessConfig: { MaxConcurrency: 100 } }] },
  };
  const look = async (
    answers: Answers,
    {
      stated = null,
      refusedBeyond,
    }: { readonly stated?: number | null; readonly refusedBeyond?: number } = {},
    check = 'total',
  ) =>
    (
      await checksOf(answers, null, stated).examine({
        endpoint,
        ...(refusedBeyond === undefined ? {} : { refusedBeyond }),
      })
    ).find((finding) => finding.check === check);

  it('is said to be taken before AWS refuses an endpoint, with what makes room at once', async () => {
    const found = await look(crowded);
    expect(found).toMatchObject({
      ok: false,
      detail:
        "10 endpoints of this model take 1,000 of 1,000 concurrent requests (AWS's default): 20 more have no room",
      mend: expect.stringContaining('mlreg retire --rolled-back'),
    });
    expect(found?.blocks).toBeUndefined();
  });

  it('refuses a rollout where it was stated, and lets one through where more was', async () => {
    expect(await look(crowded, { stated: 1_000 })).toMatchObject({ ok: false, blocks: 'configuration' });
    expect(await look(crowded, { stated: 2_000 })).toMatchObject({ ok: true });
  });

  it('is learned from a refusal: a new account may have ten', async () => {
    expect(await look({}, { refusedBeyond: 10 })).toMatchObject({
      ok: false,
      detail:
        '1 endpoint of this model takes 20 of 10 concurrent requests, beside 1 endpoint of others (what AWS said when it refused an endpoint): 20 more have no room',
    });
    expect(await look({}, { refusedBeyond: 10, stated: 100 })).toMatchObject({ ok: true });
  });

  it('counts an endpoint that is being deleted, and whose configuration is gone, as none', async () => {
    const gone = failing('ValidationException', 400);
    gone.message = 'Could not find endpoint configuration "arn:aws:sagemaker:eu-west-1:1:endpoint-config/x".';
    expect(await look({ ...crowded, DescribeEndpointConfigCommand: gone })).toMatchObject({ ok: true });
  });

  const settings = (total: number, unreserved: number): Answers => ({
    GetAccountSettingsCommand: {
      AccountLimit: { ConcurrentExecutions: total, UnreservedConcurrentExecutions: unreserved },
    },
  });
  it.each([
    ['a new account', settings(10, 10), true, /shares 10 of the account's 10, and an endpoint takes 20/],
    ['an account with enough', settings(1_000, 500), undefined, /shares 500 of the account's 1,000$/],
    [
      'a function with a reservation',
      { ...settings(1_000, 100), GetFunctionConcurrencyCommand: { ReservedConcurrentExecutions: 15 } },
      true,
      /15 of the account's 1,000 are reserved for recs-inference-prod, and/,
    ],
  ])('of Lambda is told: %s', async (_what, answers, warning, detail) => {
    const found = await look(answers, {}, 'concurrency');
    expect(found).toMatchObject({ ok: true, detail: expect.stringMatching(detail) });
    expect(found?.warning).toBe(warning);
  });

  it('of Lambda is no fault where nobody may ask', async () => {
    const denied = { GetAccountSettingsCommand: failing('AccessDeniedException', 403) };
    expect(await look(denied, {}, 'concurrency')).toMatchObject({ ok: true, unchecked: true });
  });
});
