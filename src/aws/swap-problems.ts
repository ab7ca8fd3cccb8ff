import { ApiGatewayV2Client, GetIntegrationsCommand, type Integration } from '@aws-sdk/client-apigatewayv2';
import { GetPolicyCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { z } from 'zod';
import { PlatformError } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';

/** Between a stage that names another alias and an answer: the integration's URI, and who may invoke that alias. */
export async function swapProblems(
  clients: Clients,
  where: { readonly apiId: string; readonly functionName: string; readonly alias: string },
): Promise<readonly string[]> {
  const { apiId, functionName, alias } = where;
  const problems: string[] = [];
  const wanted = `${functionName}:\${stageVariables.alias}`;
  const uris = (await integrationsOf(clients, apiId)).map(({ IntegrationUri = '' }) => IntegrationUri);
  if (!uris.some((uri) => uri.includes(wanted))) {
    problems.push(
      `no integration of API ${apiId} takes its alias from the stage, so a swap would move nobody: let its URI end in ${wanted}`,
    );
  }
  if (!(await gatewayMayInvoke(clients, functionName, alias))) {
    problems.push(
      `API Gateway may not invoke alias ${alias} of ${functionName}, so a swap would answer everybody with 500: aws lambda add-permission --function-name ${functionName} --qualifier ${alias} --principal apigateway.amazonaws.com --action lambda:InvokeFunction --statement-id api-gateway`,
    );
  }
  return problems;
}

async function integrationsOf(clients: Clients, ApiId: string): Promise<readonly Integration[]> {
  const gateway = clients.of(ApiGatewayV2Client);
  const found: Integration[] = [];
  let token: string | undefined;
  do {
    const page = await attempt({ action: 'apigateway:GET', resource: `/apis/${ApiId}/integrations` }, () =>
      gateway.send(
        new GetIntegrationsCommand({ ApiId, ...(token === undefined ? {} : { NextToken: token }) }),
      ),
    );
    found.push(...(page.Items ?? []));
    token = page.NextToken;
  } while (token !== undefined && token !== '');
  return found;
}

const policySchema = z.object({
  Statement: z.array(
    z.object({
      Effect: z.string(),
      Principal: z.union([z.string(), z.object({ Service: z.string().optional() })]).optional(),
      Action: z.union([z.string(), z.array(z.string())]),
    }),
  ),
});

async function gatewayMayInvoke(clients: Clients, functionName: string, alias: string): Promise<boolean> {
  const lambda = clients.of(LambdaClient);
  const resource = `alias ${alias} of ${functionName}`;
  let text: string;
  try {
    const found = await attempt({ action: 'lambda:GetPolicy', resource }, () =>
      lambda.send(new GetPolicyCommand({ FunctionName: functionName, Qualifier: alias })),
    );
    text = found.Policy ?? '';
  } catch (error) {
    // Denied is not absent; absent is nobody's permission.
    if (error instanceof PlatformError && error.failure.kind === 'missing') return false;
    throw error;
  }
  const policy = policySchema.safeParse(text === '' ? {} : JSON.parse(text));
  return (
    policy.success &&
    policy.data.Statement.some(
      ({ Effect, Principal, Action }) =>
        Effect === 'Allow' &&
        (typeof Principal === 'string'
          ? Principal === '*'
          : Principal?.Service === 'apigateway.amazonaws.com') &&
        [Action].flat().some((action) => ['lambda:InvokeFunction', 'lambda:*', '*'].includes(action)),
    )
  );
}
