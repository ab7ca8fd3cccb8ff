import { callerOf } from './caller.ts';

/**
 * Who acts, and what vouches for it. A name is never more than a claim of the process that wrote it; this says which
 * claim, so that it can be checked afterwards (CloudTrail for the ARN, the run's page for GitHub).
 */
export interface Identity {
  /** What two approvals must not share: a caller at AWS, a GitHub login, a user of a machine. */
  readonly id: string;
  /**
   * `oidc`: GitHub's signature on the job's token, which whoever wrote the entry has checked. `aws`: STS answered for the
   * credentials. `github`: the variables of GitHub's runner, which anybody can set; journals of an older mlreg have it.
   * `machine`: the operating system's user. `claim`: MLREG_ACTOR alone, which anybody may set.
   */
  readonly proof: 'oidc' | 'aws' | 'github' | 'machine' | 'claim';
  /** The caller as STS named it, wherever AWS could be asked. */
  readonly arn?: string;
  /** The workflow run, as an address. */
  readonly run?: string;
  /** MLREG_ACTOR, or the variables of a runner, where they say something else: kept, and not believed. */
  readonly claimed?: string;
  /** The login that GitHub never gives to another account's owner, as a number: `actor_id` of the token. */
  readonly accountId?: string;
  /** Who ran the job again, as the runner's variables say. It only ever makes two acts one person's. */
  readonly rerunBy?: string;
  /** Why what should prove it was not believed. Such a person approves nothing. */
  readonly unproven?: string;
}

export interface Person {
  readonly name: string;
  readonly identity?: Identity | undefined;
}

/**
 * Whether two acts must count as one person's. Errs towards yes: the same name, the same proven identity, or the same
 * credentials. Two runs on GitHub share a role's session, and there the login tells people apart. For plans that demand no
 * proof; `tellApart` is for all others.
 */
export function samePerson(a: Person, b: Person): boolean {
  if (a.name.toLowerCase() === b.name.toLowerCase()) return true;
  const [one, other] = [a.identity, b.identity];
  if (one === undefined || other === undefined) return false;
  if (one.id === other.id) return true;
  const areRuns = isOnGitHub(one) && isOnGitHub(other);
  return one.arn !== undefined && one.arn === other.arn && !areRuns;
}

const isOnGitHub = ({ proof }: Identity): boolean => proof === 'oidc' || proof === 'github';

/** Where an identity's names come from: people are told apart within one realm only. */
type Realm = 'github' | 'aws' | 'nowhere';

function realmOf(identity: Identity | undefined): Realm {
  if (identity === undefined || identity.unproven !== undefined) return 'nowhere';
  if (isOnGitHub(identity)) return 'github';
  // A job without a token of its own: its role's session may be anybody's.
  if (identity.proof === 'aws' && identity.arn !== undefined && identity.run === undefined)
    return callerOf(identity.arn).kind === 'unknown' ? 'nowhere' : 'aws';
  return 'nowhere';
}

/**
 * Whether two acts are one person's, by what is proven. `unknown`: nothing that both have would show it, as for a job on
 * GitHub and credentials on a laptop. Pure.
 */
export function tellApart(a: Person, b: Person): 'same' | 'other' | 'unknown' {
  const [one, other] = [a.identity, b.identity];
  if (a.name.toLowerCase() === b.name.toLowerCase()) return 'same';
  if (idsOf(one).some((id) => idsOf(other).includes(id))) return 'same';
  const realm = realmOf(one);
  return realm === 'nowhere' || realm !== realmOf(other) ? 'unknown' : 'other';
}

/** All by which one person may be known. */
function idsOf(identity: Identity | undefined): readonly string[] {
  if (identity === undefined) return [];
  const { id, accountId, rerunBy } = identity;
  if (isOnGitHub(identity))
    return [
      id.toLowerCase(),
      ...(accountId === undefined ? [] : [`github-account:${accountId}`]),
      ...(rerunBy === undefined ? [] : [`github:${rerunBy.toLowerCase()}`]),
    ];
  return identity.arn === undefined ? [id] : [callerOf(identity.arn).id];
}

/** A GitHub App, github-actions[bot] among them: nobody's judgement. */
export const isBot = (login: string): boolean => /\[bot\]$/i.test(login) || login === '';
