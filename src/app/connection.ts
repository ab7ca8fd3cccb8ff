import type { UserError } from '../domain/user-error.ts';
import type { AccountChecks } from '../ports/account.ts';
import type { ArtifactCopies } from '../ports/backup.ts';
import type { Dispatcher } from '../ports/dispatcher.ts';
import type { History } from '../ports/history.ts';
import type { Comparisons, Metrics, Platform, RouterCode, Store, UserCounts } from '../ports/index.ts';
import type { Inventory, Recovery } from '../ports/inventory.ts';
import type { JobTokens } from '../ports/job-tokens.ts';
import type { PendingStore } from '../ports/pending.ts';
import type { Artifacts } from '../ports/platform.ts';
import type { ServerLogs } from '../ports/server-logs.ts';
import type { Sightings } from '../ports/sightings.ts';
import type { Waiting } from '../ports/waiting.ts';
import type { Audit } from '../ports/store.ts';
import type { Outbox } from '../runner/outbox.ts';

/** `records`: what was rolled out is read, and AWS is not asked. The emulator's records are files, also while it is not running. */
export type Needs = 'all' | 'records';

/** What `recover`, `backup` and `restore` alone ask for, loaded only then. */
export interface Recoverable {
  /** What a lost or damaged registry is rebuilt from. */
  readonly inventory: Inventory;
  readonly recovery: Recovery;
  /** The store's records. */
  history(): Promise<History>;
  artifactCopies(): Promise<ArtifactCopies>;
}

/** Everything of one environment that a use case may need, behind ports. */
export interface Connection extends Recoverable {
  readonly store: Store;
  /** Walks the store's whole history, and changes nothing. @throws UserError where it can't be read or believed */
  audit(): Promise<Audit>;
  readonly platform: Platform;
  readonly metrics: Metrics;
  readonly comparisons: Comparisons;
  readonly userCounts: UserCounts;
  readonly routerCode: RouterCode;
  readonly outbox: Outbox;
  readonly account: AccountChecks;
  readonly artifacts: Artifacts;
  readonly serverLogs: ServerLogs;
  /** How many smoke requests a new version is asked. */
  readonly smokeRequests: number;
  /** Why no version can be smoke-tested; only where mlreg.yaml was read leniently. */
  readonly smokeTrouble?: UserError;
  /** The rollout controller, where there is one. */
  readonly controller: Dispatcher | null;
  /** What a person must know of the controller of this machine, with what to type; null where all is well. */
  readonly controllerTrouble: { readonly what: string; readonly mend: string } | null;
  /** What that controller remembers. */
  readonly sightings: Sightings;
  /** What owners saw of ticks that are not final yet. */
  readonly pending: PendingStore;
  /** Deploys that wait for their turn. */
  readonly waiting: Waiting;
  /** Who we are there and where it is, for people: account, region, address. Asks nobody. */
  readonly place: string;
  /** How far this machine's clock is ahead of AWS's, by the answers so far, ms; 0: it is right, or nobody knows. */
  machineAheadMs(): number;
  /** By which jobs on GitHub prove whose they are. */
  readonly jobTokens: JobTokens;
  /** Asks STS. @throws PlatformError */
  identity(): Promise<{ readonly account: string; readonly arn: string }>;
}
