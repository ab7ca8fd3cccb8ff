import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DescribeEndpointCommand,
  type DescribeEndpointOutput,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { armOf } from '../domain/arm.ts';
import { quotable } from '../domain/aws-words.ts';
import { later } from '../domain/units.ts';
import type { Clock } from '../ports/index.ts';
import {
  type EndpointSpec,
  type EndpointState,
  type Haste,
  type Platform,
  PlatformError,
} from '../ports/platform.ts';
import { type Clients, needsOf } from './clients.ts';
import { type Attempt, attempt, faultOf } from './errors.ts';
import {
  type ConfiguredServing,
  contentDifferences,
  contentOf,
  differs,
  digestVariable,
  refuseOtherVariables,
  verifyConfiguration,
  verifyModel,
  verifyParts,
} from './sagemaker-content.ts';
import { waitFor } from './wait.ts';

/** What all endpoints of an environment have in common. */
export interface EndpointServing extends ConfiguredServing {
  /** Environments of each new endpoint that are always warm. No part of what a generation is known by. */
  readonly provisionedConcurrency?: number | null;
}

export interface EndpointsOptions {
  readonly clients: Clients;
  readonly clock: Clock;
  readonly sagemaker: EndpointServing;
  /** On all that is made, beside `mlreg:version`. */
  readonly tags: Readonly<Record<string, string>>;
}

/** The only variant that a serverless endpoint can have, by the name that SageMaker's own tools give it. */
export const variantName = 'AllTraffic';

type Endpoints = Pick<Platform, 'ensureEndpoint' | 'endpoint' | 'servingDifferences' | 'deleteEndpoint'>;

/** Endpoint, its configuration and its model all have the same name. */
export function createSageMakerEndpoints(options: EndpointsOptions): Endpoints {
  const { clients, clock } = options;
  const client = (): SageMakerClient => clients.of(SageMakerClient);

  const describe = (name: string, haste?: Haste): Promise<DescribeEndpointOutput | undefined> =>
    unless('missing', { action: 'sagemaker:DescribeEndpoint', resource: `endpoint ${name}` }, () =>
      clients.of(SageMakerClient, needsOf(haste)).send(new DescribeEndpointCommand({ EndpointName: name })),
    );

  return {
    async ensureEndpoint(spec) {
      refuseOtherVariables(options.sagemaker, spec);
      const known = await describe(spec.endpoint);
      if (known === undefined) {
        await ensureModel(client(), options, spec);
        await ensureConfiguration(client(), options, spec);
        await startEndpoint(client(), options, spec);
      }
      const found = known ?? (await describe(spec.endpoint));
      if (found === undefined) return { kind: 'creating' };
      if (found.EndpointConfigName !== spec.endpoint)
        throw differs(spec, `its configuration is ${found.EndpointConfigName ?? 'none'}`);
      // What this very call has made or checked needs no second look.
      if (known !== undefined && found.EndpointStatus !== 'Deleting')
        await verifyParts(client(), spec, options.sagemaker);
      return stateOf(found);
    },
    async endpoint(name, haste) {
      const found = await describe(name, haste);
      return found === undefined ? { kind: 'absent' } : stateOf(found);
    },
    async servingDifferences(name) {
      const found = await describe(name);
      const config = found?.EndpointConfigName;
      if (config === undefined)
        throw new PlatformError({ kind: 'missing', message: `there is no endpoint ${name}` });
      return contentDifferences(options.sagemaker, await contentOf(client(), config));
    },
    async deleteEndpoint(name) {
      const found = await describe(name);
      if (found !== undefined && found.EndpointStatus !== 'Deleting') {
        await unless('missing', { action: 'sagemaker:DeleteEndpoint', resource: `endpoint ${name}` }, () =>
          client().send(new DeleteEndpointCommand({ EndpointName: name })),
        );
      }
      // A configuration must outlive its endpoint.
      const sentence = `endpoint ${name} is still being deleted`;
      await waitFor(clock, { atMostMs: 60_000, sentence }, async () =>
        (await describe(name)) === undefined ? true : undefined,
      );
      await unless(
        'missing',
        { action: 'sagemaker:DeleteEndpointConfig', resource: `endpoint configuration ${name}` },
        () => client().send(new DeleteEndpointConfigCommand({ EndpointConfigName: name })),
      );
      await unless('missing', { action: 'sagemaker:DeleteModel', resource: `model ${name}` }, () =>
        client().send(new DeleteModelCommand({ ModelName: name })),
      );
    },
  };
}

/** Undefined where AWS answers with this very fault. */
async function unless<T>(
  fault: 'missing' | 'exists',
  what: Attempt,
  send: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await attempt(what, send);
  } catch (error) {
    if (faultOf(error) === fault) return undefined;
    throw error;
  }
}

