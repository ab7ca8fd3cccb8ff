/** Whose credentials an ARN stands for, as far as STS vouches for it. */
export interface Caller {
  /**
   * `user`: an IAM user. `sso`: a user of IAM Identity Center. `role`: whoever may assume the role; the session's name was
   * chosen by the caller and tells nobody apart. `unknown`: nobody whom mlreg can name (a federated session, another form).
   */
  readonly kind: 'user' | 'sso' | 'role' | 'root' | 'unknown';
  /** The same for all sessions of one person, or of one role. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** Name of the role, without its path, which STS does not tell. */
  readonly role?: string;
}

/**
 * AWS makes these roles for IAM Identity Center, and Identity Center names their sessions after its user. IAM lets nobody
 * but that service change them.
 */
const ssoRole = /^AWSReservedSSO_.+_[0-9a-f]{16}$/;

/**
 * What `sts:GetCallerIdentity` says (Account, Arn, UserId; a session's SourceIdentity and tags are not among it), reduced to
 * what a caller can't choose. Two permission sets of one Identity Center user are one person.
 */
export function callerOf(arn: string): Caller {
  const [, , service = '', , account = '', ...rest] = arn.split(':');
  const path = rest.join(':').split('/');
  const [kind, first = ''] = path;
  const last = path.at(-1) ?? '';
  if (service === 'iam' && kind === 'user' && last !== '' && path.length > 1)
    return { kind: 'user', id: `user:${account}:${last.toLowerCase()}`, name: last };
  if (service === 'iam' && kind === 'root') return { kind: 'root', id: `root:${account}`, name: 'root' };
  if (service === 'sts' && kind === 'assumed-role' && path.length === 3 && first !== '') {
    return ssoRole.test(first)
      ? { kind: 'sso', id: `sso:${account}:${last.toLowerCase()}`, name: last, role: first }
      : { kind: 'role', id: `role:${account}:${first.toLowerCase()}`, name: first, role: first };
  }
  return { kind: 'unknown', id: `unknown:${arn}`, name: last === '' ? arn : last };
}

/** Whether an ARN in a list of approvers (a role's, with or without its path, or an IAM user's) names this caller. */
export function isNamed(caller: Caller, callerArn: string, listed: string): boolean {
  const [, , , , account = '', resource = ''] = listed.split(':');
  if (callerArn.split(':')[4] !== account) return false;
  const name = resource.slice(resource.lastIndexOf('/') + 1).toLowerCase();
  if (resource.startsWith('role/')) return caller.role?.toLowerCase() === name;
  return resource.startsWith('user/') && caller.kind === 'user' && caller.name.toLowerCase() === name;
}
