import type { EnvironmentConfig } from '../config/index.ts';
import { UserError } from '../domain/user-error.ts';
import { PlatformError } from '../ports/platform.ts';
import type { LockRecord } from '../ports/store.ts';
import type { Session } from '../app/session.ts';
import type { Context } from './context.ts';

/** A store whose place is to be taken, and that lies elsewhere. */
export interface Original {
  readonly name: string;
  readonly target: Session;
  /** null where it can't be read. */
  readonly lock: LockRecord | null;
}

/** The table that `--supersedes` names, and the store of mlreg.yaml where `--table` names another one. Reads only. */
export async function openOriginals(
  context: Context,
  own: EnvironmentConfig,
  { table, supersedes }: { readonly table?: string; readonly supersedes?: string },
): Promise<readonly Original[]> {
  if (table === undefined) return [];
  const configs = new Map<string, EnvironmentConfig>();
  // Restored under its own name, it is all there is.
  if (supersedes !== undefined && supersedes !== table)
    configs.set(supersedes, { ...own, store: { kind: 'dynamodb', table: supersedes } });
  const ownName = own.store.kind === 'dynamodb' ? own.store.table : own.store.directory;
  // A store in another table is its copy, or what was in use; the one in mlreg.yaml may be neither.
  if (supersedes === undefined && ownName !== table) configs.set(ownName, own);
  const originals: Original[] = [];
  for (const [name, config] of configs) {
    const target = { config, connection: await context.world.connect(config) };
    originals.push({ name, target, lock: await orNothing(target.connection.store.lock()) });
  }
  return originals;
}

/** Best effort: each of them seals itself at its next look at the alias. */
export async function sealAll(
  originals: readonly Original[],
  { store }: LockRecord,
): Promise<readonly { readonly where: string; readonly isSealed: boolean }[]> {
  const sealed = [];
  for (const { name, target, lock } of originals) {
    if (store === undefined || lock?.token === 0) continue;
    const by = { id: store.id, epoch: store.epoch };
    const done = await orNothing(target.connection.store.seal(by).then(() => true));
    sealed.push({ where: name, isSealed: done === true });
  }
  return sealed;
}

async function orNothing<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof PlatformError || error instanceof UserError) return null;
    throw error;
  }
}
