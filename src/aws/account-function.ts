import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import {
  GetFunctionConfigurationCommand,
  GetProvisionedConcurrencyConfigCommand,
  LambdaClient,
  UpdateAliasCommand,
} from '@aws-sdk/client-lambda';
import type { AccountFinding } from '../ports/account.ts';
import { PlatformError } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { attempt, faultOf } from './errors.ts';

export type Finding = Omit<AccountFinding, 'check'>;

export interface FunctionAt {
  readonly clients: Clients;
  readonly functionName: string;
}

/** No revision of an alias is called so, so AWS refuses the write: with 412 whom it would let write, with 403 whom not. */
const noRevision = '00000000-0000-0000-0000-000000000000';

/** The one write that a rollback is, asked for in a way that can't take effect. An alias that isn't there needs none. */
export async function mayMoveAliases(at: FunctionAt, aliases: readonly string[]): Promise<Finding> {
  const moved = await Promise.all(aliases.map((alias) => mayMoveAlias(at, alias)));
  return (
    moved.find(({ ok }) => !ok) ?? {
      ok: true,
      detail: `this identity may move ${aliases.join(' and ')}: a rollback would be let through`,
    }
  );
}

async function mayMoveAlias({ clients, functionName }: FunctionAt, alias: string): Promise<Finding> {
  const lambda = clients.of(LambdaClient, { maxAttempts: 1 });
  try {
    await attempt({ action: 'lambda:UpdateAlias', resource: `alias ${alias} of ${functionName}` }, () =>
      lambda.send(
        new UpdateAliasCommand({ FunctionName: functionName, Name: alias, RevisionId: noRevision }),
      ),
    );
  } catch (error) {
    const fault = faultOf(error);
    if (fault === 'precondition' || fault === 'missing') return { ok: true, detail: '' };
    if (fault !== 'denied' || !(error instanceof PlatformError)) throw error;
    return {
      ok: false,
      detail: error.message,
      mend: 'allow lambda:UpdateAlias for this identity',
      blocks: 'permission',
    };
  }
  return {
    ok: false,
    detail: `${functionName} took a write under a revision that is not there`,
    mend: 'look who serves AWS here',
  };
}

/**
 * Provisioned concurrency on an alias makes moving it no longer one write: AWS keeps everybody on the version before, by a
 * weight of its own, until the new one is provisioned (minutes; for ever where its init fails), on the way back as well.
 * And it takes no weights beside it. On versions it does no harm. (terraform-provider-aws#48116, gradientedge/cdk-utils#1110)
 */
export async function provisionedAliases(at: FunctionAt, aliases: readonly string[]): Promise<Finding> {
  const counts = await Promise.all(aliases.map((alias) => provisionedOn(at, alias)));
  const index = counts.findIndex((count) => count > 0);
  const alias = aliases[index];
  if (alias === undefined)
    return { ok: true, detail: `${aliases.join(' and ')} move at once: no provisioned concurrency on them` };
  return {
    ok: false,
    detail: `alias ${alias} has provisioned concurrency (${counts[index]}): AWS would keep users on the version before until the next one is provisioned, on the way back too`,
    mend: `aws lambda delete-provisioned-concurrency-config --function-name ${at.functionName} --qualifier ${alias}`,
    blocks: 'configuration',
  };
}

async function provisionedOn({ clients, functionName }: FunctionAt, alias: string): Promise<number> {
  const resource = `alias ${alias} of ${functionName}`;
  const lambda = clients.of(LambdaClient);
  try {
    const found = await attempt({ action: 'lambda:GetProvisionedConcurrencyConfig', resource }, () =>
      lambda.send(
        new GetProvisionedConcurrencyConfigCommand({ FunctionName: functionName, Qualifier: alias }),
      ),
    );
    return found.RequestedProvisionedConcurrentExecutions ?? 0;
  } catch (error) {
    if (faultOf(error) === 'missing') return 0;
    throw error;
  }
}

/** Whether the function may ask an endpoint that is not there yet: a policy that lists names breaks at the next version. */
export async function mayAskEndpoint(
  { clients, functionName }: FunctionAt,
  endpoint: string,
): Promise<Finding> {
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
    return {
      ok: true,
      unchecked: true,
      detail: 'not checked: iam:SimulatePrincipalPolicy is denied to this identity',
    };
  }
  return decision === 'allowed'
    ? { ok: true, detail: `the function may ask ${endpoint}` }
    : {
        ok: false,
        detail: `the function's role may not ask a new endpoint such as ${endpoint} (${decision ?? 'no decision'})`,
        mend: `allow sagemaker:InvokeEndpoint on endpoint/${endpoint.replace(/-[^-]+$/, '')}* for ${Role ?? 'its role'}`,
        blocks: 'permission',
      };
}
