import { z } from 'zod';
import type { Account } from '../account.ts';
import { sageMakerArn } from '../arn.ts';
import { parseInput } from '../input.ts';
import { answer, page, type Operations } from '../operation.ts';
import { limitExceeded, validation } from './errors.ts';
import type { Hosting } from './hosting.ts';
import { endpointName, listed, listInput, tagsInput } from './names.ts';
import type { Deployment, Endpoint, SageMakerState } from './sagemaker-state.ts';
import { setTags } from './tags.ts';

export function endpointOperations(account: Account, state: SageMakerState, hosting: Hosting): Operations {
  const arnOf = (name: string) => sageMakerArn(account, 'endpoint', name);
  const settled = () => {
    const all = [...state.endpoints.values()];
    all.forEach((endpoint) => hosting.settle(endpoint));
    return [...state.endpoints.values()];
  };
  const find = (name: string): Endpoint => {
    const endpoint = state.endpoints.get(name.toLowerCase());
    if (endpoint !== undefined) hosting.settle(endpoint);
    if (endpoint === undefined || !state.endpoints.has(name.toLowerCase())) {
      throw validation(`Could not find endpoint "${arnOf(name)}".`);
    }
    return endpoint;
  };
  const checkQuotas = (deployment: Deployment, replaced?: Endpoint) => {
    const others = settled().filter((endpoint) => endpoint !== replaced);
    const { endpointQuota, endpointConcurrencyQuota } = account.settings;
    if (replaced === undefined && others.length >= endpointQuota) {
      throw limitExceeded('Number of serverless endpoints', endpointQuota, others.length, 1, 'Endpoints');
    }
    const used = others.reduce((sum, each) => sum + each.deployment.serverless.MaxConcurrency, 0);
    const delta = deployment.serverless.MaxConcurrency;
    if (used + delta > endpointConcurrencyQuota) {
      const what = 'Total concurrency that you can allocate across all serverless endpoints';
      throw limitExceeded(what, endpointConcurrencyQuota, used, delta, 'Executions');
    }
  };
  return {
    CreateEndpoint(call) {
      const input = parseInput(createInput, call.input, 'ValidationException');
      const name = input.EndpointName;
      const known = state.endpoints.get(name.toLowerCase());
      if (known !== undefined) hosting.settle(known);
      if (state.endpoints.has(name.toLowerCase()))
        throw validation(`Cannot create already existing endpoint "${arnOf(name)}".`);
      const deployment = deploymentOf(account, state, name, input.EndpointConfigName);
      checkQuotas(deployment);
      const now = account.clock.now();
      const endpoint: Endpoint = {
        name,
        status: 'Creating',
        deployment,
        next: undefined,
        failureReason: undefined,
        createdAt: now,
        lastModifiedAt: now,
        until: now + account.settings.endpointCreatingMs,
      };
      state.endpoints.set(name.toLowerCase(), endpoint);
      setTags(state, arnOf(name), input.Tags);
      hosting.start(endpoint);
      account.changed();
      return answer({ EndpointArn: arnOf(name) });
    },
    DescribeEndpoint(call) {
      const endpoint = find(parseInput(nameInput, call.input, 'ValidationException').EndpointName);
      return answer(described(endpoint, arnOf(endpoint.name)));
    },
    UpdateEndpoint(call) {
      const input = parseInput(createInput, call.input, 'ValidationException');
      const endpoint = find(input.EndpointName);
      checkAtRest(endpoint, arnOf(endpoint.name));
      if (endpoint.status === 'Failed')
        throw validation(`Cannot update endpoint "${arnOf(endpoint.name)}" in Failed state.`);
      if (call.input['DeploymentConfig'] !== undefined && hasRollingPolicy(call.input['DeploymentConfig'])) {
        throw validation('Rolling deployments are not supported on endpoints with serverless inference.');
      }
      const deployment = deploymentOf(account, state, endpoint.name, input.EndpointConfigName);
      checkQuotas(deployment, endpoint);
      const now = account.clock.now();
      endpoint.status = 'Updating';
      endpoint.next = deployment;
      endpoint.lastModifiedAt = now;
      endpoint.until = now + account.settings.endpointCreatingMs;
      hosting.start(endpoint);
      account.changed();
      return answer({ EndpointArn: arnOf(endpoint.name) });
    },
    DeleteEndpoint(call) {
      const endpoint = find(parseInput(nameInput, call.input, 'ValidationException').EndpointName);
      checkAtRest(endpoint, arnOf(endpoint.name));
      const now = account.clock.now();
      endpoint.status = 'Deleting';
      endpoint.lastModifiedAt = now;
      endpoint.until = now + account.settings.endpointDeletingMs;
      state.tags.delete(arnOf(endpoint.name));
      hosting.remove(endpoint);
      account.changed();
      return answer();
    },
    ListEndpoints(call) {
      const input = parseInput(listInput, call.input, 'ValidationException');
      const { items, next } = page(listed(settled(), input), input.NextToken, input.MaxResults);
      return answer({
        Endpoints: items.map((endpoint) => ({
          EndpointName: endpoint.name,
          EndpointArn: arnOf(endpoint.name),
          CreationTime: new Date(endpoint.createdAt),
          LastModifiedTime: new Date(endpoint.lastModifiedAt),
          EndpointStatus: endpoint.status,
        })),
        ...(next === undefined ? {} : { NextToken: next }),
      });
    },
  };
}

