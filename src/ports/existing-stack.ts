import type { ServedModel } from './inventory.ts';

/** A function and what stands around it, whoever made them. */
export interface ExistingStack {
  readonly region: string;
  readonly account: string;
  readonly function: string;
  /** Never shown: they may hold secrets. */
  readonly variables: Readonly<Record<string, string>>;
  /** Reserved concurrency; null: none. */
  readonly reserved: number | null;
  readonly aliases: readonly {
    readonly name: string;
    readonly functionVersion: string;
    readonly splits: boolean;
    readonly provisioned: boolean;
  }[];
  /** The HTTP API whose integration invokes the function; null where none does. */
  readonly api: {
    readonly id: string;
    readonly name: string;
    readonly stage: string | null;
    /** Of a route that leads to the function; null where none has a path of its own. */
    readonly path: string | null;
    /** What stands behind the function in the integration's URI: an alias, `${stageVariables.alias}`, or nothing. */
    readonly qualifier: string | null;
  } | null;
  /** What the function's variables say that it asks; null where they name none that is there, or several. */
  readonly endpoint: { readonly name: string; readonly model: ServedModel } | null;
  /** What could not be read, with the permission that lacks. */
  readonly unread: readonly string[];
}

/** Reads; changes nothing. @throws PlatformError where there is no such function, or it may not be read */
export type ReadStack = (place: {
  readonly function: string;
  readonly region: string | null;
  readonly profile: string | null;
}) => Promise<ExistingStack>;
