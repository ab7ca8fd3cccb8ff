/**
 * Who acts, and what vouches for it. A name is never more than a claim of the process that wrote it; this says which
 * claim, so that it can be checked afterwards (CloudTrail for the ARN, the run's page for GitHub).
 */
export interface Identity {
  /** What two approvals must not share: an ARN, a GitHub login, a user of a machine. */
  readonly id: string;
  /**
   * `aws`: STS answered for the credentials. `github`: the variables that GitHub's runner sets. `machine`: the operating
   * system's user. `claim`: MLREG_ACTOR alone, which anybody may set.
   */
  readonly proof: 'aws' | 'github' | 'machine' | 'claim';
  /** The caller as STS named it, wherever AWS could be asked. */
  readonly arn?: string;
  /** The workflow run, as an address. */
  readonly run?: string;
  /** MLREG_ACTOR where it says something else: kept, and not believed. */
  readonly claimed?: string;
}

export interface Person {
  readonly name: string;
  readonly identity?: Identity | undefined;
}

/**
 * Whether two acts must count as one person's. Errs towards yes: the same name, the same proven identity, or the same
 * credentials. Two runs on GitHub share a role's session, and there the login tells people apart.
 */
export function samePerson(a: Person, b: Person): boolean {
  if (a.name.toLowerCase() === b.name.toLowerCase()) return true;
  const [one, other] = [a.identity, b.identity];
  if (one === undefined || other === undefined) return false;
  if (one.id === other.id) return true;
  const areRuns = one.proof === 'github' && other.proof === 'github';
  return one.arn !== undefined && one.arn === other.arn && !areRuns;
}
