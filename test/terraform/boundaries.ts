import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Permission, Used } from '../../src/local-aws/core/permissions.ts';
import type { Scene } from '../support/e2e.ts';
import { type Applied, controller, people } from './applied.ts';
import { allows, type Statement, statementsOf, unusedOf } from './policies.ts';

/*
 * What each role may do, held against what it did: every call of the rollouts before this, of the commands below, of the
 * controller and of the functions. A policy lacks nothing that was done, and allows nothing else without a reason.
 */

const router = 'recommendation-inference-dev';
const shadow = 'recommendation-shadow-dev';

const log = (name: string): string => `arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/${name}:*`;
const bothForms = 'AWS does not say whether it asks for the resource with or without what follows its name';
const byItself = 'Lambda itself writes a function’s log, with the function’s role';
const ofRollouts: Readonly<Record<string, string>> = {
  'FindApi arn:aws:apigateway:us-east-1::/apis':
    'mlreg.yaml may name the API instead of its id: test/contract/aws/stage.test.ts',
  'FindApi arn:aws:apigateway:us-east-1::/apis/API/deployments':
    'a stage without auto_deploy: test/contract/aws/stage.test.ts',
  [`CountUsers ${log(router)}`]: bothForms,
  'ReadUserCounts logs:StopQuery': 'a query that takes too long: test/contract/aws/user-counts.test.ts',
  [`ReadComparisons ${log(shadow)}`]: bothForms,
  [`MoveTraffic arn:aws:lambda:us-east-1:000000000000:function:${router}:*`]: bothForms,
  'Deployments apigateway:POST': 'a stage without auto_deploy: test/contract/aws/stage.test.ts',
};

/** Why a statement is there, although these scenes have no use for it: `SID ACTION` or `SID RESOURCE`, by the caller. */
const reasons: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [people]: {
    ...ofRollouts,
    'CheckAccount cloudwatch:ListMetrics':
      'local AWS has none of the alarms: test/contract/aws/account.test.ts',
    'AskAboutRouter iam:SimulatePrincipalPolicy': 'no stand-in has IAM: test/contract/aws/account.test.ts',
  },
  [controller]: {
    ...ofRollouts,
    'Logs logs:CreateLogStream': byItself,
    'Logs logs:PutLogEvents': byItself,
  },
  [router]: { 'Logs logs:CreateLogStream': byItself, 'Logs logs:PutLogEvents': byItself },
  [shadow]: { 'Logs logs:CreateLogStream': byItself, 'Logs logs:PutLogEvents': byItself },
};

const roles: readonly (readonly [caller: string, role: string])[] = [
  [people, 'mlreg-cli-dev-recommendation'],
  [controller, 'mlreg-controller-dev'],
  [router, router],
  [shadow, shadow],
];

const commands = [
  ...['doctor', 'plan --model-version v2.2.0', 'history', 'versions', 'audit verify', 'logs', 'report'],
  ...['recover', 'gc --dry-run', 'gc', 'rollback --yes --reason drill'],
  ...['backup --to dev.backup', 'restore --from dev.backup'],
];

export function boundaries(applied: () => Applied, scene: () => Scene): void {
  describe('the boundary of', () => {
    let used: readonly Used[];
    const statements = new Map<string, readonly Statement[]>();
    const of = (role: string): readonly Statement[] => statements.get(role) ?? [];

    beforeAll(async () => {
      for (const words of commands) await scene().run(...words.split(' '));
      for (const kind of ['sweep', 'collect']) {
        const pass = scene().startScript(join(scene().dir, 'laps.cjs'), {
          AWS_ACCESS_KEY_ID: controller,
          LAMBDA_TASK_ROOT: scene().dir,
          EVENT: JSON.stringify({ kind }),
        });
        await pass.ended;
      }
      used = await applied().used();
      for (const role of [...roles.map(([, role]) => role), 'mlreg-cli-dev-ranking'])
        statements.set(role, await statementsOf(applied().moto, role));
    });

    const apiId = (): string => String(applied().outputs['mlreg'].value.api_id);
    const by = (caller: string): readonly Used[] => used.filter((each) => each.caller === caller);

    describe.each(roles)('%s, the role %s,', (caller, role) => {
      test('lacks nothing that it did', () => {
        expect(by(caller).length).toBeGreaterThan(0);
        expect(by(caller).filter((each) => !allows(of(role), each))).toEqual([]);
      });

      test('lets nothing be done that nobody did, but for a reason', () => {
        // The controller carries rollouts on from wherever people left them, by the same code.
        const done = caller === controller ? [...by(controller), ...by(people)] : by(caller);
        const unused = unusedOf(of(role), done).map((each) => each.replace(apiId(), 'API'));
        expect([...unused].sort()).toEqual(Object.keys(reasons[caller] ?? {}).sort());
      });
    });

    test('people ends at their own model: another model’s people may do nothing of it', () => {
      const shared = [
        'cloudwatch:DescribeAlarms *',
        'cloudwatch:GetMetricData *',
        'dynamodb:DescribeTable arn:aws:dynamodb:us-east-1:000000000000:table/mlreg-dev',
        'lambda:GetAccountSettings *',
        'logs:GetQueryResults *',
        's3:ListBucket arn:aws:s3:::mlreg-models-dev-000000000000',
        'sagemaker:ListEndpoints *',
        'sns:Publish arn:aws:sns:us-east-1:000000000000:mlreg-alerts-dev',
      ];
      const allowed = by(people)
        .filter((each) => allows(of('mlreg-cli-dev-ranking'), each))
        .map(({ action, resource }) => `${action} ${resource}`);
      expect([...new Set(allowed)].sort()).toEqual(shared);
    });

    test('people ends at their items: no key is no key', () => {
      const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/mlreg-dev';
      const may = (action: string, ...keys: readonly string[]): boolean => {
        const context: Permission['context'] = keys.length === 0 ? {} : { 'dynamodb:LeadingKeys': keys };
        return allows(of('mlreg-cli-dev-recommendation'), { action, resource: table, context });
      };
      expect(may('dynamodb:Query', 'dev/recommendation/log')).toBe(true);
      expect(may('dynamodb:Query', 'dev/recommendation2')).toBe(false);
      expect(may('dynamodb:PutItem', 'dev/recommendation', 'dev/ranking')).toBe(false);
      expect(may('dynamodb:GetItem', 'prod/recommendation')).toBe(false);
      expect(may('dynamodb:Query')).toBe(false);
      expect(may('dynamodb:DeleteItem', 'dev/recommendation')).toBe(false);
    });
  });
}
