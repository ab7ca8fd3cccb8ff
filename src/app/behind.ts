import { UserError } from '../domain/user-error.ts';
import { PlatformError } from '../ports/platform.ts';
import { type MarkersView, readMarkers } from '../runner/environment-view.ts';
import { claimIn, type Claimed, lookAround, refuseBehind, refuseUnknown } from '../runner/look.ts';
import { unknownServingText } from '../runner/unknown-serving.ts';
import type { Session } from './session.ts';

/**
 * Compares the newest markers with the store before anything is asked of a store that may be out of date.
 * @returns what was seen; null where the alias can't be read
 * @throws StoreBehind where they belong to a newer store, or know of something that this one has lost
 */
export async function refuseWhereBehind(at: Session): Promise<Claimed | null> {
  const look = await lookOn(at);
  if (look !== null) await refuseBehind(at.connection.store, look.claim, at.config.name);
  return look;
}

/**
 * The same before a rollout, which also needs to know of every rollback, and a marker that can be read.
 * @throws UserError conflict
 */
export async function refuseWhereUnknown(at: Session): Promise<void> {
  const look = await lookOn(at);
  if (look === null) return;
  await refuseUnknown(at.connection.store, look, { environment: at.config.name, strategy: 'canary' });
}

/** Null where the alias can't be read: whoever goes on meets the same answer. */
async function lookOn({ config, connection }: Session): Promise<Claimed | null> {
  const { platform, store } = connection;
  const view: MarkersView | null = await readMarkers(platform, config.lambda).catch((error: unknown) => {
    if (error instanceof PlatformError) return null;
    throw error;
  });
  return view === null ? null : { ...view, claim: await claimIn(store, view) };
}

/**
 * For a command that finds no champion in the store: what it would advise otherwise, or tidy up, rests on an empty registry.
 * @throws UserError conflict, where users reach a version that neither the registry nor a marker explains
 */
export async function refuseUnknownServing({ config, connection }: Session): Promise<void> {
  const look = await lookAround(connection, config.lambda).catch((error: unknown) => {
    if (error instanceof PlatformError) return null;
    throw error;
  });
  if (look === null || look.unknown === null) return;
  const { what, why, mend } = unknownServingText(look.unknown, config.name);
  throw new UserError('conflict', what, { why, mend });
}
