import type { VersionRecord } from '../../domain/registry.ts';
import type { RolloutState } from '../../engine/state.ts';
import type { AccountFinding } from '../../ports/account.ts';
import type { Look } from '../../runner/look.ts';
import type { Session, Caller } from '../session.ts';

export type Finding = Omit<AccountFinding, 'check'> & { readonly check?: string };

/** What the checks of `mlreg doctor` look at. */
export interface Scene {
  readonly context: Caller;
  readonly at: Session;
  /** Null where there is none, or the store can't be read. */
  readonly champion: VersionRecord | null;
  readonly running: RolloutState | null;
  /** Why registry or newest journal can't be read; null: what is not there is known not to be there. */
  readonly unread: Finding | null;
  /** Rejects where the alias, its markers or the stage can't be read: each check that needs it says so. */
  readonly looked: Promise<Look>;
  /** What the registry says is out of date: another store, or a later copy of this one, wrote the alias. */
  isBehind: boolean;
}

/**
 * One check, or a few that share what they read. Each finding is a line; one without a name of its own has the check's.
 * What it throws for people or of AWS is a finding as well, so no check stops those after it.
 */
export interface Check {
  readonly name: string;
  look(scene: Scene): Promise<readonly Finding[]>;
}

export const one = (finding: Finding | null | undefined): readonly Finding[] =>
  finding === null || finding === undefined ? [] : [finding];
