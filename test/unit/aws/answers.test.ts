import type { FunctionConfiguration } from '@aws-sdk/client-lambda';
import type { DescribeEndpointOutput } from '@aws-sdk/client-sagemaker';
import { expect, test } from 'vitest';
import type { Clients } from '../../../src/aws/clients.ts';
import { createLambdaVersions } from '../../../src/aws/lambda-versions.ts';
import { createSageMakerEndpoints } from '../../../src/aws/sagemaker-endpoints.ts';
import { type Instant, instant } from '../../../src/domain/units.ts';
import type { Clock } from '../../../src/ports/index.ts';
import type { PlatformError } from '../../../src/ports/platform.ts';

/* Answers that AWS may give and local AWS does not. */

function manualClock(): Clock {
  let now = instant(0);
  return {
    now: () => now,
    async sleepUntil(at: Instant) {
      now = at;
    },
  };
}

/** Clients whose every command is answered by its name. */
const answering = (answers: Readonly<Record<string, (input: Record<string, unknown>) => unknown>>): Clients =>
  ({
    of: () => ({
      async send(command: { readonly constructor: { readonly name: string }; readonly input: never }) {
        const answer = answers[command.constructor.name];
        if (answer === undefined) throw new Error(`not expected: ${command.constructor.name}`);
        return answer(command.input);
      },
    }),
  }) as unknown as Clients;

const failure = async (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => (error as PlatformError).failure,
  );

const settled: FunctionConfiguration = {
  FunctionName: 'f',
  CodeSha256: 'sha',
  RevisionId: 'r',
  State: 'Active',
  LastUpdateStatus: 'Successful',
  Environment: { Variables: { A: '1' } },
};

const publish = (clients: Clients, clock = manualClock()) =>
  createLambdaVersions({ clients, clock, functionName: 'f' }).publish({
    variables: { B: '2' },
    codeSha256: 'sha',
    description: 'x'.repeat(300),
  });

test('variables that Lambda could not decrypt are not overwritten', async () => {
  const Environment = { Error: { ErrorCode: 'AccessDenied', Message: 'Lambda was unable to decrypt' } };
  const clients = answering({ GetFunctionConfigurationCommand: () => ({ ...settled, Environment }) });
  expect(await failure(publish(clients))).toMatchObject({ kind: 'denied', action: 'kms:Decrypt' });
});

test('an update that fails is refused with its reason', async () => {
  let latest = settled;
  const clients = answering({
    GetFunctionConfigurationCommand: () => latest,
    ListVersionsByFunctionCommand: () => ({ Versions: [] }),
    UpdateFunctionConfigurationCommand: () => {
      latest = {
        ...settled,
        LastUpdateStatus: 'Failed',
        LastUpdateStatusReason: 'API_TOKEN=hunter2',
        LastUpdateStatusReasonCode: 'InvalidRole',
      } as never;
    },
  });
  const seen = await failure(publish(clients));
  expect(seen).toMatchObject({ kind: 'refused' });
  expect(seen?.message).toContain('failed: InvalidRole. More says: aws lambda get-function-configuration');
  expect(seen?.message).not.toContain('hunter2');
});

test('a version that fails to start is refused; its description fits', async () => {
  let latest = settled;
  let description: unknown;
  const clients = answering({
    GetFunctionConfigurationCommand: ({ Qualifier }) =>
      Qualifier === '2'
        ? { ...latest, State: 'Failed', StateReason: 'API_TOKEN=hunter2', StateReasonCode: 'InvalidSubnet' }
        : latest,
    ListVersionsByFunctionCommand: () => ({ Versions: [] }),
    UpdateFunctionConfigurationCommand: ({ Environment }) => {
      latest = { ...settled, Environment: Environment as FunctionConfiguration['Environment'] };
    },
    PublishVersionCommand: ({ Description }) => {
      description = Description;
      return { ...latest, Version: '2' };
    },
  });
  const seen = await failure(publish(clients));
  expect(seen).toMatchObject({ kind: 'refused' });
  expect(seen?.message).toContain('failed: InvalidSubnet. More says:');
  expect(seen?.message).not.toContain('hunter2');
  expect(description).toHaveLength(256);
});

test('an update without end is given up', async () => {
  const clock = manualClock();
  const clients = answering({
    GetFunctionConfigurationCommand: () => ({ ...settled, LastUpdateStatus: 'InProgress' }),
  });
  expect(await failure(publish(clients, clock))).toMatchObject({ kind: 'throttled' });
  expect(clock.now()).toBeGreaterThanOrEqual(300_000);
  expect(clock.now()).toBeLessThan(310_000);
});

test.each<[DescribeEndpointOutput['EndpointStatus'], string]>([
  ['InService', 'in-service'],
  ['Creating', 'creating'],
  ['Updating', 'in-service'],
  ['SystemUpdating', 'in-service'],
  ['RollingBack', 'in-service'],
  ['Deleting', 'deleting'],
  ['Failed', 'failed'],
  ['OutOfService', 'failed'],
  ['UpdateRollbackFailed', 'failed'],
  ['SomethingNew' as never, 'failed'],
])('an endpoint that SageMaker calls %s is %s', async (EndpointStatus, kind) => {
  const clients = answering({ DescribeEndpointCommand: () => ({ EndpointStatus }) });
  const sagemaker = { roleArn: '', image: '', memoryMb: 1024, maxConcurrency: 1, environment: {} };
  const endpoints = createSageMakerEndpoints({ clients, clock: manualClock(), sagemaker, tags: {} });
  expect((await endpoints.endpoint('e')).kind).toBe(kind);
});
