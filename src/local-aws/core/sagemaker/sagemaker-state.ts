import type { ContainerSpec } from '../../seams.ts';

export interface Model {
  readonly name: string;
  readonly image: string;
  readonly modelDataUrl: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly executionRoleArn: string | undefined;
  readonly createdAt: number;
}

export interface ServerlessConfig {
  readonly MemorySizeInMB: number;
  readonly MaxConcurrency: number;
  readonly ProvisionedConcurrency?: number;
}

export interface EndpointConfig {
  readonly name: string;
  readonly variantName: string;
  readonly modelName: string;
  readonly weight: number;
  readonly serverless: ServerlessConfig;
  readonly createdAt: number;
}

/** What an endpoint runs: taken from configuration and model when it was asked for, whatever becomes of them. */
export interface Deployment {
  readonly configName: string;
  readonly serverless: ServerlessConfig;
  readonly weight: number;
  readonly container: ContainerSpec;
}

export interface Endpoint {
  readonly name: string;
  status: 'Creating' | 'Updating' | 'InService' | 'Failed' | 'Deleting';
  /** What answers now; while Creating, what will. */
  deployment: Deployment;
  /** While Updating, what will answer. */
  next: Deployment | undefined;
  failureReason: string | undefined;
  readonly createdAt: number;
  lastModifiedAt: number;
  /** When the present Creating, Updating or Deleting may end at the earliest. */
  until: number;
}

export interface SageMakerState {
  readonly models: Map<string, Model>;
  readonly configs: Map<string, EndpointConfig>;
  /** By name in lower case: names are case-insensitive, except in InvokeEndpoint. */
  readonly endpoints: Map<string, Endpoint>;
  /** By ARN. */
  readonly tags: Map<string, Map<string, string>>;
}
