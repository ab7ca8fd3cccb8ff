import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetPolicyCommand,
  InvokeCommand,
  ListAliasesCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  GetProvisionedConcurrencyConfigCommand,
  PutProvisionedConcurrencyConfigCommand,
  RemovePermissionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  type CreateFunctionCommandInput,
  type UpdateAliasCommandInput,
} from '@aws-sdk/client-lambda';
import { beforeEach, describe, expect, test } from 'vitest';
import { bench, settled, zipped, type Bench } from './bench.ts';
import { clients, failure, type Clients } from './clients.ts';

const ROLE = 'arn:aws:iam::000000000000:role/r';
const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:f';

let b: Bench;
let lambda: Clients['lambda'];
beforeEach(() => {
  b = bench();
  ({ lambda } = clients(b.local));
});

async function createPending(more: Partial<CreateFunctionCommandInput> = {}) {
  const input = {
    FunctionName: 'f',
    Role: ROLE,
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Code: { ZipFile: zipped() },
  };
  return lambda.send(new CreateFunctionCommand({ ...input, ...more } as CreateFunctionCommandInput));
}

async function create(more: Partial<CreateFunctionCommandInput> = {}) {
  const created = await createPending(more);
  await b.clock.advance(300);
  return created;
}

const get = () => lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }));
const setVariables = (Variables: Record<string, string>, RevisionId?: string) =>
  lambda.send(
    new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Environment: { Variables }, RevisionId }),
  );
const publish = (more: object = {}) => lambda.send(new PublishVersionCommand({ FunctionName: 'f', ...more }));

/** Version `n` has the variable VERSION=n. */
async function publishVersions(count: number): Promise<void> {
  for (let n = 1; n <= count; n++) {
    await setVariables({ VERSION: String(n) });
    await b.clock.advance(300);
    expect((await publish()).Version).toBe(String(n));
  }
}

describe('$LATEST', () => {
  test('is Pending, then Active; its environment is replaced whole', async () => {
    expect((await create({ Environment: { Variables: { AA: '1', BB: '2' } } })).State).toBe('Pending');
    await setVariables({ CC: '3' });
    expect((await get()).Environment).toEqual({ Variables: { CC: '3' } });
  });

  test('refuses everything while Pending', async () => {
    await createPending();
    expect(await failure(setVariables({ AB: '1' }))).toMatchObject({
      name: 'ResourceConflictException',
      status: 409,
    });
    expect(await failure(lambda.send(new InvokeCommand({ FunctionName: 'f' })))).toMatchObject({
      name: 'ResourceConflictException',
    });
  });

  test('is InProgress for a while after an update, and its RevisionId moves again at the end', async () => {
    await create();
    const before = await get();
    const updated = await setVariables({ AB: '1' }, before.RevisionId);
    expect(updated.LastUpdateStatus).toBe('InProgress');
    expect(updated.RevisionId).not.toBe(before.RevisionId);
    const inProgress = {
      name: 'ResourceConflictException',
      status: 409,
      message: expect.stringContaining('An update is in progress'),
    };
    expect(await failure(setVariables({ AB: '2' }))).toMatchObject(inProgress);
    expect(await failure(publish())).toMatchObject(inProgress);
    expect(
      await failure(lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile: zipped() }))),
    ).toMatchObject(inProgress);
    await b.clock.advance(299);
    expect((await get()).LastUpdateStatus).toBe('InProgress');
    await b.clock.advance(1);
    const after = await get();
    expect(after.LastUpdateStatus).toBe('Successful');
    expect(after.RevisionId).not.toBe(updated.RevisionId);
    const precondition = { name: 'PreconditionFailedException', status: 412 };
    expect(await failure(setVariables({ AB: '2' }, updated.RevisionId))).toMatchObject(precondition);
    expect(await failure(publish({ RevisionId: updated.RevisionId }))).toMatchObject(precondition);
    expect((await publish({ RevisionId: after.RevisionId })).Version).toBe('1');
  });

  test('runs the configuration before until the update is over', async () => {
    await create({ Environment: { Variables: { AB: 'old' } } });
    await setVariables({ AB: 'new' });
    const run = async () => {
      const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: 'f' }));
      return (JSON.parse(Payload!.transformToString()) as { environment: { AB: string } }).environment.AB;
    };
    expect(await run()).toBe('old');
    await b.clock.advance(300);
    expect(await run()).toBe('new');
  });

  test('changes are told, the end of an update included', async () => {
    await create();
    const before = b.changes();
    await setVariables({ AB: '1' });
    expect(b.changes()).toBe(before + 1);
    await b.clock.advance(300);
    expect(b.changes()).toBe(before + 2);
  });
});

