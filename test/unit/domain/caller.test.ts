import { describe, expect, it } from 'vitest';
import { callerOf, isNamed } from '../../../src/domain/caller.ts';

const session = (role: string, name: string): string =>
  `arn:aws:sts::123456789012:assumed-role/${role}/${name}`;
const sso = 'AWSReservedSSO_Deployers_0123456789abcdef';

describe('who STS says is calling', () => {
  it.each([
    ['arn:aws:iam::123456789012:user/ana', 'user', 'ana'],
    ['arn:aws:iam::123456789012:user/team/ml/ana', 'user', 'ana'],
    ['arn:aws:iam::123456789012:root', 'root', 'root'],
    [session('deploy', 'bob'), 'role', 'deploy'],
    [session(sso, 'ana@acme.com'), 'sso', 'ana@acme.com'],
    [session('AWSReservedSSO_Deployers', 'ana@acme.com'), 'role', 'AWSReservedSSO_Deployers'],
    ['arn:aws:sts::123456789012:federated-user/bob', 'unknown', 'bob'],
    ['', 'unknown', ''],
    ['arn:aws:iam::123456789012:user', 'unknown', 'user'],
  ])('%s is a %s, %s', (arn, kind, name) => {
    expect(callerOf(arn)).toMatchObject({ kind, name });
  });

  it.each<[boolean, string, string, string]>([
    [true, 'sessions of one role', session('deploy', 'ana'), session('deploy', 'bob')],
    [false, 'sessions of two roles', session('deploy', 'ana'), session('approve', 'ana')],
    [
      true,
      'two permission sets of one user of Identity Center',
      session(sso, 'ana@acme.com'),
      session('AWSReservedSSO_Admin_fedcba9876543210', 'ana@acme.com'),
    ],
    [false, 'two users of Identity Center', session(sso, 'ana@acme.com'), session(sso, 'bob@acme.com')],
    [
      false,
      'one role name in two accounts',
      session('deploy', 'a'),
      session('deploy', 'a').replace('9012', '9013'),
    ],
  ])('%s: %s', (expected, _name, a, b) => {
    expect(callerOf(a).id === callerOf(b).id).toBe(expected);
  });

  const role = 'arn:aws:iam::123456789012:role';
  it.each<[boolean, string, string]>([
    [true, session('approver', 'x'), `${role}/approver`],
    [true, session('approver', 'x'), `${role}/team/approver`],
    [false, session('approver', 'x'), `${role}/approver2`],
    [false, session('approver', 'x'), `${role}/approver`.replace('9012', '9013')],
    [false, session('deploy', 'approver'), `${role}/approver`],
    [true, session(sso, 'ana@acme.com'), `${role}/aws-reserved/sso.amazonaws.com/eu-west-1/${sso}`],
    [true, 'arn:aws:iam::123456789012:user/ana', 'arn:aws:iam::123456789012:user/ana'],
    [false, session('x', 'ana'), 'arn:aws:iam::123456789012:user/ana'],
  ])('%s: %s is listed as %s', (expected, arn, listed) => {
    expect(isNamed(callerOf(arn), arn, listed)).toBe(expected);
  });
});
