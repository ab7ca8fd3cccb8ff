import { GetAliasCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeEndpointCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PlatformError } from '../../../src/ports/platform.ts';
import { START } from '../../unit/local-aws/core/bench.ts';
import { functionName, lambdaOf, type Stack, stack } from './stack.ts';

/*
 * AWS refuses what was signed more than 5 minutes (S3: 15) before or after its own time. The SDK signs by the machine's
 * clock, which is set here as a person, NTP or a hypervisor sets it.
 */
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: START + 1_000 }));
afterEach(() => void vi.useRealTimers());

const settings = { settings: { settings: { datesAnswers: true, checksSigningTime: true } } };
const made = (): Promise<Stack> => stack(settings);
const set = (one: Stack, aheadMs: number): void => void vi.setSystemTime(one.clock.now() + aheadMs);

const getAlias = (lambda: LambdaClient) =>
  lambda.send(new GetAliasCommand({ FunctionName: functionName, Name: 'live' }));

const services: readonly [string, (one: Stack, maxAttempts: number) => Promise<unknown>][] = [
  ['lambda', (one) => getAlias(lambdaOf(one))],
  [
    's3',
    ({ clients }, maxAttempts) =>
      clients.of(S3Client, { maxAttempts }).send(new GetObjectCommand({ Bucket: 'models', Key: 'm' })),
  ],
  [
    'sagemaker',
    ({ clients }, maxAttempts) =>
      clients
        .of(SageMakerClient, { maxAttempts })
        .send(new DescribeEndpointCommand({ EndpointName: 'none' })),
  ],
  [
    'sts',
    ({ clients }, maxAttempts) =>
      clients.of(STSClient, { maxAttempts }).send(new GetCallerIdentityCommand({})),
  ],
  [
    'cloudwatch',
    ({ clients }, maxAttempts) =>
      clients.of(CloudWatchClient, { maxAttempts }).send(
        new GetMetricDataCommand({
          MetricDataQueries: [],
          StartTime: new Date(START),
          EndTime: new Date(START),
        }),
      ),
  ],
];

describe('a request that was signed by a wrong clock', () => {
  it.each(services)('is refused by %s, and would be by AWS', async (service, call) => {
    const one = await made();
    const answers: string[] = [];
    const { handle } = one.local;
    vi.spyOn(one.local, 'handle').mockImplementation(async (request) => {
      const answer = await handle(request);
      answers.push(`${answer.status} ${Buffer.from(answer.body).toString()}`);
      return answer;
    });
    set(one, service === 's3' ? 16 * 60_000 : 6 * 60_000);
    await call(one, 1).catch(() => undefined);
    expect(answers[0]).toMatch(/^40[03] .*(Signature not yet current|difference between the request time)/s);
    // What AWS answers to the second one is about what was asked.
    expect(answers).toHaveLength(2);
    expect(answers[1]).not.toMatch(/Signature not yet current|difference between the request time/);
  });

  it.each([
    ['an hour ahead', 3_600_000],
    ['an hour behind', -3_600_000],
    ['a day ahead', 86_400_000],
  ])(
    'costs one request where the clock is set %s for some seconds, and one when it is right again',
    async (_, ms) => {
      const one = await made();
      await getAlias(lambdaOf(one));
      one.asked.length = 0;
      for (const ahead of [0, ms, ms, 0, 0]) {
        set(one, ahead);
        // A fenced write is sent once by the SDK.
        await one.platform.readAlias('live');
        const { revisionId } = await one.platform.readAlias('live');
        const written = await one.platform.writeAlias('live', {
          target: { functionVersion: '1', weights: {} },
          stamp: { environment: 'prod', token: 1, seq: 0, rollout: 'r-1' as never, back: '1' },
          revisionId,
        });
        expect(written).toMatchObject({ kind: 'written' });
        await one.clock.advance(1_000);
      }
      const writes = one.asked.filter((line) => line.startsWith('PUT'));
      expect(writes).toHaveLength(5 + 2);
    },
  );

  it('within 5 minutes is taken', async () => {
    const one = await made();
    set(one, 290_000);
    one.asked.length = 0;
    await getAlias(lambdaOf(one));
    expect(one.asked).toHaveLength(1);
  });

  it('is sent again once and no more where AWS refuses each', async () => {
    const one = await made();
    // Without a date nobody learns the time.
    const { handle } = one.local;
    vi.spyOn(one.local, 'handle').mockImplementation(async (request) => {
      const {
        headers: { date: _none, ...headers },
        ...rest
      } = await handle(request);
      return { ...rest, headers };
    });
    set(one, -3_600_000);
    one.asked.length = 0;
    const failed = await one.platform
      .writeAlias('live', {
        target: { functionVersion: '1', weights: {} },
        stamp: { environment: 'prod', token: 1, seq: 0, rollout: 'r-1' as never, back: '1' },
        revisionId: 'none',
      })
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(PlatformError);
    expect((failed as PlatformError).failure.kind).toBe('credentials');
    expect(one.asked).toHaveLength(2);
  });
});
