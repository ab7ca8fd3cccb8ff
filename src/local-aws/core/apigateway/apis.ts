import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AwsError } from '../../wire/aws-error.ts';
import type { Account } from '../account.ts';
import { parseInput } from '../input.ts';
import { answer, page, type Operations } from '../operation.ts';
import type { Api } from './api-state.ts';

export function apiOperations(account: Account, apis: Map<string, Api>): Operations {
  const document = (api: Api) => ({
    apiEndpoint: `https://${api.id}.execute-api.${account.region}.amazonaws.com`,
    apiId: api.id,
    apiKeySelectionExpression: '$request.header.x-api-key',
    createdDate: new Date(api.createdAt),
    ...(api.description === undefined ? {} : { description: api.description }),
    disableExecuteApiEndpoint: false,
    ipAddressType: 'ipv4',
    name: api.name,
    protocolType: 'HTTP',
    routeSelectionExpression: '$request.method $request.path',
    tags: api.tags,
  });
  return {
    CreateApi(call) {
      const input = parseInput(createInput, call.input, 'BadRequestException');
      if (input.protocolType !== 'HTTP') throw badRequest('Local AWS serves HTTP APIs only.');
      if (input.target !== undefined || input.routeKey !== undefined) {
        throw badRequest('Local AWS knows no quick create: create integration, route and stage.');
      }
      const api: Api = {
        id: shortId(account, 10),
        name: input.name,
        description: input.description,
        tags: input.tags,
        createdAt: account.clock.now(),
        integrations: new Map(),
        routes: new Map(),
        deployments: new Map(),
        stages: new Map(),
      };
      apis.set(api.id, api);
      account.changed();
      return answer(document(api), 201);
    },
    GetApi: (call) => answer(document(findApi(account, apis, call.input))),
    GetApis(call) {
      const input = parseInput(pageInput, call.input, 'BadRequestException');
      return answer(paged([...apis.values()].map(document), input));
    },
    DeleteApi(call) {
      apis.delete(findApi(account, apis, call.input).id);
      account.changed();
      return answer(undefined, 204);
    },
  };
}

export function findApi(
  account: Account,
  apis: Map<string, Api>,
  input: Readonly<Record<string, unknown>>,
): Api {
  const id = String(input['apiId']);
  const api = apis.get(id);
  if (api === undefined) throw notFound(`Invalid API identifier specified ${account.accountId}:${id}`);
  return api;
}

export function notFound(message: string): AwsError {
  return new AwsError('NotFoundException', 404, message);
}

export function badRequest(message: string): AwsError {
  return new AwsError('BadRequestException', 400, message);
}

export function conflict(message: string): AwsError {
  return new AwsError('ConflictException', 409, message);
}

/** An identifier such as API Gateway makes: letters and digits, here out of a new UUID. */
export function shortId(account: Account, length: number): string {
  const digest = createHash('sha256').update(account.ids()).digest();
  return Array.from(digest.subarray(0, length), (byte) => (byte % 36).toString(36)).join('');
}

export const pageInput = z.object({ maxResults: z.string().optional(), nextToken: z.string().optional() });

export function paged(items: readonly object[], input: z.output<typeof pageInput>): object {
  const { items: some, next } = page(items, input.nextToken, Number(input.maxResults ?? '') || 25);
  return { items: some, ...(next === undefined ? {} : { nextToken: next }) };
}

const createInput = z.object({
  name: z.string().min(1).max(128),
  protocolType: z.string(),
  description: z.string().max(1024).optional(),
  tags: z.record(z.string(), z.string()).default({}),
  target: z.string().optional(),
  routeKey: z.string().optional(),
});
