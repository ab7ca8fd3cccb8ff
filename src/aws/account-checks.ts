import { ApiGatewayV2Client, GetDeploymentCommand, GetStageCommand } from '@aws-sdk/client-apigatewayv2';
import { type EndpointSummary, ListEndpointsCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import type { AccountChecks, AccountFinding, AccountSubject } from '../ports/account.ts';
import type { Clock } from '../ports/index.ts';
import { PlatformError } from '../ports/platform.ts';
import { alarms } from './account-alarms.ts';
import { endpointConcurrency, functionConcurrency } from './account-concurrency.ts';
import { type Finding, mayAskEndpoint, mayMoveAliases, provisionedAliases } from './account-function.ts';
import { roomForVariables } from './account-variables.ts';
import { idOf } from './apigateway-stage.ts';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';
import { busyEnvironments, windowMs } from './lambda-warm.ts';

export interface AccountChecksOptions {
  readonly clients: Clients;
  readonly clock: Clock;
  readonly functionName: string;
  /** Those that rollouts move. */
  readonly aliases: readonly string[];
  /** `id` null: to be found by its name. */
  readonly api: { readonly id: string | null; readonly name: string; readonly stage: string };
  /** What the environment's alarms' names begin with. */
  readonly alarmPrefix: string;
  /** Endpoints that the account may have in the Region; null: AWS's default is a guess. */
  readonly endpointQuota: number | null;
  /** Concurrent requests of all serverless endpoints of the account in the Region; null: nobody said. */
  readonly concurrencyQuota: number | null;
  /** What the names of this model's endpoints in this environment begin with. */
  readonly endpointPrefix: string;
  /** Requests that a new endpoint answers at the same time. */
  readonly maxConcurrency: number;
  /** Whether IAM can be asked. @default true */
  readonly iam?: boolean;
}

type Check = readonly [name: string, look: () => Promise<Finding>];

export function createAccountChecks(options: AccountChecksOptions): AccountChecks {
  const { clients, aliases, alarmPrefix, iam = true } = options;
  const role = (endpoint: string): readonly Check[] =>
    iam ? [['role', () => mayAskEndpoint(options, endpoint)]] : [];
  const room = (variables: AccountSubject['variables']): readonly Check[] =>
    variables === undefined ? [] : [['variables', () => roomForVariables(options, variables)]];
  // One list of endpoints for both.
  const quotas = ({ refusedBeyond }: AccountSubject): readonly Check[] => {
    const listed = listEndpoints(options);
    listed.catch(() => undefined);
    return [
      ['quota', async () => quota(options, (await listed).length)],
      ['total', async () => total(options, await listed, refusedBeyond)],
      ['concurrency', () => functionConcurrency(options, options.maxConcurrency)],
    ];
  };
  return {
    examine: (subject) =>
      all([
        ['rollback', () => mayMoveAliases(options, aliases)],
        ['one write', () => provisionedAliases(options, aliases)],
        ['deploys', () => stageDeploys(options)],
        ['alarms', () => alarms(clients, alarmPrefix)],
        ...quotas(subject),
        ['capacity', () => capacity(options)],
        ...role(subject.endpoint),
        ...room(subject.variables),
      ]),
    preflight: ({ aliases: moved, swapsStage, isDetached, ...subject }) =>
      all([
        ...(isDetached ? [] : [['rollback', () => mayMoveAliases(options, moved)] as const]),
        ['one write', () => provisionedAliases(options, moved)],
        ...(swapsStage ? [['deploys', () => stageDeploys(options)] as const] : []),
        ...quotas(subject),
        ['capacity', () => capacity(options)],
        ...role(subject.endpoint),
        ...room(subject.variables),
      ]),
  };
}

/** At once: none waits for another's answer. */
function all(checks: readonly Check[]): Promise<readonly AccountFinding[]> {
  return Promise.all(
    checks.map(async ([check, look]): Promise<AccountFinding> => ({ check, ...(await look().catch(told)) })),
  );
}

/** @throws whatever isn't AWS's answer */
function told(error: unknown): Finding {
  if (!(error instanceof PlatformError)) throw error;
  const { failure } = error;
  return {
    ok: false,
    detail: error.message,
    ...(failure.kind === 'denied' ? { mend: `allow ${failure.action} for this identity` } : {}),
  };
}

async function stageDeploys({ clients, api }: AccountChecksOptions): Promise<Finding> {
  const gateway = clients.of(ApiGatewayV2Client);
  const { stage } = api;
  const id = api.id ?? (await idOf(gateway, api.name));
  const resource = `/apis/${id}/stages/${stage}`;
  const found = await attempt({ action: 'apigateway:GET', resource }, () =>
    gateway.send(new GetStageCommand({ ApiId: id, StageName: stage })),
  );
  if (found.AutoDeploy !== true || found.DeploymentId === undefined)
    return { ok: true, detail: `stage ${stage} serves deployment ${found.DeploymentId ?? 'none'}` };
  const deployment = await attempt({ action: 'apigateway:GET', resource: `/apis/${id}/deployments` }, () =>
    gateway.send(new GetDeploymentCommand({ ApiId: id, DeploymentId: found.DeploymentId })),
  );
  return deployment.AutoDeployed === false
    ? {
        ok: false,
        detail: `stage ${stage} deploys by itself, and is pinned to deployment ${found.DeploymentId}, which somebody made`,
        mend: `take deployment_id out of the stage's Terraform, or set auto_deploy = false`,
        blocks: 'configuration',
      }
    : { ok: true, detail: `stage ${stage} deploys by itself` };
}

/** AWS's default for serverless endpoints of an account in a Region. */
const defaultQuota = 50;

/** More than any quota that an account has by default: nobody counts further. */
const mostEndpoints = 1_000;

async function listEndpoints({ clients }: AccountChecksOptions): Promise<readonly EndpointSummary[]> {
  const sagemaker = clients.of(SageMakerClient);
  const endpoints: EndpointSummary[] = [];
  let next: string | undefined;
  do {
    const token: string | undefined = next;
    const page = await attempt({ action: 'sagemaker:ListEndpoints', resource: 'all endpoints' }, () =>
      sagemaker.send(
        new ListEndpointsCommand({ MaxResults: 100, ...(token === undefined ? {} : { NextToken: token }) }),
      ),
    );
    endpoints.push(...(page.Endpoints ?? []));
    next = page.NextToken;
  } while (next !== undefined && next !== '' && endpoints.length < mostEndpoints);
  return endpoints;
}

const total = (
  { clients, concurrencyQuota: stated, endpointPrefix: prefix, maxConcurrency }: AccountChecksOptions,
  endpoints: readonly EndpointSummary[],
  learned: number | undefined,
): Promise<Finding> => endpointConcurrency(clients, endpoints, { prefix, maxConcurrency, stated, learned });

/** Where the true quota isn't known a full one is no reason to refuse: AWS says so itself, before any user is moved. */
function quota({ endpointQuota }: AccountChecksOptions, endpoints: number): Finding {
  const limit = endpointQuota ?? defaultQuota;
  if (endpoints < limit) return { ok: true, detail: `${endpoints} endpoints of ${limit}: one more has room` };
  return endpointQuota === null
    ? {
        ok: false,
        detail: `${endpoints} endpoints, and AWS gives ${limit} serverless ones unless asked: there may be no room for one more`,
        mend: 'mlreg gc, or mlreg retire --rolled-back; or, where AWS gave more, set sagemaker.endpointQuota in mlreg.yaml',
      }
    : {
        ok: false,
        detail: `${endpoints} endpoints, and sagemaker.endpointQuota is ${limit}: no room for one more`,
        mend: 'mlreg gc, or mlreg retire --rolled-back, or ask for more in Service Quotas and set sagemaker.endpointQuota in mlreg.yaml',
        blocks: 'configuration',
      };
}

/**
 * Whether the new endpoint could take all that the champion takes now. The function asks it once for each request that it
 * is busy with; a peak may have been a wave of cold starts, so this is no reason to refuse.
 */
async function capacity({
  clients,
  clock,
  functionName,
  maxConcurrency,
}: AccountChecksOptions): Promise<Finding> {
  const to = clock.now();
  const busy = Math.ceil(await busyEnvironments({ clients, functionName }, { from: to - windowMs, to }));
  return busy <= maxConcurrency
    ? { ok: true, detail: `${busy} requests at once of late; an endpoint takes ${maxConcurrency}` }
    : {
        ok: false,
        detail: `${busy} requests at once of late, and an endpoint takes ${maxConcurrency}: at 100 % it would throttle`,
        mend: 'raise sagemaker.maxConcurrency in mlreg.yaml (AWS: 200 at most)',
      };
}
