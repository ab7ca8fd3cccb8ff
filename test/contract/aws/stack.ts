import {
  CreateAliasCommand,
  CreateFunctionCommand,
  LambdaClient,
  PublishVersionCommand,
} from '@aws-sdk/client-lambda';
import { createAwsTime } from '../../../src/aws/aws-time.ts';
import { type Clients, createClients } from '../../../src/aws/clients.ts';
import { createPlatform, type PlatformOptions } from '../../../src/aws/platform.ts';
import { instant } from '../../../src/domain/units.ts';
import { type Fate, inProcess } from '../../support/in-process.ts';
import type { WireRequest } from '../../../src/local-aws/core/local-aws.ts';
import type { Clock } from '../../../src/ports/index.ts';
import type { Platform } from '../../../src/ports/platform.ts';
import { type Bench, bench, START, zipped } from '../../unit/local-aws/core/bench.ts';

// The SDK says on stderr that it will leave Node 20 behind; bin/mlreg.js silences it likewise.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

export const functionName = 'recommendation-inference-prod';
export const userVariables = { LOG_LEVEL: 'info', TABLE: 'features' };

export interface Stack extends Bench {
  readonly clients: Clients;
  readonly platform: Platform;
  /** The clock as the adapters have it: whoever sleeps moves it on. */
  readonly port: Clock;
  /** By how much this machine's clock is ahead of AWS's now. */
  clockErrorMs: number;
  /** Decides what each request meets; 'pass' until set. */
  fate: (request: WireRequest) => Fate | Promise<Fate>;
  /** `lambda UpdateAlias`-like lines of what was asked, oldest first. */
  readonly asked: string[];
}

/** A function with the user's variables, its version 1 and alias `live`, behind the adapters over local AWS. */
export async function stack(
  options: Partial<PlatformOptions> & {
    readonly settings?: Parameters<typeof bench>[0];
    readonly clockErrorMs?: number;
  } = {},
): Promise<Stack> {
  const { settings, clockErrorMs = 0, ...rest } = options;
  const made = bench(settings);
  const { clock } = made;
  let ready: Stack | null = null;
  const time = createAwsTime({
    wall: () => clock.now() + (ready?.clockErrorMs ?? clockErrorMs),
    monotonic: () => clock.now() - START,
  });
  const port: Clock = {
    now: () => instant(time.now()),
    sleepUntil: (at) => clock.advance(Math.max(0, at - time.now())),
  };
  const asked: string[] = [];
  const handler = inProcess(made.local, (request) => {
    asked.push(`${request.method} ${request.headers['x-amz-target'] ?? request.path}`);
    return found.fate(request);
  });
  const clients = createClients(
    {
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      requestHandler: handler as never,
    },
    process.env,
    time,
  );
  const platform = createPlatform({
    api: { id: null, name: 'api', stage: 'prod' },
    clients,
    clock: port,
    functionName,
    smokeRequests: [],
    sagemaker: {
      roleArn: 'arn:aws:iam::000000000000:role/models',
      image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/recommendation:1',
      memoryMb: 2048,
      maxConcurrency: 10,
      environment: { MODEL_THREADS: '2' },
    },
    tags: { 'mlreg:environment': 'prod' },
    ...rest,
  });
  const found: Stack = { ...made, clients, platform, port, asked, clockErrorMs, fate: () => 'pass' };
  ready = found;
  await createFunction(found);
  return found;
}

export const lambdaOf = ({ clients }: Stack): LambdaClient => clients.of(LambdaClient);

async function createFunction(made: Stack): Promise<void> {
  const lambda = lambdaOf(made);
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: functionName,
      Role: 'arn:aws:iam::000000000000:role/r',
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Code: { ZipFile: zipped() },
      Environment: { Variables: userVariables },
    }),
  );
  await made.clock.advance(1_000);
  await lambda.send(new PublishVersionCommand({ FunctionName: functionName }));
  await lambda.send(
    new CreateAliasCommand({ FunctionName: functionName, Name: 'live', FunctionVersion: '1' }),
  );
  made.asked.length = 0;
}

export const isOperation =
  (method: string, path: RegExp) =>
  (request: WireRequest): boolean =>
    request.method === method && path.test(request.path);

export const lost = (): Error => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
