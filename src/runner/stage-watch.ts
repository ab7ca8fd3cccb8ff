import type { Effect, EntryBody } from '../domain/journal.ts';
import { type Platform, PlatformError } from '../ports/platform.ts';
import { isHeldForBreach } from '../engine/held-for-breach.ts';
import { currentStep, type RolloutState } from '../engine/state.ts';

/** By it a hold for the stage is known from other ones. */
const opening = 'the stage names alias ';

type Reads = Pick<Platform, 'readStage'>;

/**
 * What a person is told where the stage names another alias than the one that a rollout has users on; null where it names
 * that one. A swap that is under way makes either of two right.
 * @param found the alias that the stage names; undefined where that can't be known
 */
export function stageElsewhere(state: RolloutState, found: string | undefined): string | null {
  const { id, serving, phase, swapMeant } = state;
  if (found === undefined || found === serving) return null;
  const step = currentStep(state);
  const isSwapping = step?.kind === 'swap-stage' || (phase === 'rolling-back' && swapMeant);
  if (isSwapping) return null;
  return `${opening}${found}, but ${id} has users on alias ${serving}: something other than mlreg moved it, and users get what alias ${found} serves`;
}

/**
 * Looks at the stage while a blue-green deployment bakes: nothing else would notice that users are on another alias than the
 * one that is judged. A stage that can't be read holds nothing up.
 * @returns that the rollout holds, or that it goes on because the stage is back; null where there is nothing new to say
 */
export async function lookAtStage(
  platform: Reads,
  state: RolloutState,
): Promise<Extract<EntryBody, { kind: 'held' }> | null> {
  const { plan, phase, committed, pausedAt, adopted, heldWhy } = state;
  if (plan.strategy !== 'blue-green' || phase !== 'forward' || committed || adopted) return null;
  if (currentStep(state)?.kind !== 'bake' || pausedAt !== null || isHeldForBreach(state)) return null;
  const found = await namedBy(platform);
  const why = stageElsewhere(state, found);
  if (why !== null) return why === heldWhy ? null : { kind: 'held', why };
  const isBack = found !== undefined && heldWhy.startsWith(opening);
  return isBack ? { kind: 'held', why: `the stage names alias ${found} again`, over: true } : null;
}

/**
 * Before an alias is written that no user is to be on yet. Written all the same it would take everybody at once.
 * @returns why it must not be written now; null where users are where the rollout has them
 * @throws PlatformError where the stage can't be read
 */
export async function refusedByStage(
  platform: Reads,
  state: RolloutState,
  { alias, purpose }: Extract<Effect, { kind: 'set-alias' }>,
): Promise<string | null> {
  const isForward = purpose === 'route' || purpose === 'promote';
  if (state.plan.strategy !== 'blue-green' || !isForward || state.adopted) return null;
  if (alias === state.serving) return null;
  return stageElsewhere(state, (await platform.readStage()).alias);
}

async function namedBy(platform: Reads): Promise<string | undefined> {
  try {
    return (await platform.readStage()).alias;
  } catch (error) {
    if (error instanceof PlatformError) return undefined;
    throw error;
  }
}
