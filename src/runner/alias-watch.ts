import type { Effect, EntryBody } from '../domain/journal.ts';
import { percent } from '../domain/units.ts';
import { type AliasTarget, type Route, routeKey, sameTarget, targetText } from '../domain/route.ts';
import { routeServed } from '../engine/after-effect.ts';
import { isOurs, movedByHand } from '../engine/foreign-edit.ts';
import { isHeldForBreach } from '../engine/held-for-breach.ts';
import { isMine } from '../engine/marker.ts';
import { currentStep, type RolloutState } from '../engine/state.ts';
import { withWhatUsersGet } from './hand-moved.ts';
import { type AliasView, type Platform, PlatformError } from '../ports/platform.ts';

/** What is to be done about an alias that somebody moved by hand, or back; null where there is nothing new. */
export type AliasNews =
  | { readonly kind: 'record'; readonly entry: Extract<EntryBody, { kind: 'held' | 'ended' }> }
  /** It is back: the revision from which the owner writes on is another one. */
  | {
      readonly kind: 'back';
      readonly fence: Extract<Effect, { kind: 'set-alias' }>;
      readonly entry: Extract<EntryBody, { kind: 'held' }>;
    };

/** By it a hold for the alias is known from other ones. */
const opening = 'alias ';
const byHand = 'something other than mlreg moved it';

/**
 * Looks at the alias that users are on at each tick of a bake: the next write would find an edit by hand, but until then
 * users get what nobody planned. What this rollout published is judged by the share that users really get, and the rollout
 * holds; at anything else it stops as its next write would. An alias that can't be read holds nothing up.
 * @param main the plan's own alias, where it has just been read
 */
export async function lookAtAlias(
  platform: Pick<Platform, 'readAlias' | 'variables'>,
  state: RolloutState,
  main: AliasView | null = null,
): Promise<AliasNews | null> {
  const { phase, committed, serving, aliases, heldWhy, id } = state;
  const carried = aliases[serving];
  if (phase !== 'forward' || committed || carried === undefined || state.unfenced.length > 0) return null;
  if (currentStep(state)?.kind !== 'bake' || isHeldForBreach(state)) return null;
  const isMain = serving === state.plan.alias && main !== null;
  const found = isMain ? main : await unlessFailed(() => platform.readAlias(serving));
  // A marker of another write is a late reading, or somebody's whom the next write meets: that tells them apart.
  if (found === undefined || !isEdit(found, carried)) return null;
  const { target } = found;
  if (sameTarget(target, carried.target)) {
    if (!heldWhy.startsWith(opening) || !heldWhy.includes(byHand)) return null;
    return {
      kind: 'back',
      fence: { kind: 'set-alias', alias: serving, purpose: 'fence', target, route: null },
      entry: { kind: 'held', why: `alias ${serving} serves ${targetText(target)} again`, over: true },
    };
  }
  const outcome = isOurs(state, target) ? undefined : movedByHand(state, serving, target);
  if (outcome?.kind === 'stuck') {
    const stopped = { kind: 'ended', outcome } as const;
    const [entry = stopped] = await withWhatUsersGet(platform, state, [stopped]);
    return { kind: 'record', entry: entry.kind === 'ended' ? entry : stopped };
  }
  const route = routeOf(state, target);
  const gets = route === null ? '' : `; ${sharesText(state, route)}`;
  const why = `alias ${serving} serves ${targetText(target)}, but ${id} pointed it at ${targetText(carried.target)}: ${byHand}${gets}. Point it back, or: mlreg rollback --environment ${state.plan.environment}`;
  if (why === heldWhy) return null;
  return {
    kind: 'record',
    entry: { kind: 'held', why, ...(route === null ? {} : { moved: { alias: serving, route } }) },
  };
}

/** It carries the owner's own marker, or none: the revision is not that of the owner's own write all the same. */
const isEdit = (found: AliasView, carried: RolloutState['aliases'][string]): boolean =>
  found.revisionId !== carried.revisionId &&
  (found.stamp === undefined || isMine(found.stamp, carried.stamp));

function sharesText({ plan }: RolloutState, route: Route): string {
  const judged = route.kind === 'split' ? route.percent : route.kind === 'single' ? 100 : 0;
  return `${plan.challenger} gets ${judged} % of users, and is judged by that`;
}

/** What users get of what this rollout published: a share that it planned, or by other weights. */
function routeOf(state: RolloutState, target: AliasTarget): Route | null {
  const known = routeServed(state, target);
  const { champion, challenger, routing } = state.plan;
  if (known !== null || routing !== 'weighted' || champion === null) return known;
  const own = state.published[routeKey({ kind: 'single', version: challenger })];
  const weight = own === undefined ? undefined : target.weights[own];
  if (weight === undefined || target.functionVersion === own) return null;
  return { kind: 'split', champion, challenger, percent: percent(weight * 100) };
}

async function unlessFailed<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof PlatformError) return undefined;
    throw error;
  }
}
