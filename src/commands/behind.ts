import { type AliasView, PlatformError } from '../ports/platform.ts';
import { lookAt, refuseBehind, refuseUnlessKnown } from '../rollout/look.ts';
import type { Target } from './context.ts';

/**
 * Compares the alias with the store before anything is asked of a store that may be out of date.
 * @throws StoreBehind where the alias belongs to a newer store, or knows of something that this one has lost
 */
export async function refuseWhereBehind(at: Target): Promise<void> {
  const { config, connection } = at;
  const view = await aliasOf(at);
  if (view === null) return;
  const place = { alias: config.lambda.alias, environment: config.name };
  await refuseBehind(connection.store, await lookAt(connection.store, view), place);
}

/**
 * The same before a rollout, which also needs to know of every rollback, and a marker that can be read.
 * @throws UserError conflict
 */
export async function refuseWhereUnknown(at: Target): Promise<void> {
  const { config, connection } = at;
  const view = await aliasOf(at);
  if (view === null) return;
  const place = { alias: config.lambda.alias, environment: config.name, strategy: 'canary' } as const;
  await refuseUnlessKnown(connection.store, view, place);
}

/** Null where it can't be read: whoever goes on meets the same answer. */
export function aliasOf({ config, connection }: Target): Promise<AliasView | null> {
  return connection.platform.readAlias(config.lambda.alias).catch((error: unknown) => {
    if (error instanceof PlatformError) return null;
    throw error;
  });
}
