import {
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import {
  DescribeEndpointConfigCommand,
  type EndpointSummary,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import type { Clients } from './clients.ts';
import type { Finding } from './account-function.ts';
import { attempt, faultOf } from './errors.ts';

const counted = new Intl.NumberFormat('en-US');

/**
 * How many requests Lambda lets the function answer at once: what is reserved for it, else what the account keeps for all
 * functions without a reservation. A new account may have 10. Only told of: users may be fewer.
 */
export async function functionConcurrency(
  { clients, functionName }: { readonly clients: Clients; readonly functionName: string },
  maxConcurrency: number,
): Promise<Finding> {
  const lambda = clients.of(LambdaClient);
  let total: number | undefined;
  let unreserved: number | undefined;
  try {
    const { AccountLimit } = await attempt({ action: 'lambda:GetAccountSettings', resource: 'account' }, () =>
      lambda.send(new GetAccountSettingsCommand({})),
    );
    total = AccountLimit?.ConcurrentExecutions;
    unreserved = AccountLimit?.UnreservedConcurrentExecutions;
  } catch (error) {
    if (faultOf(error) !== 'denied') throw error;
    const detail = 'not checked: lambda:GetAccountSettings is denied to this identity';
    return { ok: true, unchecked: true, detail };
  }
  if (total === undefined || unreserved === undefined)
    return {
      ok: true,
      unchecked: true,
      detail: 'not checked: Lambda does not say the account’s concurrency',
    };
  const reserved = await reservedFor(lambda, functionName);
  const room = reserved ?? unreserved;
  const whose =
    reserved === undefined
      ? `${functionName} shares ${counted.format(unreserved)} of the account's ${counted.format(total)}`
      : `${counted.format(reserved)} of the account's ${counted.format(total)} are reserved for ${functionName}`;
  if (room >= maxConcurrency) return { ok: true, detail: `Lambda's concurrency: ${whose}` };
  return {
    ok: true,
    warning: true,
    detail: `Lambda's concurrency: ${whose}, and an endpoint takes ${counted.format(maxConcurrency)} requests at once: Lambda throttles first`,
    mend: 'ask for more concurrent executions of Lambda in Service Quotas',
  };
}

async function reservedFor(lambda: LambdaClient, functionName: string): Promise<number | undefined> {
  try {
    const found = await attempt({ action: 'lambda:GetFunctionConcurrency', resource: functionName }, () =>
      lambda.send(new GetFunctionConcurrencyCommand({ FunctionName: functionName })),
    );
    return found.ReservedConcurrentExecutions;
  } catch (error) {
    if (faultOf(error) === 'denied') return undefined;
    throw error;
  }
}

/** AWS's larger default for the MaxConcurrency of all serverless endpoints of an account in a Region. Elsewhere it is 500. */
const defaultTotal = 1_000;

export interface TotalConcurrency {
  /** What the endpoints' names of this model and environment begin with. */
  readonly prefix: string;
  /** Of the next endpoint. */
  readonly maxConcurrency: number;
  /** The account's quota; null: nobody said. */
  readonly stated: number | null;
  /** What AWS named when it refused an endpoint; undefined: it never did. */
  readonly learned: number | undefined;
}

/**
 * Whether one more endpoint fits into the total concurrency of the account's serverless endpoints. The endpoints of other
 * models can't be looked into, so the sum is of those that mlreg made here, and a lower bound.
 */
export async function endpointConcurrency(
  clients: Clients,
  endpoints: readonly EndpointSummary[],
  { prefix, maxConcurrency, stated, learned }: TotalConcurrency,
): Promise<Finding> {
  const own = endpoints.flatMap(({ EndpointName: name = '' }) =>
    name.toLowerCase().startsWith(prefix.toLowerCase()) ? [name] : [],
  );
  const each = await Promise.all(own.map((name) => concurrencyOf(clients, name)));
  const used = each.reduce((sum, one) => sum + one, 0);
  const limit = stated ?? learned ?? defaultTotal;
  const [sum, most, more] = [used, limit, maxConcurrency].map((number) => counted.format(number));
  const others = endpoints.length - own.length;
  const beside = others === 0 ? '' : `, beside ${endpointsOf(others)} of others`;
  const taken = `${endpointsOf(own.length)} of this model ${own.length === 1 ? 'takes' : 'take'} ${sum} of ${most} concurrent requests${beside}`;
  if (used + maxConcurrency <= limit) return { ok: true, detail: `${taken}: ${more} more have room` };
  const room =
    'mlreg retire --rolled-back makes room at once; else lower sagemaker.maxConcurrency, or ask for more in Service Quotas and set sagemaker.concurrencyQuota';
  const source =
    stated !== null
      ? 'sagemaker.concurrencyQuota'
      : learned === undefined
        ? "AWS's default"
        : 'what AWS said when it refused an endpoint';
  return {
    ok: false,
    detail: `${taken} (${source}): ${more} more have no room`,
    mend: room,
    ...(stated === null ? {} : { blocks: 'configuration' as const }),
  };
}

const endpointsOf = (count: number): string => `${counted.format(count)} endpoint${count === 1 ? '' : 's'}`;

/** An endpoint's configuration has its name. One that is gone, and one that is not serverless, takes none. */
async function concurrencyOf(clients: Clients, name: string): Promise<number> {
  const what = { action: 'sagemaker:DescribeEndpointConfig', resource: `endpoint configuration ${name}` };
  try {
    const { ProductionVariants = [] } = await attempt(what, () =>
      clients.of(SageMakerClient).send(new DescribeEndpointConfigCommand({ EndpointConfigName: name })),
    );
    return ProductionVariants.reduce(
      (sum, { ServerlessConfig }) => sum + (ServerlessConfig?.MaxConcurrency ?? 0),
      0,
    );
  } catch (error) {
    if (faultOf(error) === 'missing') return 0;
    throw error;
  }
}
