import type { Effect, Stamp } from '../domain/journal.ts';
import { type Platform, PlatformError, type StageView } from '../ports/platform.ts';
import type { Performed } from './performed.ts';

type Swap = Extract<Effect, { kind: 'swap-stage' }>;

/**
 * One UpdateStage, then a read-back. It has no locking, so it never is what makes users safe: whoever stood still before
 * the call swaps later all the same. Looking for a newer token first only spares users most of that.
 * @throws PlatformError
 */
export async function swapStage(platform: Platform, effect: Swap, stamp: Stamp): Promise<Performed> {
  const before = newer(await platform.readStage(), stamp);
  if (before !== null) return before;
  let failure: PlatformError | undefined;
  try {
    await platform.writeStage({ alias: effect.to, stamp, deployment: effect.deployment });
  } catch (error) {
    if (!(error instanceof PlatformError) || error.failure.kind !== 'unknown') throw error;
    failure = error;
  }
  const view = await platform.readStage();
  const after = newer(view, stamp);
  if (after !== null) return after;
  const ours = view.stamp?.token === stamp.token && view.stamp.seq === stamp.seq;
  if (ours && view.alias === effect.to) return { kind: 'done', outcome: { kind: 'stage', alias: effect.to } };
  const error =
    failure?.message ?? `the stage names ${view.alias ?? 'no alias'} after it was told ${effect.to}`;
  return { kind: 'failed', error, final: false };
}

const newer = ({ stamp: found }: StageView, { token }: Stamp): Performed | null =>
  found !== undefined && found.token > token ? { kind: 'fenced', token: found.token } : null;
