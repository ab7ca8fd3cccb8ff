import type { Account } from '../account.ts';
import type { Operations } from '../operation.ts';
import { endpointConfigOperations } from './endpoint-configs.ts';
import { endpointOperations } from './endpoints.ts';
import type { Hosting } from './hosting.ts';
import { modelOperations } from './models.ts';
import type { SageMakerState } from './sagemaker-state.ts';
import { tagOperations } from './tags.ts';

export function sageMakerOperations(account: Account, state: SageMakerState, hosting: Hosting): Operations {
  return {
    ...modelOperations(account, state),
    ...endpointConfigOperations(account, state),
    ...endpointOperations(account, state, hosting),
    ...tagOperations(account, state),
  };
}