describe('creating refuses', () => {
  test.each<[string, Partial<CreateFunctionCommandInput>, string, string]>([
    [
      'a runtime that AWS no longer takes',
      { Runtime: 'nodejs20.x' },
      'InvalidParameterValueException',
      'no longer supported',
    ],
    [
      'a runtime this machine has not',
      { Runtime: 'python3.12' },
      'InvalidParameterValueException',
      'enum value set',
    ],
    [
      'a zip that is none',
      { Code: { ZipFile: Buffer.from('x') } },
      'InvalidParameterValueException',
      'Could not unzip',
    ],
    ['no code', { Code: {} }, 'InvalidParameterValueException', 'source for function code'],
    ['no handler', { Handler: undefined }, 'InvalidParameterValueException', 'mandatory'],
    ['a name with dots', { FunctionName: 'a.b' }, 'ValidationException', 'functionName'],
    ['a role that is none', { Role: 'me' }, 'ValidationException', 'role'],
    ['a timeout over 15 minutes', { Timeout: 901 }, 'ValidationException', 'timeout'],
    [
      'a reserved variable',
      { Environment: { Variables: { AWS_REGION: 'x' } } },
      'InvalidParameterValueException',
      'reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION',
    ],
    [
      '4 KB of variables',
      { Environment: { Variables: { AB: 'x'.repeat(4096) } } },
      'InvalidParameterValueException',
      '4KB limit',
    ],
    [
      'a variable name with a dash',
      { Environment: { Variables: { 'A-B': 'x' } } },
      'ValidationException',
      'environment.variables',
    ],
  ])('%s', async (_, input, name, message) => {
    expect(await failure(create(input))).toMatchObject({
      name,
      status: 400,
      message: expect.stringContaining(message),
    });
  });

  test('a name that is taken', async () => {
    await create();
    expect(await failure(create())).toMatchObject({ name: 'ResourceConflictException', status: 409 });
  });
});

describe('published versions', () => {
  test('are snapshots, numbered, never reused, listed', async () => {
    await create();
    await publishVersions(3);
    await setVariables({ VERSION: 'other' });
    const second = await lambda.send(new GetFunctionCommand({ FunctionName: 'f', Qualifier: '2' }));
    expect(second.Configuration).toMatchObject({
      Version: '2',
      FunctionArn: `${ARN}:2`,
      Environment: { Variables: { VERSION: '2' } },
    });
    await lambda.send(new DeleteFunctionCommand({ FunctionName: 'f', Qualifier: '3' }));
    await b.clock.advance(300);
    expect((await publish()).Version).toBe('4');
    const { Versions } = await lambda.send(new ListVersionsByFunctionCommand({ FunctionName: 'f' }));
    expect(Versions!.map(({ Version }) => Version)).toEqual(['$LATEST', '1', '2', '4']);
  });

  test('nothing is published where nothing changed, description or not', async () => {
    await create();
    const first = await publish({ Description: 'one' });
    const again = await publish({ Description: 'two' });
    expect(again).toMatchObject({ Version: '1', Description: 'one', RevisionId: first.RevisionId });
    await setVariables({});
    await b.clock.advance(300);
    expect((await publish()).Version).toBe('1');
  });

  test('a wrong CodeSha256 is refused, the right one taken', async () => {
    await create();
    const { CodeSha256 } = await get();
    expect(await failure(publish({ CodeSha256: 'x' }))).toMatchObject({
      name: 'InvalidParameterValueException',
      status: 400,
    });
    expect((await publish({ CodeSha256 })).Version).toBe('1');
  });

  test('new code makes a new version; equal code has an equal digest', async () => {
    await create();
    await publish();
    const before = await get();
    const update = (source: string) =>
      lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile: zipped(source) }));
    expect((await update('exports.handler = async () => 1')).CodeSha256).toBe(before.CodeSha256);
    await b.clock.advance(300);
    expect((await publish()).Version).toBe('1');
    await update('exports.handler = async () => 2');
    await b.clock.advance(300);
    expect((await publish()).Version).toBe('2');
    await lambda.send(new InvokeCommand({ FunctionName: 'f', Qualifier: '1' }));
    expect(Buffer.from(b.functions.invoked.at(-1)!.version.code).toString()).toBe(
      'exports.handler = async () => 1',
    );
  });

  test('may be Pending for a while', async () => {
    b = bench({ settings: { versionPendingMs: 1000 } });
    ({ lambda } = clients(b.local));
    await create();
    expect((await publish()).State).toBe('Pending');
    const run = () => failure(lambda.send(new InvokeCommand({ FunctionName: 'f', Qualifier: '1' })));
    expect(await run()).toMatchObject({ name: 'ResourceConflictException' });
    await b.clock.advance(1000);
    expect(await run()).toMatchObject({ name: 'fulfilled' });
  });
});

