import { ApiGatewayV2Client, GetDeploymentCommand, GetStageCommand } from '@aws-sdk/client-apigatewayv2';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  ListMetricsCommand,
  type MetricAlarm,
} from '@aws-sdk/client-cloudwatch';
import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, LambdaClient, UpdateAliasCommand } from '@aws-sdk/client-lambda';
import { ListEndpointsCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import type { AccountChecks, AccountFinding } from '../ports/account.ts';
import { PlatformError } from '../ports/platform.ts';
import { type NamesLike, whyMute } from './alarm-sense.ts';
import type { Clients } from './clients.ts';
import { idOf } from './apigateway-stage.ts';
import { attempt, faultOf } from './errors.ts';

export interface AccountChecksOptions {
  readonly clients: Clients;
  readonly functionName: string;
  readonly alias: string;
  /** `id` null: to be found by its name. */
  readonly api: { readonly id: string | null; readonly name: string; readonly stage: string };
  /** What the environment's alarms' names begin with. */
  readonly alarmPrefix: string;
  /** AWS's default for serverless endpoints of an account in a Region. @default 50 */
  readonly endpointQuota?: number;
  /** Whether IAM can be asked. @default true */
  readonly iam?: boolean;
}

type Finding = Omit<AccountFinding, 'check'>;

export function createAccountChecks(options: AccountChecksOptions): AccountChecks {
  return {
    async examine({ endpoint }) {
      const checks: readonly (readonly [string, () => Promise<Finding>])[] = [
        ['rollback', () => mayMoveAlias(options)],
        ['deploys', () => stageDeploys(options)],
        ['alarms', () => alarms(options)],
        ['quota', () => quota(options)],
        ...(options.iam === false ? [] : [['role', () => role(options, endpoint)] as const]),
      ];
      const findings: AccountFinding[] = [];
      for (const [check, look] of checks) findings.push({ check, ...(await look().catch(told)) });
      return findings;
    },
  };
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

/** No revision of an alias is called so, so AWS refuses the write: with 412 whom it would let write, with 403 whom not. */
const noRevision = '00000000-0000-0000-0000-000000000000';

/** The one write that a rollback is, asked for in a way that can't take effect. */
async function mayMoveAlias({ clients, functionName, alias }: AccountChecksOptions): Promise<Finding> {
  const lambda = clients.of(LambdaClient, { maxAttempts: 1 });
  try {
    await attempt({ action: 'lambda:UpdateAlias', resource: `alias ${alias} of ${functionName}` }, () =>
      lambda.send(
        new UpdateAliasCommand({ FunctionName: functionName, Name: alias, RevisionId: noRevision }),
      ),
    );
  } catch (error) {
    if (faultOf(error) !== 'precondition') throw error;
    return { ok: true, detail: `this identity may move ${alias}: a rollback would be let through` };
  }
  return {
    ok: false,
    detail: `${functionName} took a write under a revision that is not there`,
    mend: 'look who serves AWS here',
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
      }
    : { ok: true, detail: `stage ${stage} deploys by itself` };
}

async function alarms({ clients, alarmPrefix }: AccountChecksOptions): Promise<Finding> {
  const cloudwatch = clients.of(CloudWatchClient);
  const found: MetricAlarm[] = [];
  let next: string | undefined;
  do {
    const token: string | undefined = next;
    const page = await attempt({ action: 'cloudwatch:DescribeAlarms', resource: `${alarmPrefix}*` }, () =>
      cloudwatch.send(
        new DescribeAlarmsCommand({
          AlarmNamePrefix: alarmPrefix,
          ...(token === undefined ? {} : { NextToken: token }),
        }),
      ),
    );
    found.push(...(page.MetricAlarms ?? []));
    next = page.NextToken;
  } while (next !== undefined && next !== '' && found.length < 1_000);
  const namesLike: NamesLike = async ({ Namespace, Dimensions = [] }) => {
    const { Metrics = [] } = await attempt(
      { action: 'cloudwatch:ListMetrics', resource: Namespace ?? '' },
      () =>
        cloudwatch.send(
          new ListMetricsCommand({
            Namespace,
            Dimensions: Dimensions.map(({ Name, Value }) => ({ Name, Value })),
          }),
        ),
    );
    return [...new Set(Metrics.flatMap(({ MetricName }) => MetricName ?? []))].sort();
  };
  for (const alarm of found) {
    const mute = await whyMute(alarm, namesLike);
    if (mute !== null) return { ok: false, detail: mute.why, mend: mute.mend };
  }
  return {
    ok: true,
    detail: found.length === 0 ? `no alarm is called ${alarmPrefix}*` : `${found.length} alarms can fire`,
  };
}

async function quota({ clients, endpointQuota = 50 }: AccountChecksOptions): Promise<Finding> {
  const sagemaker = clients.of(SageMakerClient);
  let endpoints = 0;
  let next: string | undefined;
  do {
    const token: string | undefined = next;
    const page = await attempt({ action: 'sagemaker:ListEndpoints', resource: 'all endpoints' }, () =>
      sagemaker.send(
        new ListEndpointsCommand({ MaxResults: 100, ...(token === undefined ? {} : { NextToken: token }) }),
      ),
    );
    endpoints += page.Endpoints?.length ?? 0;
    next = page.NextToken;
  } while (next !== undefined && next !== '' && endpoints < 10_000);
  return endpoints < endpointQuota
    ? { ok: true, detail: `${endpoints} endpoints of ${endpointQuota}: one more has room` }
    : {
        ok: false,
        detail: `${endpoints} endpoints, and AWS gives ${endpointQuota} serverless ones unless asked: no room for one more`,
        mend: 'mlreg gc, or ask for more in Service Quotas',
      };
}

/** Whether the function may ask an endpoint that is not there yet: a policy that lists names breaks at the next version. */
async function role({ clients, functionName }: AccountChecksOptions, endpoint: string): Promise<Finding> {
  const lambda = clients.of(LambdaClient);
  const { Role, FunctionArn = '' } = await attempt(
    { action: 'lambda:GetFunctionConfiguration', resource: functionName },
    () => lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functionName })),
  );
  const [, partition = 'aws', , region = '', account = ''] = FunctionArn.split(':');
  const arn = `arn:${partition}:sagemaker:${region}:${account}:endpoint/${endpoint}`;
  const iam = clients.of(IAMClient);
  let decision: string | undefined;
  try {
    const answer = await attempt({ action: 'iam:SimulatePrincipalPolicy', resource: Role ?? '' }, () =>
      iam.send(
        new SimulatePrincipalPolicyCommand({
          PolicySourceArn: Role,
          ActionNames: ['sagemaker:InvokeEndpoint'],
          ResourceArns: [arn],
        }),
      ),
    );
    decision = answer.EvaluationResults?.[0]?.EvalDecision;
  } catch (error) {
    // A courtesy of IAM's: without it a rollout finds out when it warms the new version, before any user is moved.
    if (faultOf(error) !== 'denied') throw error;
    return { ok: true, detail: 'not checked: iam:SimulatePrincipalPolicy is denied to this identity' };
  }
  return decision === 'allowed'
    ? { ok: true, detail: `the function may ask ${endpoint}` }
    : {
        ok: false,
        detail: `the function's role may not ask a new endpoint such as ${endpoint} (${decision ?? 'no decision'})`,
        mend: `allow sagemaker:InvokeEndpoint on endpoint/${endpoint.replace(/-[^-]+$/, '')}* for ${Role ?? 'its role'}`,
      };
}