const nameInput = z.object({ EndpointName: endpointName });
const createInput = nameInput.extend({ EndpointConfigName: endpointName, Tags: tagsInput });

/** Creating, Updating and Deleting refuse everything, deletion included. */
function checkAtRest({ status }: Endpoint, arn: string): void {
  if (status !== 'InService' && status !== 'Failed')
    throw validation(`Cannot update in-progress endpoint "${arn}".`);
}

function hasRollingPolicy(config: unknown): boolean {
  return (
    typeof config === 'object' &&
    config !== null &&
    'RollingUpdatePolicy' in config &&
    config.RollingUpdatePolicy !== undefined
  );
}

function deploymentOf(
  account: Account,
  state: SageMakerState,
  endpoint: string,
  configName: string,
): Deployment {
  const config = state.configs.get(configName);
  if (config === undefined) {
    throw validation(
      `Could not find endpoint configuration "${sageMakerArn(account, 'endpoint-config', configName)}".`,
    );
  }
  const model = state.models.get(config.modelName);
  if (model === undefined)
    throw validation(`Could not find model "${sageMakerArn(account, 'model', config.modelName)}".`);
  return {
    configName,
    serverless: config.serverless,
    weight: config.weight,
    container: {
      endpointName: endpoint,
      variantName: config.variantName,
      image: model.image,
      modelDataUrl: model.modelDataUrl,
      environment: model.environment,
      memoryMb: config.serverless.MemorySizeInMB,
      maxConcurrency: config.serverless.MaxConcurrency,
    },
  };
}

function described(endpoint: Endpoint, arn: string): object {
  const { deployment, status } = endpoint;
  const variant = {
    VariantName: deployment.container.variantName,
    DeployedImages: [
      { SpecifiedImage: deployment.container.image, ResolvedImage: deployment.container.image },
    ],
    CurrentWeight: deployment.weight,
    DesiredWeight: deployment.weight,
    CurrentInstanceCount: 0,
    CurrentServerlessConfig: deployment.serverless,
    DesiredServerlessConfig: deployment.serverless,
  };
  return {
    EndpointName: endpoint.name,
    EndpointArn: arn,
    EndpointConfigName: deployment.configName,
    EndpointStatus: status,
    ...(endpoint.failureReason === undefined ? {} : { FailureReason: endpoint.failureReason.slice(0, 1024) }),
    // A new endpoint has no variants until they run.
    ...(status === 'Creating' || status === 'Failed' ? {} : { ProductionVariants: [variant] }),
    CreationTime: new Date(endpoint.createdAt),
    LastModifiedTime: new Date(endpoint.lastModifiedAt),
  };
}
