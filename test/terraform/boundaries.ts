import { beforeAll, describe, expect, test } from 'vitest';
import type { Used } from '../../src/local-aws/core/permissions.ts';
import type { Scene } from '../support/e2e.ts';
import { type Applied, controller, people } from './applied.ts';
import { allows, type Statement, statementsOf, unusedOf } from './policies.ts';

/*
 * What each role may do, held against what it did: every call of the rollouts before this, of the commands below, of the
 * controller and of the functions. A policy lacks nothing that was done, and allows nothing else without a reason.
 */

/** Why a statement is there, although these scenes have no use for it. By role, `SID ACTION` or `SID RESOURCE`. */
const reasons: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [people]: {},
  [controller]: {},
};

const roles: readonly (readonly [caller: string, role: string])[] = [
  [people, 'mlreg-cli-dev-recommendation'],
  [controller, 'mlreg-controller-dev'],
  ['recommendation-inference-dev', 'recommendation-inference-dev'],
  ['recommendation-shadow-dev', 'recommendation-shadow-dev'],
];

export function boundaries(applied: () => Applied, scene: () => Scene): void {
  describe('the boundary of', () => {
    let used: readonly Used[];
    const statements = new Map<string, readonly Statement[]>();
    const of = (role: string): readonly Statement[] => statements.get(role) ?? [];

    beforeAll(async () => {
      // Whoever looks, and what rollouts before this had no use for.
      const run = (...words: string[]) => scene().run(...words);
      for (const words of [
        'doctor',
        'plan v2.2.0 --force-plan',
        'history',
        'versions',
        'audit verify',
        'logs v2.2.0',
        'report',
        'recover',
        'gc --dry-run',
        'gc',
        'rollback --yes --reason drill',
        'backup --to backup.json',
        'restore --from backup.json',
      ])
        await run(...words.split(' '));
      used = await applied().used();
      for (const [, role] of [...roles, ['', 'mlreg-cli-dev-ranking'] as const])
        statements.set(role, await statementsOf(applied().moto, role));
    });

    describe.each(roles)('%s, the role %s,', (caller, role) => {
      const done = (): readonly Used[] => used.filter((each) => each.caller === caller);

      test('lacks nothing that it did', () => {
        expect(done().length).toBeGreaterThan(0);
        expect(done().filter((each) => !allows(of(role), each))).toEqual([]);
      });

      test('lets nothing be done that nothing did, but for a reason', () => {
        expect(unusedOf(of(role), done())).toEqual(Object.keys(reasons[caller] ?? {}));
      });
    });
  });
}
