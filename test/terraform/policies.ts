import {
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import type { Clients } from '../../src/aws/clients.ts';
import type { Permission } from '../../src/local-aws/core/permissions.ts';

/** As IAM reads a policy's statement. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** All statements of a role, of its own policies and of those attached. */
export async function statementsOf(clients: Clients, RoleName: string): Promise<readonly Statement[]> {
  const iam = clients.of(IAMClient);
  const documents: string[] = [];
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  for (const PolicyName of PolicyNames) {
    const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
    documents.push(decodeURIComponent(PolicyDocument));
  }
  const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  for (const { PolicyArn } of AttachedPolicies) {
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
    const { PolicyVersion } = await iam.send(
      new GetPolicyVersionCommand({ PolicyArn, VersionId: Policy?.DefaultVersionId }),
    );
    documents.push(decodeURIComponent(PolicyVersion?.Document ?? ''));
  }
  return documents.flatMap((text) => (JSON.parse(text) as { Statement: Statement[] }).Statement);
}

const all = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? [value] : value;

function like(pattern: string, value: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(value);
}

/** Source: IAM's user guide, condition operators; only those that mlreg's policies use. */
function holds({ Condition = {} }: Statement, { context }: Permission): boolean {
  return Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => {
      const values = context[key] ?? [];
      switch (operator) {
        case 'StringEquals':
        case 'Bool':
          return values.some((value) => all(wanted).includes(value));
        case 'ForAllValues:StringLike':
          return values.every((value) => all(wanted).some((pattern) => like(pattern, value)));
        case 'Null':
          return all(wanted).includes(String(values.length === 0));
        default:
          throw new Error(`a policy uses ${operator}, which this test does not know`);
      }
    }),
  );
}

const names = (statement: Statement, { action, resource }: Permission): boolean =>
  all(statement.Action).some((pattern) => like(pattern, action)) &&
  all(statement.Resource).some((pattern) => like(pattern, resource));

/** Whether IAM would let a role with these statements do it. */
export function allows(statements: readonly Statement[], permission: Permission): boolean {
  const fitting = statements.filter((each) => names(each, permission) && holds(each, permission));
  return fitting.some(({ Effect }) => Effect === 'Allow') && !fitting.some(({ Effect }) => Effect === 'Deny');
}

/** What of these statements nobody used: `SID ACTION` and `SID RESOURCE`. */
export function unusedOf(statements: readonly Statement[], used: readonly Permission[]): readonly string[] {
  return statements.flatMap((statement) => {
    const fitting = used.filter((each) => names(statement, each) && holds(statement, each));
    const actions = all(statement.Action).filter(
      (pattern) => !fitting.some(({ action }) => like(pattern, action)),
    );
    const resources = all(statement.Resource).filter(
      (pattern) => !fitting.some(({ resource }) => like(pattern, resource)),
    );
    // An action without any use says it all.
    return [
      ...actions.map((action) => `${statement.Sid} ${action}`),
      ...(actions.length === all(statement.Action).length
        ? []
        : resources.map((resource) => `${statement.Sid} ${resource}`)),
    ];
  });
}