async function ensureModel(
  client: SageMakerClient,
  options: EndpointsOptions,
  spec: EndpointSpec,
): Promise<void> {
  const { image, roleArn } = spec.serving ?? options.sagemaker;
  const { environment } = options.sagemaker;
  const made = await unless(
    'exists',
    { action: 'sagemaker:CreateModel', resource: `model ${spec.endpoint}` },
    () =>
      client.send(
        new CreateModelCommand({
          ModelName: spec.endpoint,
          ExecutionRoleArn: roleArn,
          PrimaryContainer: {
            Image: image,
            ModelDataUrl: spec.artifactUri,
            Environment: { ...environment, [digestVariable]: spec.artifactDigest },
          },
          Tags: tags(options, spec),
        }),
      ),
  );
  if (made === undefined) await verifyModel(client, spec, options.sagemaker);
}

async function ensureConfiguration(
  client: SageMakerClient,
  options: EndpointsOptions,
  spec: EndpointSpec,
): Promise<void> {
  const { memoryMb, maxConcurrency } = spec.serving ?? options.sagemaker;
  const { provisionedConcurrency: provisioned = null } = options.sagemaker;
  const what = {
    action: 'sagemaker:CreateEndpointConfig',
    resource: `endpoint configuration ${spec.endpoint}`,
  };
  const made = await eventually(options.clock, () =>
    unless('exists', what, () =>
      client.send(
        new CreateEndpointConfigCommand({
          EndpointConfigName: spec.endpoint,
          ProductionVariants: [
            {
              VariantName: variantName,
              ModelName: spec.endpoint,
              ServerlessConfig: {
                MemorySizeInMB: memoryMb,
                MaxConcurrency: maxConcurrency,
                ...(provisioned === null ? {} : { ProvisionedConcurrency: provisioned }),
              },
            },
          ],
          Tags: tags(options, spec),
        }),
      ),
    ),
  );
  if (made === undefined) await verifyConfiguration(client, spec, options.sagemaker);
}

async function startEndpoint(
  client: SageMakerClient,
  options: EndpointsOptions,
  spec: EndpointSpec,
): Promise<void> {
  const what = { action: 'sagemaker:CreateEndpoint', resource: `endpoint ${spec.endpoint}` };
  await eventually(options.clock, () =>
    unless('exists', what, () =>
      client.send(
        new CreateEndpointCommand({
          EndpointName: spec.endpoint,
          EndpointConfigName: spec.endpoint,
          Tags: tags(options, spec),
        }),
      ),
    ),
  );
}

/** SageMaker may not yet see what it has just made, and says so as if it weren't there (CreateEndpoint, API reference). */
async function eventually<T>(clock: Clock, send: () => Promise<T>): Promise<T> {
  const pausesMs = [500, 1_000, 2_000, 4_000];
  for (const pause of pausesMs) {
    try {
      return await send();
    } catch (error) {
      if (faultOf(error) !== 'missing') throw error;
      await clock.sleepUntil(later(clock.now(), pause));
    }
  }
  return send();
}

function tags(options: EndpointsOptions, { version }: EndpointSpec): { Key: string; Value: string }[] {
  const arm = armOf(version);
  // A tag's value takes no `#`.
  const generation = arm.generation === 1 ? {} : { 'mlreg:generation': String(arm.generation) };
  const all = { ...options.tags, 'mlreg:version': arm.version, ...generation };
  return Object.entries(all).map(([Key, Value]) => ({
    Key,
    Value,
  }));
}

function stateOf({
  EndpointName: name,
  EndpointStatus: status,
  FailureReason,
}: DescribeEndpointOutput): EndpointState {
  switch (status) {
    case 'InService':
    // Somebody's update, or SageMaker's own maintenance: the endpoint answers all through it.
    case 'Updating':
    case 'SystemUpdating':
    case 'RollingBack':
      return { kind: 'in-service' };
    case 'Creating':
      return { kind: 'creating' };
    case 'Deleting':
      return { kind: 'deleting' };
    default:
      return {
        kind: 'failed',
        why: whyFailed(name ?? 'NAME', status, FailureReason),
      };
  }
}

/** SageMaker's words where they are known: others may be the container's, and hold values of its environment. */
function whyFailed(name: string, status: string | undefined, reason: string | undefined): string {
  const called = `SageMaker calls it ${status ?? 'nothing at all'}`;
  if (reason === undefined || reason === '') return `${called}, and gives no reason`;
  const look = `aws sagemaker describe-endpoint --endpoint-name ${name} --query FailureReason`;
  return (
    quotable(reason) ?? `${called}. Its reason is not shown, for it may hold values of variables: ${look}`
  );
}
