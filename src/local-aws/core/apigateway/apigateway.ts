import type { Account } from '../account.ts';
import type { Operations } from '../operation.ts';
import type { Api } from './api-state.ts';
import { type Authorizer, authorizerOperations } from './authorizers.ts';
import { apiOperations } from './apis.ts';
import { deploymentOperations } from './deployments.ts';
import { routeOperations } from './routes.ts';
import { stageOperations } from './stages.ts';

export function apiGatewayOperations(
  account: Account,
  apis: Map<string, Api>,
  authorizers: Map<string, Authorizer>,
): Operations {
  return {
    ...apiOperations(account, apis),
    ...routeOperations(account, apis, authorizers),
    ...authorizerOperations(account, apis, authorizers),
    ...stageOperations(account, apis),
    ...deploymentOperations(account, apis),
  };
}
