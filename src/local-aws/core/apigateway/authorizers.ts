import { z } from 'zod';
import type { RouteAuthorizer } from '../../seams.ts';
import type { Account } from '../account.ts';
import { parseInput, wireInteger } from '../input.ts';
import { answer, type Operations } from '../operation.ts';
import type { Api } from './api-state.ts';
import { badRequest, findApi, notFound, paged, pageInput, shortId } from './apis.ts';
import { lambdaArn } from './resolve-route.ts';

export interface Authorizer {
  readonly id: string;
  readonly apiId: string;
  readonly name: string;
  readonly authorizerUri: string;
  /** `$request.header.x-api-key` */
  readonly identitySource: readonly string[];
  readonly resultTtlSeconds: number;
}

/** Lambda authorizers with payload format 2.0 and simple responses. Their map's keys are `API_ID/AUTHORIZER_ID`. */
export function authorizerOperations(
  account: Account,
  apis: Map<string, Api>,
  authorizers: Map<string, Authorizer>,
): Operations {
  const find = (api: Api, input: Readonly<Record<string, unknown>>): Authorizer => {
    const id = String(input['authorizerId']);
    const found = authorizers.get(`${api.id}/${id}`);
    if (found === undefined) throw notFound(`Unable to find Authorizer with identifier ${id}`);
    return found;
  };
  return {
    CreateAuthorizer(call) {
      const api = findApi(account, apis, call.input);
      const input = parseInput(createInput, call.input, 'BadRequestException');
      if (input.authorizerType !== 'REQUEST')
        throw badRequest('Local AWS serves authorizers of type REQUEST (Lambda) only.');
      if (input.authorizerPayloadFormatVersion !== '2.0' || !input.enableSimpleResponses)
        throw badRequest('Local AWS serves authorizers of payload format 2.0 with simple responses only.');
      if (lambdaArn(input.authorizerUri) === undefined) throw badRequest('Invalid AuthorizerUri');
      if (input.authorizerResultTtlInSeconds > 0 && input.identitySource.length === 0)
        throw badRequest('IdentitySource is required when the authorizer result TTL is above 0');
      const made: Authorizer = {
        id: shortId(account, 6),
        apiId: api.id,
        name: input.name,
        authorizerUri: input.authorizerUri,
        identitySource: input.identitySource,
        resultTtlSeconds: input.authorizerResultTtlInSeconds,
      };
      authorizers.set(`${api.id}/${made.id}`, made);
      account.changed();
      return answer(document(made), 201);
    },
    GetAuthorizer: (call) => answer(document(find(findApi(account, apis, call.input), call.input))),
    GetAuthorizers(call) {
      const api = findApi(account, apis, call.input);
      const input = parseInput(pageInput, call.input, 'BadRequestException');
      return answer(
        paged([...authorizers.values()].filter(({ apiId }) => apiId === api.id).map(document), input),
      );
    },
    DeleteAuthorizer(call) {
      const api = findApi(account, apis, call.input);
      authorizers.delete(`${api.id}/${find(api, call.input).id}`);
      account.changed();
      return answer(undefined, 204);
    },
  };
}

/** What the gateway must ask before this route; a route whose authorizer is gone lets nobody in. */
export function routeAuthorizer({
  id,
  authorizerUri,
  identitySource,
  resultTtlSeconds,
}: Authorizer): RouteAuthorizer {
  return {
    id,
    functionArn: lambdaArn(authorizerUri) ?? '',
    headers: identitySource.map((source) => source.slice(headerSource.length).toLowerCase()),
    resultTtlMs: resultTtlSeconds * 1000,
  };
}

const headerSource = '$request.header.';

const createInput = z.object({
  name: z.string().min(1).max(128),
  authorizerType: z.string(),
  authorizerUri: z.string().max(2048).default(''),
  authorizerPayloadFormatVersion: z.string().default('1.0'),
  enableSimpleResponses: z.boolean().default(false),
  identitySource: z
    .array(
      z.string().regex(/^\$request\.header\.[\w-]+$/, 'Local AWS takes identity sources of headers only'),
    )
    .default([]),
  // As AWS: without identity sources there is nothing to cache by.
  authorizerResultTtlInSeconds: wireInteger.pipe(z.number().min(0).max(3600)).default(0),
});

function document({ id, apiId: _, resultTtlSeconds, ...rest }: Authorizer): object {
  return {
    authorizerId: id,
    authorizerType: 'REQUEST',
    authorizerPayloadFormatVersion: '2.0',
    enableSimpleResponses: true,
    authorizerResultTtlInSeconds: resultTtlSeconds,
    ...rest,
  };
}
