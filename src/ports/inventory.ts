import type { Store } from './store.ts';

/** A published Lambda version of the inference function. */
export interface Publication {
  readonly functionVersion: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly codeSha256: string;
}

/** What an endpoint of one container runs. */
export interface ServedModel {
  readonly uri: string | null;
  readonly image: string | null;
  readonly role: string | null;
  /** Null where it is not serverless. */
  readonly serverless: { readonly memoryMb: number; readonly maxConcurrency: number } | null;
}

/** What AWS knows of the versions that were ever rolled out. Throws PlatformError only. */
export interface Inventory {
  /** Every published Lambda version, the oldest first. */
  publications(): Promise<readonly Publication[]>;
  /** What an endpoint runs, whoever made it; null where there is none of this name. */
  served(endpoint: string): Promise<ServedModel | null>;
  /** Of which artifact an endpoint's model was made; null where that is gone, or was not made by mlreg. */
  artifact(endpoint: string): Promise<{ readonly uri: string; readonly digest: string } | null>;
}

/** What is wrong with a store's records. */
export interface Damage {
  /** File or table. */
  readonly where: string;
  readonly problem: string;
  /** Records before the damage, which stay. */
  readonly records: number;
}

/** The store as far as it can be believed. */
export interface Recovery {
  /** @returns the whole store, or what its sound records say, which can only be read */
  look(): Promise<{ readonly store: Store; readonly damage: Damage | null }>;
  /** Sets the damaged records aside. @returns where they are kept. @throws UserError where that can't be done here */
  salvage(): Promise<string>;
}
