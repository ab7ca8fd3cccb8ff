import type { FunctionLogging } from '../../seams.ts';

/** A function's configuration at one moment: $LATEST's now, or a published version's for ever. */
export interface FunctionConfig {
  /** '$LATEST' or a decimal number. */
  readonly version: string;
  readonly description: string;
  readonly runtime: string;
  readonly role: string;
  readonly handler: string;
  /** Base64, of the zip. */
  readonly codeSha256: string;
  readonly codeSize: number;
  /** Seconds. */
  readonly timeout: number;
  readonly memorySize: number;
  readonly environment: Readonly<Record<string, string>> | undefined;
  readonly deadLetterArn: string | undefined;
  readonly tracingMode: string;
  readonly layers: readonly string[];
  readonly ephemeralStorage: number;
  readonly architecture: string;
  /** Absent in states that were saved before it was known: text. */
  readonly logging?: FunctionLogging | undefined;
  /** Milliseconds since the epoch. */
  readonly lastModifiedAt: number;
  readonly revisionId: string;
  /** Pending until then. */
  readonly pendingUntil: number | undefined;
  /** LastUpdateStatus is InProgress until then; $LATEST only. */
  readonly updatingUntil: number | undefined;
}

export interface Alias {
  readonly name: string;
  readonly functionVersion: string;
  readonly description: string;
  /** At most one: what the other version gets, 0 to 1. */
  readonly weights: Readonly<Record<string, number>>;
  /** Weights are Lambda's own until then: it provisions the new version while users stay with the one before. */
  readonly movingUntil?: number | undefined;
  readonly revisionId: string;
}

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Principal: string | { readonly Service: string } | { readonly AWS: string };
  readonly Action: string;
  readonly Resource: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface Policy {
  readonly revisionId: string;
  readonly statements: readonly Statement[];
}

export interface EventInvokeConfig {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeInSeconds: number;
  readonly destinationConfig: object;
  readonly lastModifiedAt: number;
}

export interface FunctionState {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  latest: FunctionConfig;
  /** What $LATEST runs: the configuration before, while an update is in progress. */
  serving: FunctionConfig;
  readonly versions: Map<string, FunctionConfig>;
  nextVersion: number;
  readonly aliases: Map<string, Alias>;
  /** By qualifier; '' is the function itself. */
  readonly policies: Map<string, Policy>;
  reservedConcurrency: number | undefined;
  /** Provisioned concurrent executions by qualifier. */
  readonly provisioned: Map<string, { readonly requested: number; readonly lastModifiedAt: number }>;
  /** By qualifier, '$LATEST' where none was given. */
  readonly eventInvokes: Map<string, EventInvokeConfig>;
}
