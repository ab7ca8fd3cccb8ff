import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import type { Inventory, ServedModel } from '../ports/inventory.ts';
import type { Clients } from './clients.ts';
import { attempt, faultOf } from './errors.ts';
import { variablesOf } from './lambda-configuration.ts';
import { listVersions } from './lambda-retire.ts';
import { digestVariable } from './sagemaker-content.ts';

/** What an environment's registry can be rebuilt from: published Lambda versions and SageMaker models. */
export function createInventory({
  clients,
  functionName,
}: {
  readonly clients: Clients;
  readonly functionName: string;
}): Inventory {
  return {
    async publications() {
      const found = await listVersions({ clients, functionName });
      return found.map((version) => ({
        functionVersion: version.Version ?? '',
        // One whose key is gone names nothing any more.
        variables: version.Environment?.Error === undefined ? variablesOf(version) : {},
        codeSha256: version.CodeSha256 ?? '',
      }));
    },
    async served(endpoint) {
      try {
        return await servedBy(clients.of(SageMakerClient), endpoint);
      } catch (error) {
        if (faultOf(error) === 'missing') return null;
        throw error;
      }
    },
    async artifact(endpoint) {
      try {
        const { PrimaryContainer, Containers } = await attempt(
          { action: 'sagemaker:DescribeModel', resource: `model ${endpoint}` },
          () => clients.of(SageMakerClient).send(new DescribeModelCommand({ ModelName: endpoint })),
        );
        const { ModelDataUrl: uri, Environment } = PrimaryContainer ?? Containers?.[0] ?? {};
        const digest = Environment?.[digestVariable];
        return uri === undefined || digest === undefined ? null : { uri, digest };
      } catch (error) {
        if (faultOf(error) === 'missing') return null;
        throw error;
      }
    },
  };
}

/** @throws PlatformError `missing` where endpoint, configuration or model is not there */
async function servedBy(client: SageMakerClient, endpoint: string): Promise<ServedModel> {
  const { EndpointConfigName } = await attempt(
    { action: 'sagemaker:DescribeEndpoint', resource: `endpoint ${endpoint}` },
    () => client.send(new DescribeEndpointCommand({ EndpointName: endpoint })),
  );
  const { ProductionVariants } = await attempt(
    {
      action: 'sagemaker:DescribeEndpointConfig',
      resource: `endpoint configuration ${EndpointConfigName}`,
    },
    () => client.send(new DescribeEndpointConfigCommand({ EndpointConfigName })),
  );
  const [variant] = ProductionVariants ?? [];
  const { PrimaryContainer, Containers, ExecutionRoleArn } = await attempt(
    { action: 'sagemaker:DescribeModel', resource: `model ${variant?.ModelName}` },
    () => client.send(new DescribeModelCommand({ ModelName: variant?.ModelName })),
  );
  const container = PrimaryContainer ?? Containers?.[0];
  const { MemorySizeInMB, MaxConcurrency } = variant?.ServerlessConfig ?? {};
  return {
    uri: container?.ModelDataUrl ?? container?.ModelDataSource?.S3DataSource?.S3Uri ?? null,
    image: container?.Image ?? null,
    role: ExecutionRoleArn ?? null,
    serverless:
      MemorySizeInMB === undefined || MaxConcurrency === undefined
        ? null
        : { memoryMb: MemorySizeInMB, maxConcurrency: MaxConcurrency },
  };
}
