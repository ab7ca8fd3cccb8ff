import {
  ApiGatewayV2Client,
  GetApisCommand,
  GetIntegrationsCommand,
  GetRoutesCommand,
  GetStagesCommand,
} from '@aws-sdk/client-apigatewayv2';
import {
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetProvisionedConcurrencyConfigCommand,
  LambdaClient,
  ListAliasesCommand,
} from '@aws-sdk/client-lambda';
import type { ExistingStack } from '../ports/existing-stack.ts';
import { PlatformError } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { attempt, faultOf } from './errors.ts';
import { identity } from './identity.ts';
import { createInventory } from './inventory.ts';
import { variablesOf } from './lambda-configuration.ts';

/** @throws PlatformError where the function can't be read; all else is looked at as far as it may be */
export async function readExistingStack(
  clients: Clients,
  { function: functionName, region }: { readonly function: string; readonly region: string },
): Promise<ExistingStack> {
  const lambda = clients.of(LambdaClient);
  const resource = `function ${functionName}`;
  const found = await attempt({ action: 'lambda:GetFunctionConfiguration', resource }, () =>
    lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functionName })),
  );
  const unread: string[] = [];
  /** What may not be looked at is told, and nothing else stops for it. */
  const may = async <T>(look: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      if (faultOf(error) !== 'missing') unread.push(error.message);
      return otherwise;
    }
  };
  const name = found.FunctionName ?? functionName;
  const variables = variablesOf(found);
  const aliases = await may(() => aliasesOf(lambda, name, may), []);
  const reserved = await may(
    async () =>
      (
        await attempt({ action: 'lambda:GetFunctionConcurrency', resource }, () =>
          lambda.send(new GetFunctionConcurrencyCommand({ FunctionName: name })),
        )
      ).ReservedConcurrentExecutions ?? null,
    null,
  );
  const api = await may(() => apiOf(clients.of(ApiGatewayV2Client), name), null);
  const inventory = createInventory({ clients, functionName: name });
  const served: NonNullable<ExistingStack['endpoint']>[] = [];
  for (const endpoint of endpointsIn(variables)) {
    const model = await may(() => inventory.served(endpoint), null);
    if (model !== null) served.push({ name: endpoint, model });
  }
  const [only, ...others] = served;
  return {
    region,
    account: (await identity(clients)).account,
    function: name,
    variables,
    reserved,
    aliases,
    api,
    endpoint: only === undefined || others.length > 0 ? null : only,
    unread,
  };
}

type May = <T>(look: () => Promise<T>, otherwise: T) => Promise<T>;

async function aliasesOf(lambda: LambdaClient, name: string, may: May): Promise<ExistingStack['aliases']> {
  const resource = `function ${name}`;
  const aliases: ExistingStack['aliases'][number][] = [];
  let marker: string | undefined;
  do {
    const from = marker;
    const page = await attempt({ action: 'lambda:ListAliases', resource }, () =>
      lambda.send(
        new ListAliasesCommand({ FunctionName: name, ...(from === undefined ? {} : { Marker: from }) }),
      ),
    );
    for (const { Name: alias = '', FunctionVersion = '', RoutingConfig } of page.Aliases ?? []) {
      const provisioned = await may(async () => {
        await attempt(
          { action: 'lambda:GetProvisionedConcurrencyConfig', resource: `alias ${alias} of ${name}` },
          () =>
            lambda.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName: name, Qualifier: alias })),
        );
        return true;
      }, false);
      const splits = Object.keys(RoutingConfig?.AdditionalVersionWeights ?? {}).length > 0;
      aliases.push({ name: alias, functionVersion: FunctionVersion, splits, provisioned });
    }
    marker = page.NextMarker;
  } while (marker !== undefined && marker !== '');
  return aliases;
}

/** The first HTTP API with an integration that invokes the function. */
async function apiOf(client: ApiGatewayV2Client, name: string): Promise<ExistingStack['api']> {
  const uri = new RegExp(`:function:${name}(?::([^/]+))?(?:/invocations)?$`);
  let next: string | undefined;
  do {
    const from = next;
    const page = await attempt({ action: 'apigateway:GET', resource: '/apis' }, () =>
      client.send(new GetApisCommand(from === undefined ? {} : { NextToken: from })),
    );
    for (const { ApiId = '', Name = '' } of page.Items ?? []) {
      const resource = `/apis/${ApiId}`;
      const { Items: integrations = [] } = await attempt({ action: 'apigateway:GET', resource }, () =>
        client.send(new GetIntegrationsCommand({ ApiId })),
      );
      const integration = integrations.find(({ IntegrationUri }) => uri.test(IntegrationUri ?? ''));
      if (integration === undefined) continue;
      const { Items: routes = [] } = await attempt({ action: 'apigateway:GET', resource }, () =>
        client.send(new GetRoutesCommand({ ApiId })),
      );
      const { Items: stages = [] } = await attempt({ action: 'apigateway:GET', resource }, () =>
        client.send(new GetStagesCommand({ ApiId })),
      );
      const target = `integrations/${integration.IntegrationId}`;
      const paths = routes
        .filter((route) => route.Target === target)
        .flatMap(({ RouteKey }) => /^(?:POST|ANY) (\/[^{]*)$/.exec(RouteKey ?? '')?.[1] ?? []);
      const stage = stages.find(({ StageName }) => StageName === '$default') ?? stages[0];
      return {
        id: ApiId,
        name: Name,
        stage: stage?.StageName ?? null,
        path: paths[0] ?? null,
        qualifier: uri.exec(integration.IntegrationUri ?? '')?.[1] ?? null,
      };
    }
    next = page.NextToken;
  } while (next !== undefined && next !== '');
  return null;
}

function endpointsIn(variables: Readonly<Record<string, string>>): readonly string[] {
  const named = Object.entries(variables).flatMap(([name, value]) =>
    /endpoint/i.test(name) && /^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$/.test(value) ? [value] : [],
  );
  return [...new Set(named)];
}
