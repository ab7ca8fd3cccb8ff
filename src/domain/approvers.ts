import { callerOf, isNamed } from './caller.ts';
import { type Identity, isBot } from './identity.ts';

/** Who may approve a rollout, and by what it is proven. Part of the plan, so that its hash covers it. */
export interface Approvers {
  /** GitHub logins; empty, with `roles` empty as well: anybody whose identity is proven. */
  readonly github: readonly string[];
  /** ARNs of IAM roles and users. */
  readonly roles: readonly string[];
  /** `owner/name` whose jobs may approve; null: none. */
  readonly repository: string | null;
  /** File name of the workflow that a person starts to approve, in `.github/workflows`. */
  readonly workflow: string;
  /** Who signs the jobs' tokens. */
  readonly issuer: string;
}

/** The audience of a job's token: for nothing but one act, in one environment. With the plan's hash it fits no other rollout. */
export const audienceOf = (
  act: 'approve' | 'begin',
  { model, environment }: { readonly model: string; readonly environment: string },
  planHash?: string,
): string => ['mlreg', act, model, environment, ...(planHash === undefined ? [] : [planHash])].join(':');

/**
 * Why this identity may not approve, as the end of a sentence; null: it may. What a token says was checked by whoever
 * drives, before this is asked. Pure.
 */
export function refusalOf(
  approvers: Approvers,
  identity: Identity | undefined,
): { readonly why: string; readonly mend: string } | null {
  const workflow = `approve by the workflow ${approvers.workflow}, or with AWS credentials of your own`;
  if (identity === undefined) return { why: 'nothing proves who approves', mend: workflow };
  if (identity.unproven !== undefined) return { why: identity.unproven, mend: 'approve again' };
  const listed = [...approvers.github, ...approvers.roles];
  const unlisted = (who: string) => ({
    why: `${who} is not among the approvers of this environment`,
    mend: `ask one of them: ${listed.join(', ')}`,
  });
  switch (identity.proof) {
    case 'oidc': {
      const login = identity.id.replace(/^github:/, '');
      if (isBot(login)) return { why: `${login} is a bot`, mend: 'a person must start the workflow' };
      const isListed = approvers.github.some((name) => name.toLowerCase() === login.toLowerCase());
      return listed.length === 0 || isListed ? null : unlisted(login);
    }
    case 'aws': {
      const { arn = '' } = identity;
      const caller = callerOf(arn);
      if (identity.run !== undefined)
        return {
          why: 'the job on GitHub has no token of its own',
          mend: 'give it permissions: id-token: write',
        };
      if (caller.kind === 'unknown')
        return { why: `nothing in ${arn || 'its ARN'} proves who it is`, mend: workflow };
      return listed.length === 0 || approvers.roles.some((role) => isNamed(caller, arn, role))
        ? null
        : unlisted(caller.name);
    }
    case 'github':
    case 'machine':
    case 'claim':
      return { why: 'nothing but environment variables says who approves', mend: workflow };
  }
}
