import type { Api } from './apigateway/api-state.ts';
import type { Authorizer } from './apigateway/authorizers.ts';
import type { Alarm } from './cloudwatch/alarm.ts';
import type { FunctionState } from './lambda/function-state.ts';
import type { SageMakerState } from './sagemaker/sagemaker-state.ts';
import type { Topic } from './sns.ts';
import type { Parameter } from './ssm.ts';

/** All that outlives a restart. Only maps, plain objects and bytes, for it is spelled out as JSON. */
export interface State {
  readonly functions: Map<string, FunctionState>;
  /** Zips by CodeSha256. */
  readonly code: Map<string, Uint8Array>;
  readonly sagemaker: SageMakerState;
  readonly apis: Map<string, Api>;
  readonly authorizers: Map<string, Authorizer>;
  readonly topics: Map<string, Topic>;
  readonly alarms: Map<string, Alarm>;
  readonly parameters: Map<string, Parameter>;
}

export function emptyState(): State {
  return {
    functions: new Map(),
    code: new Map(),
    sagemaker: { models: new Map(), configs: new Map(), endpoints: new Map(), tags: new Map() },
    apis: new Map(),
    authorizers: new Map(),
    topics: new Map(),
    alarms: new Map(),
    parameters: new Map(),
  };
}
