/** The REST operations served: method, path, AWS's name. `payload` marks bodies that are blobs, not JSON. */
export interface RestRoute {
  readonly method: string;
  readonly pattern: RegExp;
  readonly labels: readonly string[];
  readonly operation: string;
  readonly payload: boolean;
}

const payloadOperations = new Set(['Invoke', 'InvokeEndpoint']);

export const lambdaRoutes: readonly RestRoute[] = table([
  ['POST', '/2015-03-31/functions', 'CreateFunction'],
  ['GET', '/2015-03-31/functions', 'ListFunctions'],
  ['GET', '/2015-03-31/functions/{FunctionName}', 'GetFunction'],
  ['DELETE', '/2015-03-31/functions/{FunctionName}', 'DeleteFunction'],
  ['GET', '/2015-03-31/functions/{FunctionName}/configuration', 'GetFunctionConfiguration'],
  ['PUT', '/2015-03-31/functions/{FunctionName}/configuration', 'UpdateFunctionConfiguration'],
  ['PUT', '/2015-03-31/functions/{FunctionName}/code', 'UpdateFunctionCode'],
  ['POST', '/2015-03-31/functions/{FunctionName}/versions', 'PublishVersion'],
  ['GET', '/2015-03-31/functions/{FunctionName}/versions', 'ListVersionsByFunction'],
  ['POST', '/2015-03-31/functions/{FunctionName}/aliases', 'CreateAlias'],
  ['GET', '/2015-03-31/functions/{FunctionName}/aliases', 'ListAliases'],
  ['GET', '/2015-03-31/functions/{FunctionName}/aliases/{Name}', 'GetAlias'],
  ['PUT', '/2015-03-31/functions/{FunctionName}/aliases/{Name}', 'UpdateAlias'],
  ['DELETE', '/2015-03-31/functions/{FunctionName}/aliases/{Name}', 'DeleteAlias'],
  ['POST', '/2015-03-31/functions/{FunctionName}/policy', 'AddPermission'],
  ['GET', '/2015-03-31/functions/{FunctionName}/policy', 'GetPolicy'],
  ['DELETE', '/2015-03-31/functions/{FunctionName}/policy/{StatementId}', 'RemovePermission'],
  ['POST', '/2015-03-31/functions/{FunctionName}/invocations', 'Invoke'],
  ['PUT', '/2017-10-31/functions/{FunctionName}/concurrency', 'PutFunctionConcurrency'],
  ['DELETE', '/2017-10-31/functions/{FunctionName}/concurrency', 'DeleteFunctionConcurrency'],
  ['GET', '/2019-09-30/functions/{FunctionName}/concurrency', 'GetFunctionConcurrency'],
  ['PUT', '/2019-09-30/functions/{FunctionName}/provisioned-concurrency', 'PutProvisionedConcurrencyConfig'],
  ['GET', '/2019-09-30/functions/{FunctionName}/provisioned-concurrency', 'GetProvisionedConcurrencyConfig'],
  [
    'DELETE',
    '/2019-09-30/functions/{FunctionName}/provisioned-concurrency',
    'DeleteProvisionedConcurrencyConfig',
  ],
  ['PUT', '/2019-09-25/functions/{FunctionName}/event-invoke-config', 'PutFunctionEventInvokeConfig'],
  ['GET', '/2019-09-25/functions/{FunctionName}/event-invoke-config', 'GetFunctionEventInvokeConfig'],
  ['DELETE', '/2019-09-25/functions/{FunctionName}/event-invoke-config', 'DeleteFunctionEventInvokeConfig'],
  ['GET', '/2016-08-19/account-settings', 'GetAccountSettings'],
  ['GET', '/2017-03-31/tags/{Resource}', 'ListTags'],
]);

export const apiGatewayRoutes: readonly RestRoute[] = table([
  ['POST', '/v2/apis', 'CreateApi'],
  ['GET', '/v2/apis', 'GetApis'],
  ['GET', '/v2/apis/{apiId}', 'GetApi'],
  ['DELETE', '/v2/apis/{apiId}', 'DeleteApi'],
  ['POST', '/v2/apis/{apiId}/integrations', 'CreateIntegration'],
  ['GET', '/v2/apis/{apiId}/integrations', 'GetIntegrations'],
  ['GET', '/v2/apis/{apiId}/integrations/{integrationId}', 'GetIntegration'],
  ['PATCH', '/v2/apis/{apiId}/integrations/{integrationId}', 'UpdateIntegration'],
  ['DELETE', '/v2/apis/{apiId}/integrations/{integrationId}', 'DeleteIntegration'],
  ['POST', '/v2/apis/{apiId}/routes', 'CreateRoute'],
  ['GET', '/v2/apis/{apiId}/routes', 'GetRoutes'],
  ['GET', '/v2/apis/{apiId}/routes/{routeId}', 'GetRoute'],
  ['PATCH', '/v2/apis/{apiId}/routes/{routeId}', 'UpdateRoute'],
  ['DELETE', '/v2/apis/{apiId}/routes/{routeId}', 'DeleteRoute'],
  ['POST', '/v2/apis/{apiId}/authorizers', 'CreateAuthorizer'],
  ['GET', '/v2/apis/{apiId}/authorizers', 'GetAuthorizers'],
  ['GET', '/v2/apis/{apiId}/authorizers/{authorizerId}', 'GetAuthorizer'],
  ['DELETE', '/v2/apis/{apiId}/authorizers/{authorizerId}', 'DeleteAuthorizer'],
  ['POST', '/v2/apis/{apiId}/stages', 'CreateStage'],
  ['GET', '/v2/apis/{apiId}/stages', 'GetStages'],
  ['GET', '/v2/apis/{apiId}/stages/{stageName}', 'GetStage'],
  ['PATCH', '/v2/apis/{apiId}/stages/{stageName}', 'UpdateStage'],
  ['DELETE', '/v2/apis/{apiId}/stages/{stageName}', 'DeleteStage'],
  ['POST', '/v2/apis/{apiId}/deployments', 'CreateDeployment'],
  ['GET', '/v2/apis/{apiId}/deployments', 'GetDeployments'],
  ['GET', '/v2/apis/{apiId}/deployments/{deploymentId}', 'GetDeployment'],
  ['DELETE', '/v2/apis/{apiId}/deployments/{deploymentId}', 'DeleteDeployment'],
]);

export const runtimeRoutes: readonly RestRoute[] = table([
  ['POST', '/endpoints/{EndpointName}/invocations', 'InvokeEndpoint'],
]);

export interface RestMatch {
  readonly route: RestRoute;
  readonly labels: Readonly<Record<string, string>>;
}

/** @throws URIError where a label's percent-encoding is broken */
export function matchRest(routes: readonly RestRoute[], method: string, path: string): RestMatch | undefined {
  for (const route of routes) {
    if (route.method !== method) continue;
    const found = route.pattern.exec(path);
    if (found === null) continue;
    const labels: Record<string, string> = {};
    route.labels.forEach((label, i) => (labels[label] = decodeURIComponent(found[i + 1] ?? '')));
    return { route, labels };
  }
  return undefined;
}

function table(rows: readonly (readonly [string, string, string])[]): RestRoute[] {
  return rows.map(([method, path, operation]) => ({
    method,
    operation,
    labels: [...path.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? ''),
    pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}/?$`),
    payload: payloadOperations.has(operation),
  }));
}
