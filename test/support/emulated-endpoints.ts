import type { ConfiguredServing } from '../../src/aws/sagemaker-content.ts';
import { createSageMakerEndpoints } from '../../src/aws/sagemaker-endpoints.ts';
import type { Settings } from '../../src/local-aws/core/settings.ts';
import type { VersionTag } from '../../src/domain/units.ts';
import { stack, type Stack } from '../contract/aws/stack.ts';
import { type CliWorld, digestOf, projectConfig, serving } from './cli-world.ts';

/** A project whose endpoints are the emulator's, behind the adapter. */
export interface Emulated {
  readonly cli: CliWorld;
  readonly aws: Stack;
  /** Time goes on, for the endpoints as well. */
  pass(ms: number): Promise<void>;
  /** Somebody edits `sagemaker` in mlreg.yaml. */
  configure(settings: Partial<ConfiguredServing>): void;
}

/** Of mlreg.yaml as the tests have it. */
const configured: ConfiguredServing = {
  roleArn: 'arn:aws:iam::123456789012:role/recommendation-model',
  image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/recommendation:1',
  memoryMb: 2048,
  maxConcurrency: 20,
  environment: {},
};

/** What SageMaker says where the model server does not come up. */
export const unhealthy =
  'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint.';

/** v2.2.0 serves everybody, v2.3.0 is a candidate. */
export async function overEmulator(settings: Partial<Settings> = {}): Promise<Emulated> {
  const cli = await serving();
  const aws = await stack({ settings: { settings } });
  const adapter = (sagemaker: ConfiguredServing) =>
    createSageMakerEndpoints({ clients: aws.clients, clock: aws.port, sagemaker, tags: {} });
  let present = configured;
  let endpoints = adapter(present);
  await endpoints.ensureEndpoint({
    endpoint: 'recommendation-dev-v2-2-0-76322e32',
    version: 'v2.2.0' as VersionTag,
    artifactUri: 's3://models/v2.2.0.tar.gz',
    artifactDigest: digestOf('v2.2.0'),
  });
  await aws.clock.advance(60_000);
  let at = cli.clock.now();
  const follow = async (): Promise<void> => {
    const now = cli.clock.now();
    await aws.clock.advance(now - at);
    at = now;
  };
  const { platform } = cli.model.ports;
  platform.ensureEndpoint = async (spec) => {
    await follow();
    return endpoints.ensureEndpoint(spec);
  };
  platform.endpoint = async (name, haste) => {
    await follow();
    return endpoints.endpoint(name, haste);
  };
  platform.servingDifferences = (name) => endpoints.servingDifferences(name);
  platform.deleteEndpoint = async (name) => {
    await follow();
    return endpoints.deleteEndpoint(name);
  };
  return {
    cli,
    aws,
    async pass(ms) {
      cli.clock.advance(ms);
      await follow();
    },
    configure(changed) {
      present = { ...present, ...changed };
      endpoints = adapter(present);
      const { roleArn: role, ...others } = present;
      const section = `sagemaker: ${JSON.stringify({ role, ...others })}\n`;
      const rest = projectConfig.replace(/^sagemaker:\n(?: .*\n)+/m, section);
      cli.files.set('/project/mlreg.yaml', rest);
    },
  };
}

/** From now on no container comes up. */
export function breaks({ aws }: Emulated): void {
  aws.containers.boot = async () => {
    throw new Error(unhealthy);
  };
}

export function works({ aws }: Emulated): void {
  aws.containers.boot = async () => undefined;
}
