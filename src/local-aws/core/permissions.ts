import type { Call, WireRequest } from '../wire/messages.ts';
import { functionArn, sageMakerArn } from './arn.ts';
import type { Account } from './account.ts';
import { iamAction } from './faults.ts';

/** One permission that IAM asks for. Source: AWS's Service Authorization Reference, as far as local AWS serves. */
export interface Permission {
  readonly action: string;
  /** `*` where the action has no resources to name. */
  readonly resource: string;
  /** Condition keys that policies of mlreg use. */
  readonly context: Readonly<Record<string, readonly string[]>>;
}

/** What a caller must be allowed for a call. Empty where anybody may make it. */
export function permissionsOf(call: Call, account: Account): readonly Permission[] {
  const action = iamAction(call);
  const needs = (...resources: readonly string[]): readonly Permission[] =>
    resources.map((resource) => ({ action, resource, context: {} }));
  switch (call.service) {
    case 'lambda':
      return needs(lambdaResource(call, account));
    case 'sagemaker':
    case 'sagemaker-runtime':
      return sageMakerPermissions(call, account, needs);
    case 'apigateway':
      return needs(`arn:aws:apigateway:${account.region}::${pathOf(call).replace(/^\/v2/, '')}`);
    case 'logs': {
      const group = text(call.input.logGroupName);
      return needs(group === '' ? '*' : arn(account, 'logs', `log-group:${group}`));
    }
    case 'sns':
      return needs(text(call.input.TopicArn) || '*');
    case 'ssm':
      return needs(arn(account, 'ssm', `parameter/${text(call.input.Name).replace(/^\//, '')}`));
    case 's3':
      return s3Permissions(call, action);
    // GetCallerIdentity needs none.
    case 'sts':
      return [];
    case 'cloudwatch':
      return needs('*');
  }
}

function lambdaResource({ operation, input }: Call, account: Account): string {
  if (operation === 'GetAccountSettings' || operation === 'ListFunctions') return '*';
  const given = text(input.FunctionName).replace(/^arn:aws:lambda:[^:]*:\d+:function:/, '');
  const [name = '', own] = given.split(':');
  // For IAM an alias is no resource of its own where it is read or moved.
  return functionArn(account, name, own ?? (text(input.Qualifier) || undefined));
}

function sageMakerPermissions(
  { operation, input }: Call,
  account: Account,
  needs: (...resources: readonly string[]) => readonly Permission[],
): readonly Permission[] {
  const named = (
    [
      ['model', input.ModelName],
      ['endpoint-config', input.EndpointConfigName],
      ['endpoint', input.EndpointName],
    ] as const
  ).flatMap(([kind, name]) => (text(name) === '' ? [] : [sageMakerArn(account, kind, text(name))]));
  const own = needs(...(named.length === 0 ? [text(input.ResourceArn) || '*'] : named));
  if (!operation.startsWith('Create')) return own;
  // The one that is made comes last.
  const made = named.slice(-1);
  const tags = Array.isArray(input.Tags) && input.Tags.length > 0;
  const role = text(input.ExecutionRoleArn);
  return [
    ...own,
    ...(tags ? made.map((resource) => ({ action: 'sagemaker:AddTags', resource, context: {} })) : []),
    ...(role === ''
      ? []
      : [
          {
            action: 'iam:PassRole',
            resource: role,
            context: { 'iam:PassedToService': ['sagemaker.amazonaws.com'] },
          },
        ]),
  ];
}

/** Whoever may not list a bucket is told 403 of an object that is missing, so reading needs both. */
function s3Permissions(call: Call, action: string): readonly Permission[] {
  const [, bucket = '', ...key] = pathOf(call).split('/');
  const ofBucket = `arn:aws:s3:::${bucket}`;
  const list = { action: 's3:ListBucket', resource: ofBucket, context: {} };
  if (key.join('/') === '') return [{ action, resource: ofBucket, context: {} }];
  const object = { action, resource: `${ofBucket}/${key.join('/')}`, context: {} };
  return action === 's3:GetObject' ? [object, list] : [object];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const arn = (account: Account, service: string, resource: string): string =>
  `arn:aws:${service}:${account.region}:${account.accountId}:${resource}`;

function pathOf({ described }: Call): string {
  const path = described.slice(described.indexOf(' ') + 1);
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The access key of whoever signed a request; what signs nothing is nobody. */
export function callerOf({ headers }: WireRequest): string {
  return /Credential=([^/,\s]+)\//.exec(headers['authorization'] ?? '')?.[1] ?? '';
}

/** Permissions that callers used, each once: what a policy has to allow, and all that it has to. */
export interface Used extends Permission {
  readonly caller: string;
}

export interface CallRecord {
  /** Forgets what was recorded, and records from now on. */
  start(): void;
  take(request: WireRequest, call: Call): void;
  used(): readonly Used[];
}

/** Records nothing until it is told to: most callers of local AWS never ask. */
export function createCallRecord(account: Account): CallRecord {
  let found: Map<string, Used> | undefined;
  return {
    start: () => (found = new Map()),
    take(request, call) {
      if (found === undefined) return;
      for (const permission of permissionsOf(call, account)) {
        const used = { caller: callerOf(request), ...permission };
        found.set(JSON.stringify(used), used);
      }
    },
    used: () => [...(found?.values() ?? [])],
  };
}
