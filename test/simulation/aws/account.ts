import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateDeploymentCommand,
  CreateRouteCommand,
  CreateStageCommand,
} from '@aws-sdk/client-apigatewayv2';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { createClients } from '../../../src/aws/clients.ts';
import type { ConfiguredServing } from '../../../src/aws/sagemaker-content.ts';
import { createSageMakerEndpoints } from '../../../src/aws/sagemaker-endpoints.ts';
import { instant } from '../../../src/domain/units.ts';
import { inProcess } from '../../support/in-process.ts';
import type { PersistedState } from '../../../src/local-aws/core/local-aws.ts';
import { bench, virtualClock, zipped } from '../../unit/local-aws/core/bench.ts';
import { endpointName, epoch, foreignEndpoint, nobody, v21, v22 } from '../versions.ts';

// The SDK says on stderr that it will leave Node 20 behind; bin/mlreg.js silences it likewise.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

export const functionName = 'recommendation-inference-local';
export const region = 'us-east-1';
export const serving: ConfiguredServing = {
  roleArn: 'arn:aws:iam::000000000000:role/models',
  image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/recommendation:1',
  memoryMb: 2048,
  maxConcurrency: 10,
  environment: {},
};
export const artifact = { uri: 'file:///a', digest: 'aa' };

export const api = { id: null, name: 'recommendation', stage: 'live' };
const userVariables = { LOG_LEVEL: 'info' };

/** The account before anything of mlreg's serves, and with a champion and the one before it. Each is made once. */
const made = new Map<boolean, Promise<PersistedState>>();

export function account(isFirst: boolean): Promise<PersistedState> {
  const known = made.get(isFirst) ?? make(isFirst ? nobody : v22);
  made.set(isFirst, known);
  return known;
}

/** A function with its versions and two aliases, a stage, and what these reach. */
async function make(serves: string): Promise<PersistedState> {
  /** Versions 5, 6 and 7 are the ones that the registry, and whoever meddles, know. */
  const published = ['v1.7.0', 'v1.8.0', 'v1.9.0', 'v2.0.0', v21, 'v2.1.1', serves];
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
  for (const Name of ['live', 'green']) {
    const FunctionVersion = String(published.length);
    await lambda.send(new CreateAliasCommand({ FunctionName: functionName, Name, FunctionVersion }));
  }
  const gateway = clients.of(ApiGatewayV2Client);
  const { ApiId } = await gateway.send(new CreateApiCommand({ Name: api.name, ProtocolType: 'HTTP' }));
  await gateway.send(new CreateRouteCommand({ ApiId, RouteKey: 'GET /health' }));
  const { DeploymentId } = await gateway.send(new CreateDeploymentCommand({ ApiId }));
  const StageVariables = { alias: 'live' };
  await gateway.send(new CreateStageCommand({ ApiId, StageName: api.stage, DeploymentId, StageVariables }));
  const port = {
    now: () => instant(clock.now()),
    sleepUntil: (at: number) => clock.advance(at - clock.now()),
  };
  const endpoints = createSageMakerEndpoints({ clients, clock: port, sagemaker: serving, tags: {} });
  for (const endpoint of [
    foreignEndpoint,
    endpointName(serves),
    ...(serves === v22 ? [endpointName(v21)] : []),
  ]) {
    const { uri: artifactUri, digest: artifactDigest } = artifact;
    await endpoints.ensureEndpoint({ endpoint, version: v21, artifactUri, artifactDigest });
  }
  await clock.advance(10_000);
  clients.close();
  return local.snapshot();
}
