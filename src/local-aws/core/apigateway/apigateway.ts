import type { Account } from '../account.ts';
import type { Operations } from '../operation.ts';
import type { Api } from './api-state.ts';
import { apiOperations } from './apis.ts';
import { deploymentOperations } from './deployments.ts';
import { routeOperations } from './routes.ts';
import { stageOperations } from './stages.ts';

export function apiGatewayOperations(account: Account, apis: Map<string, Api>): Operations {
  return {
    ...apiOperations(account, apis),
    ...routeOperations(account, apis),
    ...stageOperations(account, apis),
    ...deploymentOperations(account, apis),
  };
}