describe('aliases', () => {
  const update = (more: Partial<UpdateAliasCommandInput>) =>
    lambda.send(new UpdateAliasCommand({ FunctionName: 'f', Name: 'live', ...more }));
  const weights = (AdditionalVersionWeights: Record<string, number>) => ({
    RoutingConfig: { AdditionalVersionWeights },
  });
  const read = () => lambda.send(new GetAliasCommand({ FunctionName: 'f', Name: 'live' }));

  beforeEach(async () => {
    await create();
    await publishVersions(3);
    await lambda.send(
      new CreateAliasCommand({ FunctionName: 'f', Name: 'live', FunctionVersion: '1', Description: 'd' }),
    );
  });

  test('lock by RevisionId: only the newest may write', async () => {
    const first = await read();
    const second = await update({ FunctionVersion: '2', RevisionId: first.RevisionId });
    expect(second.RevisionId).not.toBe(first.RevisionId);
    expect(await failure(update({ FunctionVersion: '3', RevisionId: first.RevisionId }))).toEqual({
      name: 'PreconditionFailedException',
      status: 412,
      message:
        'The RevisionId provided does not match the latest RevisionId. Call the GetAlias API to retrieve the latest RevisionId',
    });
    expect(await read()).toMatchObject({
      FunctionVersion: '2',
      RevisionId: second.RevisionId,
      Description: 'd',
    });
  });

  test('the RevisionId moves even where nothing changes', async () => {
    const { RevisionId } = await read();
    expect((await update({})).RevisionId).not.toBe(RevisionId);
  });

  test('a new version alone leaves the weights; an empty map clears them', async () => {
    await update(weights({ '2': 0.1 }));
    expect((await update({ FunctionVersion: '3' })).RoutingConfig).toEqual({
      AdditionalVersionWeights: { '2': 0.1 },
    });
    expect(await update({ FunctionVersion: '2', ...weights({}) })).not.toHaveProperty(
      'RoutingConfig.AdditionalVersionWeights.2',
    );
    expect((await read()).RoutingConfig).toBeUndefined();
  });

  test.each<[string, Partial<UpdateAliasCommandInput>, string, string]>([
    [
      'two weights',
      weights({ '2': 0.1, '3': 0.1 }),
      'InvalidParameterValueException',
      'cannot be greater than 1',
    ],
    ['a weight over 1', weights({ '2': 1.1 }), 'ValidationException', 'less than or equal to 1'],
    ['a negative weight', weights({ '2': -0.1 }), 'ValidationException', 'greater than or equal to 0'],
    [
      'a weight for $LATEST',
      weights({ $LATEST: 0.1 }),
      'InvalidParameterValueException',
      '$LATEST is not supported',
    ],
    ['a weight for a name', weights({ live: 0.1 }), 'ValidationException', '[0-9]+'],
    [
      'the version itself as weight',
      weights({ '1': 0.1 }),
      'InvalidParameterValueException',
      'already included',
    ],
    [
      'a version beside its own weight',
      { FunctionVersion: '2', ...weights({ '2': 0.1 }) },
      'InvalidParameterValueException',
      'already included',
    ],
    [
      '$LATEST with weights',
      { FunctionVersion: '$LATEST', ...weights({ '2': 0.1 }) },
      'InvalidParameterValueException',
      '$LATEST is not supported',
    ],
    ['a description of 257', { Description: 'x'.repeat(257) }, 'ValidationException', 'description'],
    ['a version by name', { FunctionVersion: 'live' }, 'ValidationException', 'functionVersion'],
  ])('refuse %s', async (_, input, name, message) => {
    const before = await read();
    expect(await failure(update(input))).toMatchObject({
      name,
      status: 400,
      message: expect.stringContaining(message),
    });
    expect((await read()).RevisionId).toBe(before.RevisionId);
  });

  test('take a description of 256 and a weight of 0 and 1', async () => {
    await update({ Description: 'x'.repeat(256), ...weights({ '2': 0 }) });
    await update(weights({ '2': 1 }));
    expect(await read()).toMatchObject({ RoutingConfig: { AdditionalVersionWeights: { '2': 1 } } });
  });

  test('refuse a version that is missing, and one of another role', async () => {
    const missing = {
      name: 'ResourceNotFoundException',
      status: 404,
      message: `Function not found: ${ARN}:9`,
    };
    expect(await failure(update({ FunctionVersion: '9' }))).toEqual(missing);
    expect(await failure(update(weights({ '9': 0.1 })))).toEqual(missing);
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Role: `${ROLE}2` }));
    await b.clock.advance(300);
    await publish();
    expect(await failure(update(weights({ '4': 0.1 })))).toMatchObject({
      name: 'InvalidParameterValueException',
      message: 'Specified versions must be associated with the same execution role',
    });
  });

  test('may be missing, or taken', async () => {
    expect(await failure(lambda.send(new GetAliasCommand({ FunctionName: 'f', Name: 'x' })))).toEqual({
      name: 'ResourceNotFoundException',
      status: 404,
      message: `Cannot find alias arn: ${ARN}:x`,
    });
    const again = lambda.send(
      new CreateAliasCommand({ FunctionName: 'f', Name: 'live', FunctionVersion: '1' }),
    );
    expect(await failure(again)).toMatchObject({ name: 'ResourceConflictException', status: 409 });
    const numeric = lambda.send(
      new CreateAliasCommand({ FunctionName: 'f', Name: '12', FunctionVersion: '1' }),
    );
    expect(await failure(numeric)).toMatchObject({ name: 'ValidationException', status: 400 });
  });

  test('keep their versions from being deleted, the weighted one too', async () => {
    await update(weights({ '2': 0.1 }));
    const remove = (Qualifier: string) =>
      failure(lambda.send(new DeleteFunctionCommand({ FunctionName: 'f', Qualifier })));
    for (const version of ['1', '2']) {
      expect(await remove(version)).toMatchObject({
        name: 'ResourceConflictException',
        message: expect.stringContaining('[live]'),
      });
    }
    expect(await remove('3')).toMatchObject({ name: 'fulfilled' });
    expect(await remove('$LATEST')).toMatchObject({ name: 'InvalidParameterValueException' });
    expect(b.functions.stopped.map((version) => version?.version)).toEqual(['3']);
    await lambda.send(new DeleteAliasCommand({ FunctionName: 'f', Name: 'live' }));
    expect(await remove('2')).toMatchObject({ name: 'fulfilled' });
  });

  test('are listed, by version too', async () => {
    await lambda.send(new CreateAliasCommand({ FunctionName: 'f', Name: 'other', FunctionVersion: '2' }));
    const list = async (FunctionVersion?: string) =>
      (await lambda.send(new ListAliasesCommand({ FunctionName: 'f', FunctionVersion }))).Aliases!.map(
        ({ Name }) => Name,
      );
    expect([await list(), await list('2')]).toEqual([['live', 'other'], ['other']]);
  });

  test('with weights take no provisioned concurrency, and the other way round', async () => {
    const provision = (Qualifier: string) =>
      failure(
        lambda.send(
          new PutProvisionedConcurrencyConfigCommand({
            FunctionName: 'f',
            Qualifier,
            ProvisionedConcurrentExecutions: 1,
          }),
        ),
      );
    const refused = {
      name: 'InvalidParameterValueException',
      message: 'Alias with weights can not be used with Provisioned Concurrency',
    };
    await update(weights({ '2': 0.1 }));
    expect(await provision('live')).toMatchObject(refused);
    await update(weights({}));
    expect(await provision('live')).toMatchObject({ name: 'fulfilled' });
    expect(await failure(update(weights({ '2': 0.1 })))).toMatchObject(refused);
  });

  test('with provisioned concurrency keep users on the version before until the new one is provisioned', async () => {
    const provisioned = { FunctionName: 'f', Qualifier: 'live' };
    const statusOf = async () =>
      (await lambda.send(new GetProvisionedConcurrencyConfigCommand(provisioned))).Status;
    const get = () => lambda.send(new GetAliasCommand({ FunctionName: 'f', Name: 'live' }));
    await lambda.send(
      new PutProvisionedConcurrencyConfigCommand({ ...provisioned, ProvisionedConcurrentExecutions: 1 }),
    );
    const moved = await update({ FunctionVersion: '2', ...weights({}) });
    expect(await get()).toMatchObject({
      FunctionVersion: '2',
      RoutingConfig: { AdditionalVersionWeights: { 1: 1 } },
    });
    expect(await statusOf()).toBe('IN_PROGRESS');
    await b.clock.advance(2_000);
    const there = await get();
    expect([there.RoutingConfig, there.RevisionId === moved.RevisionId]).toEqual([undefined, false]);
    expect(await statusOf()).toBe('READY');
    // A write that clears the weights doesn't wait.
    await update({ FunctionVersion: '1', ...weights({}) });
    await update(weights({}));
    expect((await get()).RoutingConfig).toBeUndefined();
  });

  test('draw the version anew for each request', async () => {
    await update(weights({ '2': 0.25 }));
    b.draws.push(0.1, 0.3, 0.2499, 0.25, 0.9);
    const executed: (string | undefined)[] = [];
    for (let i = 0; i < 5; i++) {
      executed.push(
        (await lambda.send(new InvokeCommand({ FunctionName: 'f', Qualifier: 'live' }))).ExecutedVersion,
      );
    }
    expect(executed).toEqual(['2', '1', '2', '1', '1']);
  });
});

