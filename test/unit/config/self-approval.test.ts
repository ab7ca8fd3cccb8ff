import { describe, expect, it } from 'vitest';
import { selfApprovals } from '../../../src/config/index.ts';
import { load } from './loading.ts';

const role = 'arn:aws:iam::123456789012:role';

describe('a configuration under which one person approves alone', () => {
  it.each<[string, string, string | null]>([
    ['dev', 'approvals: 0', null],
    ['prod', 'approvals: 0, protected: true', 'prod is protected and needs no approval'],
    ['prod', 'approvals: 1', 'approvers of prod are not listed'],
    ['prod', 'approvals: 1, approvers: { github: [ana, bob], repository: acme/models }', null],
    ['prod', `approvals: 1, approvers: { roles: ["${role}/leads"] }`, 'whoever may assume'],
    [
      'prod',
      `approvals: 1, approvers: { roles: ["${role}/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Leads_0123456789abcdef"] }`,
      null,
    ],
    ['prod', 'approvals: 1, approvers: { roles: ["arn:aws:iam::123456789012:user/ana"] }', null],
    [
      'prod',
      `approvals: 1, assumeRole: "${role}/leads", approvers: { roles: ["${role}/leads"] }`,
      'starts rollouts in prod and is listed as an approver',
    ],
    ['local', 'approvals: 1', null],
  ])('%s: { %s } is told of: %s', (name, settings, told) => {
    const config = load(`model: recommendation\nenvironments: { ${name}: { ${settings} } }\n`).environment(
      name,
    );
    const [first] = selfApprovals(config);
    if (told === null) expect(first).toBeUndefined();
    else
      expect(first).toMatchObject({
        detail: expect.stringContaining(told),
        mend: expect.stringMatching(/\w/),
      });
  });
});
