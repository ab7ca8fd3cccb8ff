import {
  DescribeEndpointConfigCommand,
  type DescribeEndpointConfigOutput,
  DescribeModelCommand,
  type DescribeModelOutput,
  type SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { settingDifferences, type ServingSettings } from '../domain/serving.ts';
import { type EndpointSpec, PlatformError } from '../ports/platform.ts';
import { attempt } from './errors.ts';

/** How endpoints are to be made here, with the values of their container's variables. */
export interface ConfiguredServing extends Omit<ServingSettings, 'variables'> {
  readonly environment: Readonly<Record<string, string>>;
}

/** Which artifact a model was made of; the container may check it. */
export const digestVariable = 'MLREG_ARTIFACT_DIGEST';

/** What AWS says that an endpoint serves. */
interface Content extends ConfiguredServing {
  readonly artifactDigest: string | undefined;
  readonly artifactUri: string | undefined;
  /** Settings of the container that mlreg gives none, by name. */
  readonly others: readonly string[];
}

/** @param configuration its name; the endpoint's own one unless somebody has moved it */
export async function contentOf(client: SageMakerClient, configuration: string): Promise<Content> {
  const found = await describeConfiguration(client, configuration);
  const [variant] = found.ProductionVariants ?? [];
  return modelContent(found, await describeModel(client, variant?.ModelName ?? ''));
}

/** In what an endpoint does not serve as configured, by name. */
export function contentDifferences(configured: ConfiguredServing, content: Content): readonly string[] {
  const [here, there] = [configured.environment, content.environment];
  const changed = Object.keys(here)
    .filter((name) => there[name] !== undefined && there[name] !== here[name])
    .sort();
  return [
    ...settingDifferences(namesOnly(configured), namesOnly(content)),
    ...changed.map((name) => `variable ${name} (another value serving than configured)`),
    ...content.others.map((name) => `${name} (serving, not configured)`),
  ];
}

/**
 * The values of variables stand in mlreg.yaml and in no plan, so whoever provisions must have the same ones.
 * @throws PlatformError refused
 */
export function refuseOtherVariables({ environment }: ConfiguredServing, spec: EndpointSpec): void {
  const { serving, endpoint } = spec;
  if (serving === undefined) return;
  const names = Object.keys(environment).sort();
  if (names.join() === serving.variables.join()) return;
  const list = (given: readonly string[]): string => (given.length === 0 ? 'none' : given.join(', '));
  throw new PlatformError({
    kind: 'refused',
    message: `endpoint ${endpoint} was planned with the variables ${list(serving.variables)}, and configured here (sagemaker.environment) are ${list(names)}`,
  });
}

export async function verifyParts(
  client: SageMakerClient,
  spec: EndpointSpec,
  configured: ConfiguredServing,
): Promise<void> {
  await verifyConfiguration(client, spec, configured);
  await verifyModel(client, spec, configured);
}

export async function verifyConfiguration(
  client: SageMakerClient,
  spec: EndpointSpec,
  configured: ConfiguredServing,
): Promise<void> {
  const found = await describeConfiguration(client, spec.endpoint);
  const [variant] = found.ProductionVariants ?? [];
  if (variant?.ModelName !== spec.endpoint)
    throw differs(spec, `its model is ${variant?.ModelName ?? 'none'}`);
  const { memoryMb, maxConcurrency } = sizeOf(found);
  const { serving } = spec;
  if (serving !== undefined)
    refuse(spec, configured, { ...planned(serving, configured), memoryMb, maxConcurrency });
}

export async function verifyModel(
  client: SageMakerClient,
  spec: EndpointSpec,
  configured: ConfiguredServing,
): Promise<void> {
  const found = modelContent(undefined, await describeModel(client, spec.endpoint));
  const { artifactDigest, artifactUri } = found;
  if (artifactDigest !== spec.artifactDigest)
    throw differs(spec, `its artifact digest is ${artifactDigest ?? 'none'}`);
  if (artifactUri !== spec.artifactUri) throw differs(spec, `its artifact is ${artifactUri ?? 'none'}`);
  const { serving } = spec;
  if (serving === undefined) return;
  const { memoryMb, maxConcurrency } = serving;
  refuse(spec, configured, { ...found, memoryMb, maxConcurrency });
}

/** @throws PlatformError refused, where what is there is not what was planned */
function refuse(spec: EndpointSpec, configured: ConfiguredServing, found: Content): void {
  const { serving } = spec;
  if (serving === undefined) return;
  const differences = contentDifferences(planned(serving, configured), found);
  if (differences.length > 0) throw differs(spec, differences.join(', '));
}

const planned = (serving: ServingSettings, { environment }: ConfiguredServing): Content => ({
  ...serving,
  environment,
  artifactDigest: undefined,
  artifactUri: undefined,
  others: [],
});

export function differs({ endpoint, version }: EndpointSpec, what: string): PlatformError {
  return new PlatformError({
    kind: 'refused',
    message: `endpoint ${endpoint} exists, but is not ${version}: ${what}. Somebody else made or changed it: delete it, or register the version anew`,
  });
}

const describeConfiguration = (
  client: SageMakerClient,
  name: string,
): Promise<DescribeEndpointConfigOutput> =>
  attempt({ action: 'sagemaker:DescribeEndpointConfig', resource: `endpoint configuration ${name}` }, () =>
    client.send(new DescribeEndpointConfigCommand({ EndpointConfigName: name })),
  );

const describeModel = (client: SageMakerClient, name: string): Promise<DescribeModelOutput> =>
  attempt({ action: 'sagemaker:DescribeModel', resource: `model ${name}` }, () =>
    client.send(new DescribeModelCommand({ ModelName: name })),
  );

function sizeOf(found: DescribeEndpointConfigOutput | undefined) {
  const { MemorySizeInMB = 0, MaxConcurrency = 0 } = found?.ProductionVariants?.[0]?.ServerlessConfig ?? {};
  return { memoryMb: MemorySizeInMB, maxConcurrency: MaxConcurrency };
}

function modelContent(
  configuration: DescribeEndpointConfigOutput | undefined,
  model: DescribeModelOutput,
): Content {
  const container = model.PrimaryContainer ?? model.Containers?.[0] ?? {};
  const { [digestVariable]: artifactDigest, ...environment } = container.Environment ?? {};
  const others = [
    (model.Containers?.length ?? 0) > 1 ? 'more than one container' : null,
    model.VpcConfig === undefined ? null : 'VPC',
    model.EnableNetworkIsolation === true ? 'network isolation' : null,
    container.ImageConfig === undefined ? null : 'image repository access',
    (container.Mode ?? 'SingleModel') === 'SingleModel' ? null : 'container mode',
    container.InferenceSpecificationName === undefined ? null : 'inference specification',
    container.ModelPackageName === undefined ? null : 'model package',
  ].filter((name) => name !== null);
  return {
    ...sizeOf(configuration),
    image: container.Image ?? 'none',
    roleArn: model.ExecutionRoleArn ?? 'none',
    environment,
    artifactDigest,
    artifactUri: container.ModelDataUrl,
    others,
  };
}

const namesOnly = ({ environment, ...settings }: ConfiguredServing): ServingSettings => ({
  ...settings,
  variables: Object.keys(environment).sort(),
});
