import type { EnvironmentConfig } from './environment.ts';

export interface SelfApproval {
  readonly detail: string;
  readonly mend: string;
}

/** How one person could begin and approve a rollout under this configuration. Empty in `local`, where nothing is proven. */
export function selfApprovals({
  kind,
  name,
  approvals,
  approvers,
  assumeRole,
  protected: isProtected,
}: Pick<
  EnvironmentConfig,
  'kind' | 'name' | 'approvals' | 'approvers' | 'assumeRole' | 'protected'
>): readonly SelfApproval[] {
  if (kind === 'local') return [];
  const setting = `environments.${name}.approvers`;
  if (approvals === 0) {
    return isProtected
      ? [
          {
            detail: `${name} is protected and needs no approval: whoever starts a rollout needs nobody else`,
            mend: `environments.${name}.approvals: 1`,
          },
        ]
      : [];
  }
  const { github, roles } = approvers;
  if (github.length === 0 && roles.length === 0) {
    return [
      {
        detail: `approvers of ${name} are not listed: whoever has a second GitHub account or AWS identity approves alone`,
        mend: `${setting}.github: [LOGIN, ...]`,
      },
    ];
  }
  const shared = roles.filter((arn) => arn.includes(':role/') && !arn.includes('/AWSReservedSSO_'));
  const starts = assumeRole !== null && roles.includes(assumeRole) ? assumeRole : null;
  return [
    ...(starts === null
      ? []
      : [
          {
            detail: `${starts} starts rollouts in ${name} and is listed as an approver of them`,
            mend: `take it out of ${setting}.roles`,
          },
        ]),
    ...(shared.length === 0
      ? []
      : [
          {
            detail: `whoever may assume ${shared.join(' or ')} and start rollouts under another role approves alone in ${name}`,
            mend: `let nobody assume both, or list GitHub logins in ${setting}.github`,
          },
        ]),
  ];
}
