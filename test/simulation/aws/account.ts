import {
  CreateAliasCommand,
  CreateFunctionCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { createClients } from '../../../src/aws/clients.ts';
import { createSageMakerEndpoints, type ServingSettings } from '../../../src/aws/sagemaker-endpoints.ts';
import { instant, versionTag } from '../../../src/domain/units.ts';
import { inProcess } from '../../../src/local-aws/in-process.ts';
import type { PersistedState } from '../../../src/local-aws/core/local-aws.ts';
import { bench, virtualClock, zipped } from '../../unit/local-aws/core/bench.ts';
import { endpointName, epoch, v21, v22 } from '../versions.ts';

// The SDK says on stderr that it will leave Node 20 behind; bin/mlreg.js silences it likewise.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

export const functionName = 'recommendation-inference-local';
export const region = 'us-east-1';
export const serving: ServingSettings = {
  roleArn: 'arn:aws:iam::000000000000:role/models',
  image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/recommendation:1',
  memoryMb: 2048,
  maxConcurrency: 10,
  environment: {},
};
export const artifact = { uri: 'file:///a', digest: 'aa' };

/** Versions 5, 6 and 7 are the ones that the registry, and whoever meddles, know. */
const published = ['v1.7.0', 'v1.8.0', 'v1.9.0', 'v2.0.0', v21, 'v2.1.1', v22];
const inService = [v21, versionTag('v2.1.1'), v22];
const userVariables = { LOG_LEVEL: 'info' };

let made: Promise<PersistedState> | undefined;

/** The account before anything happens: a function with its versions and alias, three endpoints. Made once. */
export const account = (): Promise<PersistedState> => (made ??= make());

async function make(): Promise<PersistedState> {
  const clock = virtualClock(epoch - 600_000);
  const { local } = bench({ clock });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const clients = createClients({ region, credentials, requestHandler: inProcess(local) as never }, {});
  const lambda = clients.of(LambdaClient);
  const update = async (Variables: Record<string, string>): Promise<void> => {
    await lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: functionName, Environment: { Variables } }),
    );
    await clock.advance(1_000);
  };
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: functionName,
      Role: 'arn:aws:iam::000000000000:role/r',
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Code: { ZipFile: zipped() },
    }),
  );
  await clock.advance(1_000);
  for (const version of published) {
    await update({ ...userVariables, MODEL_VERSION: version, SAGEMAKER_ENDPOINT: endpointName(version) });
    await lambda.send(new PublishVersionCommand({ FunctionName: functionName }));
  }
  await update(userVariables);
  await lambda.send(
    new CreateAliasCommand({
      FunctionName: functionName,
      Name: 'live',
      FunctionVersion: String(published.length),
    }),
  );
  const port = {
    now: () => instant(clock.now()),
    sleepUntil: (at: number) => clock.advance(at - clock.now()),
  };
  const endpoints = createSageMakerEndpoints({ clients, clock: port, sagemaker: serving, tags: {} });
  for (const version of inService) {
    const endpoint = endpointName(version);
    const { uri: artifactUri, digest: artifactDigest } = artifact;
    await endpoints.ensureEndpoint({ endpoint, version, artifactUri, artifactDigest });
  }
  await clock.advance(10_000);
  clients.close();
  return local.snapshot();
}
