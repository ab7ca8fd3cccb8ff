import type { Clients } from '../../src/aws/clients.ts';
import type { Entry, Stamp } from '../../src/domain/journal.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { VersionRecord } from '../../src/domain/registry.ts';
import type { AliasTarget } from '../../src/domain/route.ts';
import type { ServingSettings } from '../../src/domain/serving.ts';
import type { Clock } from '../../src/ports/index.ts';
import type { AliasView, Platform, StageView } from '../../src/ports/platform.ts';
import type { Publication } from '../../src/ports/inventory.ts';
import type { Store } from '../../src/ports/store.ts';
import type { RolloutPorts } from '../../src/runner/ports.ts';
import type { RollbackSettings } from '../../src/strategies/settings.ts';
import type { AliasName, AwsModel, Behaviour, StageWrite } from './aws-model.ts';
import type { Caller } from './calls.ts';
import type { Process, Scheduler } from './scheduler.ts';
import type { Story } from './story.ts';

/** Another way to do it, put between the engine and the world. `overwrite` is a write without a RevisionId. */
export interface Design {
  readonly platform?: (platform: Platform, overwrite: Platform['writeAlias']) => Platform;
  readonly store?: (store: Store) => Store;
  /** How a rollback is planned. */
  readonly rollbackPlan?: (settings: RollbackSettings) => Plan;
  /** Of the AWS level alone: what is sent instead. */
  readonly request?: (operation: string, body: object) => object;
  /** Of the AWS level alone. */
  readonly clients?: (clients: Clients) => Clients;
}

/** What really is, whatever anybody has been told. */
export type Truth = Pick<
  AwsModel,
  | 'alias'
  | 'shares'
  | 'variables'
  | 'endpoint'
  | 'isInServiceSince'
  | 'endpointNames'
  | 'memoryOf'
  | 'differences'
> &
  // A level without a second alias has no stage to look at.
  Partial<Pick<AwsModel, 'stage'>>;

/** What a level is built on. */
export interface Stage {
  readonly story: Story;
  readonly behaviour: Readonly<Record<string, Behaviour>>;
  readonly design: Design | undefined;
  readonly scheduler: Scheduler;
  readonly caller: Caller;
  /** True time, ms since 1970. */
  readonly now: () => number;
  /** How versions are to be served now, as mlreg.yaml says. */
  readonly configured: () => ServingSettings;
  /** To be called after each write of mlreg's on the alias. @throws Violation */
  readonly onWrite: (
    write: { readonly target: AliasTarget; readonly stamp: Stamp },
    before: AliasView,
    alias?: AliasName,
  ) => void;
  /** To be called after each write of mlreg's on the stage. @throws Violation */
  readonly onSwap: (write: StageWrite, before: StageView) => void;
  /** To be called after an endpoint was deleted. @throws Violation */
  readonly onDelete: (endpoint: string) => void;
  /** To be called after a published Lambda version was deleted. @throws Violation */
  readonly onDeleteVersion: (functionVersion: string) => void;
  /** To be called after entries were committed. @throws Violation */
  readonly onEntries: (rollout: string, entries: readonly Entry[]) => void;
}

/** What stands for AWS and the store: a model in memory, or local AWS behind the adapters. */
export interface Level {
  readonly aws: Truth;
  /** The store without its faults. */
  readonly store: Store;
  registry(): readonly VersionRecord[];
  /** Somebody moves the alias in the console. */
  meddle(target: AliasTarget): void;
  /** Somebody deploys other code into $LATEST. */
  pushCode(): void;
  /** Somebody changes a setting of $LATEST. */
  changeLatest(): void;
  /** A process's own way there, on which faults lie. */
  connect(
    process: Process,
    clock: Clock,
    serving: ServingSettings,
  ): Pick<RolloutPorts, 'store' | 'platform' | 'metrics' | 'comparisons'>;
  /** What must not be believed of the records that are kept; null: they are whole. */
  audit(): Promise<string | null>;
  /** The store, as it is now, is what an older copy will hold. */
  copyStore?(): void;
  /** The store is lost, or that copy takes its place. @returns how many entries each journal has that is left */
  loseStore?(kind: 'lost' | 'older'): ReadonlyMap<string, number>;
  /** All that the store holds now came from a backup, and `mlreg restore` goes on. */
  importStore?(): void;
  /** The store as it is now stays where it is, while another one is used. @returns uses this one again */
  keepStore?(): () => void;
  /** Somebody empties the Description of alias live. */
  wipe?(): void | Promise<void>;
  /** What recovering goes by. */
  publications?(): readonly Publication[];
  /** The time as this process knows it. Absent: the machine's. */
  timeOf?(process: Process): ProcessTime;
  /** Gives back what it took of this process. */
  end(): void;
}

export interface ProcessTime {
  /** Milliseconds since 1970. */
  now(): number;
  /** It has heard enough of AWS's answers to be right by AWS's time. */
  isSettled(): boolean;
}

export type BuildLevel = (stage: Stage) => Promise<Level>;
