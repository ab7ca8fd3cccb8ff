import { z } from 'zod';
import type { Account } from '../account.ts';
import { matching, parseInput, wireInteger } from '../input.ts';
import { answer, type Operations } from '../operation.ts';
import type { Api, Integration, Route } from './api-state.ts';
import type { Authorizer } from './authorizers.ts';
import { badRequest, conflict, findApi, notFound, paged, pageInput, shortId } from './apis.ts';
import { autoDeploy } from './deployments.ts';

/** Integrations and routes: what is edited, and served once it is deployed. */
export function routeOperations(
  account: Account,
  apis: Map<string, Api>,
  authorizers: ReadonlyMap<string, Authorizer>,
): Operations {
  const changed = (api: Api) => {
    autoDeploy(account, api);
    account.changed();
  };
  const integrationOf = (api: Api, input: Readonly<Record<string, unknown>>): Integration => {
    const id = String(input['integrationId']);
    const found = api.integrations.get(id);
    if (found === undefined) throw notFound(`Unable to find Integration with identifier ${id}`);
    return found;
  };
  const routeOf = (api: Api, input: Readonly<Record<string, unknown>>): Route => {
    const id = String(input['routeId']);
    const found = api.routes.get(id);
    if (found === undefined) throw notFound(`Unable to find Route with identifier ${id}`);
    return found;
  };
  const authorizerIdOf = (
    api: Api,
    { authorizationType, authorizerId }: z.output<typeof authorization>,
  ): string | undefined => {
    if (authorizationType === 'NONE' || authorizationType === undefined) return undefined;
    if (authorizationType !== 'CUSTOM')
      throw badRequest('Local AWS serves the authorization types NONE and CUSTOM only.');
    if (!authorizers.has(`${api.id}/${authorizerId}`))
      throw badRequest(`Authorizer with identifier ${authorizerId} does not exist`);
    return authorizerId;
  };
  return {
    CreateIntegration(call) {
      const api = findApi(account, apis, call.input);
      const input = parseInput(integrationInput, call.input, 'BadRequestException');
      if (input.integrationType !== 'AWS_PROXY')
        throw badRequest('Local AWS serves integrations of type AWS_PROXY (Lambda) only.');
      if (input.integrationUri === undefined)
        throw badRequest('IntegrationUri is required for AWS_PROXY integrations.');
      if (input.payloadFormatVersion !== '2.0')
        throw badRequest('Local AWS serves payload format version 2.0 only.');
      const integration: Integration = {
        id: shortId(account, 7),
        integrationType: input.integrationType,
        integrationUri: input.integrationUri,
        integrationMethod: input.integrationMethod,
        payloadFormatVersion: input.payloadFormatVersion,
        timeoutInMillis: input.timeoutInMillis ?? 30_000,
        description: input.description,
      };
      api.integrations.set(integration.id, integration);
      changed(api);
      return answer(integrationDocument(integration), 201);
    },
    GetIntegration: (call) =>
      answer(integrationDocument(integrationOf(findApi(account, apis, call.input), call.input))),
    GetIntegrations(call) {
      const api = findApi(account, apis, call.input);
      const input = parseInput(pageInput, call.input, 'BadRequestException');
      return answer(paged([...api.integrations.values()].map(integrationDocument), input));
    },
    UpdateIntegration(call) {
      const api = findApi(account, apis, call.input);
      const before = integrationOf(api, call.input);
      const input = parseInput(integrationInput.partial(), call.input, 'BadRequestException');
      const integration: Integration = {
        ...before,
        integrationUri: input.integrationUri ?? before.integrationUri,
        integrationMethod: input.integrationMethod ?? before.integrationMethod,
        timeoutInMillis: input.timeoutInMillis ?? before.timeoutInMillis,
        description: input.description ?? before.description,
      };
      api.integrations.set(integration.id, integration);
      changed(api);
      return answer(integrationDocument(integration));
    },
    DeleteIntegration(call) {
      const api = findApi(account, apis, call.input);
      const { id } = integrationOf(api, call.input);
      const user = [...api.routes.values()].find(({ target }) => target === `integrations/${id}`);
      if (user !== undefined)
        throw conflict(`Cannot delete Integration ${id}. It is referenced by route ${user.id}.`);
      api.integrations.delete(id);
      changed(api);
      return answer(undefined, 204);
    },
    CreateRoute(call) {
      const api = findApi(account, apis, call.input);
      const input = parseInput(routeInput, call.input, 'BadRequestException');
      if ([...api.routes.values()].some(({ routeKey }) => routeKey === input.routeKey)) {
        throw conflict(`Route with key ${input.routeKey} already exists for this API`);
      }
      const integration = /^integrations\/(.+)$/.exec(input.target ?? '')?.[1];
      if (input.target !== undefined && (integration === undefined || !api.integrations.has(integration))) {
        throw badRequest(`Invalid target: ${input.target}`);
      }
      const authorizerId = authorizerIdOf(api, input);
      const route: Route = {
        id: shortId(account, 7),
        routeKey: input.routeKey,
        target: input.target,
        ...(authorizerId !== undefined && { authorizerId }),
      };
      api.routes.set(route.id, route);
      changed(api);
      return answer(routeDocument(route), 201);
    },
    GetRoute: (call) => answer(routeDocument(routeOf(findApi(account, apis, call.input), call.input))),
    GetRoutes(call) {
      const api = findApi(account, apis, call.input);
      const input = parseInput(pageInput, call.input, 'BadRequestException');
      return answer(paged([...api.routes.values()].map(routeDocument), input));
    },
    UpdateRoute(call) {
      const api = findApi(account, apis, call.input);
      const { authorizerId: before, ...route } = routeOf(api, call.input);
      const input = parseInput(authorization, call.input, 'BadRequestException');
      const authorizerId = input.authorizationType === undefined ? before : authorizerIdOf(api, input);
      const updated: Route = { ...route, ...(authorizerId !== undefined && { authorizerId }) };
      api.routes.set(route.id, updated);
      changed(api);
      return answer(routeDocument(updated));
    },
    DeleteRoute(call) {
      const api = findApi(account, apis, call.input);
      api.routes.delete(routeOf(api, call.input).id);
      changed(api);
      return answer(undefined, 204);
    },
  };
}

const integrationInput = z.object({
  integrationType: z.string(),
  integrationUri: z.string().min(1).max(2048).optional(),
  integrationMethod: z.string().optional(),
  payloadFormatVersion: z.string().default('1.0'),
  timeoutInMillis: wireInteger.pipe(z.number().min(50).max(30_000)).optional(),
  description: z.string().max(1024).optional(),
});

const methods = 'GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY';

const authorization = z.object({
  authorizationType: z.string().optional(),
  authorizerId: z.string().optional(),
});

const routeInput = authorization.extend({
  routeKey: matching(new RegExp(`^(\\$default|(${methods}) /[^\\s]*)$`)),
  target: z.string().optional(),
});

function integrationDocument({ id, ...integration }: Integration): object {
  return { integrationId: id, connectionType: 'INTERNET', ...integration };
}

function routeDocument({ id, ...route }: Route): object {
  const authorizationType = route.authorizerId === undefined ? 'NONE' : 'CUSTOM';
  return { routeId: id, apiKeyRequired: false, authorizationType, ...route };
}
