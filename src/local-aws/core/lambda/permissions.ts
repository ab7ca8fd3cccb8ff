import { z } from 'zod';
import { functionArn } from '../arn.ts';
import { matching, parseInput } from '../input.ts';
import { answer, type Operations } from '../operation.ts';
import { checkRevision, conflict, invalid, missing } from './errors.ts';
import type { FunctionState, Policy, Statement } from './function-state.ts';
import { parseReference, type FunctionRegistry } from './registry.ts';

/** Resource policies: each alias and version has its own, and none inherits the function's. */
export function permissionOperations(registry: FunctionRegistry): Operations {
  const { account } = registry;
  const locate = (input: { FunctionName: string; Qualifier?: string | undefined }) => {
    const { name, qualifier } = parseReference(account, input.FunctionName, input.Qualifier);
    const fn = registry.find(name);
    if (qualifier === '$LATEST') throw invalid('We currently do not support adding policies for $LATEST.');
    if (qualifier !== undefined) registry.configOf(fn, qualifier);
    return { fn, qualifier: qualifier ?? '', arn: functionArn(account, name, qualifier) };
  };
  const save = (fn: FunctionState, qualifier: string, statements: readonly Statement[]) => {
    if (statements.length === 0) fn.policies.delete(qualifier);
    else fn.policies.set(qualifier, { revisionId: account.ids(), statements });
    account.changed();
  };
  return {
    AddPermission(call) {
      const input = parseInput(addInput, call.input, 'ValidationException');
      const { fn, qualifier, arn } = locate(input);
      const policy = fn.policies.get(qualifier);
      if (policy !== undefined) checkRevision(input.RevisionId, policy.revisionId, 'Policy');
      const statements = policy?.statements ?? [];
      if (statements.some(({ Sid }) => Sid === input.StatementId)) {
        throw conflict(
          `The statement id (${input.StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
        );
      }
      const statement = statementOf(input, arn);
      save(fn, qualifier, [...statements, statement]);
      return answer({ Statement: JSON.stringify(statement) }, 201);
    },
    GetPolicy(call) {
      const { fn, qualifier } = locate(parseInput(locateInput, call.input, 'ValidationException'));
      const policy = found(fn.policies.get(qualifier));
      const Policy = JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: policy.statements });
      return answer({ Policy, RevisionId: policy.revisionId });
    },
    RemovePermission(call) {
      const input = parseInput(removeInput, call.input, 'ValidationException');
      const { fn, qualifier } = locate(input);
      const policy = found(fn.policies.get(qualifier));
      checkRevision(input.RevisionId, policy.revisionId, 'Policy');
      const left = policy.statements.filter(({ Sid }) => Sid !== input.StatementId);
      if (left.length === policy.statements.length) {
        throw missing(`Statement ${input.StatementId} is not found in resource policy.`);
      }
      save(fn, qualifier, left);
      return answer(undefined, 204);
    },
  };
}

/**
 * Whether API Gateway may invoke this very qualifier of the function.
 * A SourceArn counts where it names one of `apiArns` (`arn:aws:execute-api:...:id`); which stage and route it allows
 * is not looked at.
 */
export function gatewayMayInvoke(
  fn: FunctionState,
  qualifier: string | undefined,
  apiArns: readonly string[],
): boolean {
  const statements = fn.policies.get(qualifier ?? '')?.statements ?? [];
  return statements.some(({ Principal, Action, Condition }) => {
    if (
      Principal !== '*' &&
      !(
        typeof Principal === 'object' &&
        'Service' in Principal &&
        Principal.Service === 'apigateway.amazonaws.com'
      )
    )
      return false;
    if (Action !== 'lambda:InvokeFunction' && Action !== 'lambda:*') return false;
    const source = Condition?.['ArnLike']?.['AWS:SourceArn'];
    return source === undefined || apiArns.some((arn) => likeApi(source, arn));
  });
}

const locateInput = z.object({ FunctionName: z.string(), Qualifier: z.string().min(1).max(128).optional() });
const removeInput = locateInput.extend({ StatementId: z.string(), RevisionId: z.string().optional() });
const addInput = removeInput.extend({
  StatementId: matching(/^([a-zA-Z0-9-_]+)$/).max(100),
  Action: matching(/^(lambda:[*]|lambda:[a-zA-Z]+|[*])$/),
  Principal: matching(/^[^\s]+$/),
  SourceArn: z.string().optional(),
  SourceAccount: z.string().optional(),
});

function found(policy: Policy | undefined): Policy {
  if (policy === undefined) throw missing('The resource you requested does not exist.');
  return policy;
}

function statementOf(input: z.output<typeof addInput>, arn: string): Statement {
  const { Principal, SourceArn, SourceAccount } = input;
  const condition = {
    ...(SourceAccount === undefined ? {} : { StringEquals: { 'AWS:SourceAccount': SourceAccount } }),
    ...(SourceArn === undefined ? {} : { ArnLike: { 'AWS:SourceArn': SourceArn } }),
  };
  return {
    Sid: input.StatementId,
    Effect: 'Allow',
    Principal: principalOf(Principal),
    Action: input.Action,
    Resource: arn,
    ...(Object.keys(condition).length === 0 ? {} : { Condition: condition }),
  };
}

function principalOf(principal: string): Statement['Principal'] {
  if (principal === '*') return '*';
  return /^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com$/.test(principal)
    ? { Service: principal }
    : { AWS: principal };
}

/** Compares the part of a SourceArn before the stage, `*` and `?` as wildcards, with an API's ARN. */
function likeApi(source: string, apiArn: string): boolean {
  let pattern = patterns.get(source);
  if (pattern === undefined) {
    const api = source.split('/')[0] ?? '';
    const text = api
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    if (patterns.size >= PATTERNS_AT_MOST) patterns.clear();
    patterns.set(source, (pattern = new RegExp(`^${text}$`)));
  }
  return pattern.test(apiArn);
}

/** Asked at every request. */
const patterns = new Map<string, RegExp>();
const PATTERNS_AT_MOST = 100;
