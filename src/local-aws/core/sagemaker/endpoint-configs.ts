import { z } from 'zod';
import type { Account } from '../account.ts';
import { sageMakerArn } from '../arn.ts';
import { parseInput, wireBoolean, wireInteger, wireNumber } from '../input.ts';
import { answer, page, type Operations } from '../operation.ts';
import { validation } from './errors.ts';
import { endpointName, listed, listInput, modelName, tagsInput } from './names.ts';
import type { EndpointConfig, SageMakerState, ServerlessConfig } from './sagemaker-state.ts';
import { setTags } from './tags.ts';

/** Endpoint configurations: one serverless variant each, for that is all a serverless endpoint can have. */
export function endpointConfigOperations(account: Account, state: SageMakerState): Operations {
  const arnOf = (name: string) => sageMakerArn(account, 'endpoint-config', name);
  const find = (input: unknown): EndpointConfig => {
    const { EndpointConfigName } = parseInput(nameInput, input, 'ValidationException');
    const config = state.configs.get(EndpointConfigName);
    if (config === undefined)
      throw validation(`Could not find endpoint configuration "${arnOf(EndpointConfigName)}".`);
    return config;
  };
  return {
    CreateEndpointConfig(call) {
      const input = parseInput(createInput, call.input, 'ValidationException');
      const name = input.EndpointConfigName;
      if (state.configs.has(name))
        throw validation(`Cannot create already existing endpoint configuration "${arnOf(name)}".`);
      const { variant, serverless } = checkedVariant(input);
      if (!state.models.has(variant.ModelName)) {
        throw validation(`Could not find model "${sageMakerArn(account, 'model', variant.ModelName)}".`);
      }
      state.configs.set(name, {
        name,
        variantName: variant.VariantName,
        modelName: variant.ModelName,
        weight: variant.InitialVariantWeight,
        serverless,
        createdAt: account.clock.now(),
      });
      setTags(state, arnOf(name), input.Tags);
      account.changed();
      return answer({ EndpointConfigArn: arnOf(name) });
    },
    DescribeEndpointConfig(call) {
      const config = find(call.input);
      return answer({
        EndpointConfigName: config.name,
        EndpointConfigArn: arnOf(config.name),
        ProductionVariants: [
          {
            VariantName: config.variantName,
            ModelName: config.modelName,
            InitialVariantWeight: config.weight,
            ServerlessConfig: config.serverless,
          },
        ],
        CreationTime: new Date(config.createdAt),
        EnableNetworkIsolation: false,
      });
    },
    DeleteEndpointConfig(call) {
      const config = find(call.input);
      const user = [...state.endpoints.values()].find(
        ({ status, deployment, next }) =>
          status !== 'Failed' && (deployment.configName === config.name || next?.configName === config.name),
      );
      if (user !== undefined) {
        throw validation(
          `Cannot delete endpoint configuration "${arnOf(config.name)}": endpoint "${sageMakerArn(account, 'endpoint', user.name)}" uses it.`,
        );
      }
      state.configs.delete(config.name);
      state.tags.delete(arnOf(config.name));
      account.changed();
      return answer();
    },
    ListEndpointConfigs(call) {
      const input = parseInput(listInput, call.input, 'ValidationException');
      const { items, next } = page(listed(state.configs.values(), input), input.NextToken, input.MaxResults);
      return answer({
        EndpointConfigs: items.map((config) => ({
          EndpointConfigName: config.name,
          EndpointConfigArn: arnOf(config.name),
          CreationTime: new Date(config.createdAt),
        })),
        ...(next === undefined ? {} : { NextToken: next }),
      });
    },
  };
}

const nameInput = z.object({ EndpointConfigName: endpointName });

const variantInput = z.object({
  VariantName: endpointName,
  ModelName: modelName,
  InitialInstanceCount: wireInteger.optional(),
  InstanceType: z.string().optional(),
  InitialVariantWeight: wireNumber.pipe(z.number().min(0)).default(1),
  ServerlessConfig: z
    .object({
      MemorySizeInMB: wireInteger.pipe(z.number().min(1024).max(6144)),
      MaxConcurrency: wireInteger.pipe(z.number().min(1).max(200)),
      ProvisionedConcurrency: wireInteger.pipe(z.number().min(1).max(200)).optional(),
    })
    .optional(),
});

const createInput = nameInput.extend({
  ProductionVariants: z.array(variantInput).min(1).max(10),
  ShadowProductionVariants: z.array(z.unknown()).optional(),
  DataCaptureConfig: z.object({ EnableCapture: wireBoolean.optional() }).optional(),
  VpcConfig: z.unknown().optional(),
  EnableNetworkIsolation: wireBoolean.optional(),
  Tags: tagsInput,
});

function checkedVariant(input: z.output<typeof createInput>): {
  readonly variant: z.output<typeof variantInput>;
  readonly serverless: ServerlessConfig;
} {
  const [variant, ...others] = input.ProductionVariants;
  const serverless = variant?.ServerlessConfig;
  if (variant === undefined || serverless === undefined) {
    throw validation(
      'Local AWS runs serverless endpoints only: ProductionVariants.1.ServerlessConfig is missing.',
    );
  }
  if (variant.InstanceType !== undefined || variant.InitialInstanceCount !== undefined) {
    throw validation(
      'ServerlessConfig cannot be specified together with InstanceType or InitialInstanceCount.',
    );
  }
  if (others.length > 0)
    throw validation('Endpoints with serverless inference can have one production variant only.');
  if ((input.ShadowProductionVariants?.length ?? 0) > 0) {
    throw validation('Shadow variants are not supported on endpoints with serverless inference.');
  }
  if (input.DataCaptureConfig?.EnableCapture)
    throw validation('Data capture is not supported on serverless endpoints.');
  if (input.VpcConfig !== undefined || input.EnableNetworkIsolation) {
    throw validation('VpcConfig and network isolation are not supported on serverless endpoints.');
  }
  if (serverless.MemorySizeInMB % 1024 !== 0) {
    throw validation('MemorySizeInMB must be one of 1024, 2048, 3072, 4096, 5120, 6144.');
  }
  const { ProvisionedConcurrency: provisioned, ...rest } = serverless;
  if ((provisioned ?? 0) > serverless.MaxConcurrency) {
    throw validation('ProvisionedConcurrency must be less than or equal to MaxConcurrency.');
  }
  return {
    variant,
    serverless: provisioned === undefined ? rest : { ...rest, ProvisionedConcurrency: provisioned },
  };
}