describe('permissions', () => {
  const add = (more: object = {}) =>
    lambda.send(
      new AddPermissionCommand({
        FunctionName: 'f',
        StatementId: 's',
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
        ...more,
      }),
    );

  beforeEach(async () => {
    await create();
    await publishVersions(1);
    await lambda.send(new CreateAliasCommand({ FunctionName: 'f', Name: 'live', FunctionVersion: '1' }));
  });

  test('belong to one qualifier', async () => {
    await add();
    expect(await b.local.view.invoke(ARN, '{}')).toMatchObject({ kind: 'ok', executedVersion: '$LATEST' });
    expect(await b.local.view.invoke(`${ARN}:live`, '{}')).toMatchObject({ kind: 'denied' });
    await add({ Qualifier: 'live' });
    expect(await b.local.view.invoke(`${ARN}:live`, '{}')).toMatchObject({
      kind: 'ok',
      executedVersion: '1',
    });
    await lambda.send(
      new RemovePermissionCommand({ FunctionName: 'f', StatementId: 's', Qualifier: 'live' }),
    );
    expect(await b.local.view.invoke(`${ARN}:live`, '{}')).toMatchObject({ kind: 'denied' });
  });

  test.each<[string, object]>([
    ['another principal', { Principal: 'sns.amazonaws.com' }],
    ['another action', { Action: 'lambda:GetFunction' }],
    [
      'a source that is no API of ours',
      { SourceArn: 'arn:aws:execute-api:us-east-1:000000000000:other/*/*' },
    ],
  ])('of %s let no gateway in', async (_, more) => {
    await add(more);
    expect(await b.local.view.invoke(ARN, '{}')).toMatchObject({ kind: 'denied' });
  });

  test('are read back, added once, removed once', async () => {
    await add({ SourceArn: 'arn:aws:execute-api:us-east-1:000000000000:*' });
    const { Policy } = await lambda.send(new GetPolicyCommand({ FunctionName: 'f' }));
    expect((JSON.parse(Policy!) as { Statement: unknown[] }).Statement).toEqual([
      {
        Sid: 's',
        Effect: 'Allow',
        Principal: { Service: 'apigateway.amazonaws.com' },
        Action: 'lambda:InvokeFunction',
        Resource: ARN,
        Condition: { ArnLike: { 'AWS:SourceArn': 'arn:aws:execute-api:us-east-1:000000000000:*' } },
      },
    ]);
    expect(await failure(add())).toMatchObject({ name: 'ResourceConflictException', status: 409 });
    await lambda.send(new RemovePermissionCommand({ FunctionName: 'f', StatementId: 's' }));
    expect(await failure(lambda.send(new GetPolicyCommand({ FunctionName: 'f' })))).toMatchObject({
      name: 'ResourceNotFoundException',
    });
    const missing = lambda.send(new GetPolicyCommand({ FunctionName: 'f', Qualifier: 'nope' }));
    expect(await failure(missing)).toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Cannot find alias arn: ${ARN}:nope`,
    });
  });
});

describe('invoking', () => {
  const invoke = (more: object = {}) => lambda.send(new InvokeCommand({ FunctionName: 'f', ...more }));

  test('gives payload, version, log and function error', async () => {
    await create();
    b.functions.answer = () => ({
      payload: '{"errorMessage":"m"}',
      functionError: 'Unhandled',
      coldStart: true,
      logs: ['line one'],
    });
    const result = await invoke({ LogType: 'Tail', Payload: '{"a":1}' });
    expect(result).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled', ExecutedVersion: '$LATEST' });
    expect(result.Payload!.transformToString()).toBe('{"errorMessage":"m"}');
    expect(Buffer.from(result.LogResult!, 'base64').toString()).toMatch(
      /^START RequestId: .*\nline one\nEND RequestId: .*\nREPORT RequestId: /,
    );
    expect(b.functions.invoked[0]?.invocation).toMatchObject({ payload: '{"a":1}', invokedFunctionArn: ARN });
  });

  test('by name, partial ARN and ARN, with qualifier or not', async () => {
    await create();
    await publishVersions(1);
    for (const FunctionName of ['f:1', '000000000000:f:1', `${ARN}:1`]) {
      expect((await invoke({ FunctionName })).ExecutedVersion).toBe('1');
    }
    expect(await failure(invoke({ FunctionName: 'f:1', Qualifier: '2' }))).toMatchObject({
      name: 'InvalidParameterValueException',
    });
    expect(await failure(invoke({ FunctionName: 'g' }))).toMatchObject({
      name: 'ResourceNotFoundException',
      status: 404,
    });
    expect(await failure(invoke({ Qualifier: '7' }))).toMatchObject({
      name: 'ResourceNotFoundException',
      status: 404,
    });
  });

  test.each<[string, object, string, number]>([
    ['6 MB', { Payload: JSON.stringify('x'.repeat(6 * 1024 * 1024 + 200)) }, 'RequestTooLargeException', 413],
    [
      '1 MB as an event',
      { Payload: JSON.stringify('x'.repeat(1024 * 1024)), InvocationType: 'Event' },
      'RequestTooLargeException',
      413,
    ],
    ['no JSON', { Payload: '{' }, 'InvalidRequestContentException', 400],
  ])('refuses %s', async (_, input, name, status) => {
    await create();
    expect(await failure(invoke(input))).toMatchObject({ name, status });
  });

  test('a response over 6 MB is a function error', async () => {
    await create();
    b.functions.answer = () => ({
      payload: JSON.stringify('x'.repeat(7_000_000)),
      coldStart: false,
      logs: [],
    });
    expect(await invoke()).toMatchObject({ FunctionError: 'Unhandled' });
  });

  test('beyond the reserved concurrency is throttled, and counted so', async () => {
    await create();
    await lambda.send(
      new PutFunctionConcurrencyCommand({ FunctionName: 'f', ReservedConcurrentExecutions: 1 }),
    );
    let finish: () => void = () => undefined;
    const running = new Promise<void>((resolve) => (finish = resolve));
    b.functions.answer = async () => {
      await running;
      return { payload: 'null', coldStart: false, logs: [] };
    };
    const first = invoke();
    await expect.poll(() => b.functions.invoked.length).toBe(1);
    expect(await failure(invoke())).toMatchObject({
      name: 'TooManyRequestsException',
      status: 429,
      message: 'Rate Exceeded.',
    });
    finish();
    await first;
    expect(await invoke()).toMatchObject({ StatusCode: 200 });
    expect(b.functions.invoked.length).toBe(2);
  });

  test('beyond the account concurrency too; and some of it can not be reserved', async () => {
    b = bench({ settings: { accountConcurrency: 150 } });
    ({ lambda } = clients(b.local));
    await create();
    const reserve = (n: number) =>
      failure(
        lambda.send(
          new PutFunctionConcurrencyCommand({ FunctionName: 'f', ReservedConcurrentExecutions: n }),
        ),
      );
    expect(await reserve(51)).toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringContaining('minimum value of [100]'),
    });
    expect(await reserve(50)).toMatchObject({ name: 'fulfilled' });
    expect(await reserve(0)).toMatchObject({ name: 'fulfilled' });
    expect(await failure(invoke())).toMatchObject({ name: 'TooManyRequestsException' });
  });
});

describe('events', () => {
  const send = () =>
    lambda.send(new InvokeCommand({ FunctionName: 'f', InvocationType: 'Event', Payload: '{"n":1}' }));
  const runs = () => b.functions.invoked.length;

  test('are answered 202 at once and run after', async () => {
    await create();
    expect(await send()).toMatchObject({ StatusCode: 202 });
    await settled();
    expect(b.functions.invoked[0]?.invocation.payload).toBe('{"n":1}');
  });

  test('that fail are tried twice more, after one minute and two', async () => {
    await create();
    b.functions.answer = () => ({ payload: '{}', functionError: 'Unhandled', coldStart: false, logs: [] });
    await send();
    await settled();
    const seen = [runs()];
    for (const ms of [59_999, 1, 119_999, 1, 3600_000]) {
      await b.clock.advance(ms);
      seen.push(runs());
    }
    expect(seen).toEqual([1, 1, 2, 2, 3, 3]);
  });

  test('are not tried again where the configuration says so', async () => {
    await create();
    await lambda.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName: 'f',
        MaximumRetryAttempts: 0,
        MaximumEventAgeInSeconds: 60,
      }),
    );
    b.functions.answer = () => ({ payload: '{}', functionError: 'Unhandled', coldStart: false, logs: [] });
    await send();
    await b.clock.advance(3600_000);
    expect(runs()).toBe(1);
  });

  test('that are throttled wait, and are dropped when too old', async () => {
    await create();
    const reserve = (n: number) =>
      lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: 'f', ReservedConcurrentExecutions: n }));
    await lambda.send(
      new PutFunctionEventInvokeConfigCommand({ FunctionName: 'f', MaximumEventAgeInSeconds: 60 }),
    );
    await reserve(0);
    await send();
    await b.clock.advance(10_000);
    expect(runs()).toBe(0);
    await reserve(1);
    await b.clock.advance(10_000);
    expect(runs()).toBe(1);
    await reserve(0);
    await send();
    await b.clock.advance(130_000);
    await reserve(1);
    await b.clock.advance(600_000);
    expect(runs()).toBe(1);
  });
});
