import type { Stamp } from '../domain/journal.ts';
import { type AliasTarget, sameTarget, targetText } from '../domain/route.ts';
import { UserError } from '../domain/user-error.ts';
import { type AliasView, type Platform, PlatformError } from '../ports/platform.ts';
import type { Mark } from '../engine/marker.ts';
import { takeAlias } from './set-alias.ts';
import { swapStage } from './swap-stage.ts';

export interface Rest {
  readonly environment: string;
  readonly alias: string;
  readonly green: string | null;
  readonly token: number;
  /** What the owner's writes are recognised by. */
  readonly mark: Mark | undefined;
  /** The Lambda version that serves the champion alone. */
  readonly functionVersion: string;
  /** Whether the Lambda version to which an alias's stamp leads back will have nothing to ask any more. */
  readonly leadsAstray: (back: string) => Promise<boolean>;
}

/**
 * Both aliases serve the champion, the stage names the first, and no way back that stands on an alias leads to what is
 * about to go. Each alias is written under the new token even where it is at rest, so that no older owner's write comes after.
 * @returns what had not been at rest
 * @throws UserError conflict, where the first alias doesn't serve the champion, or somebody took over
 */
export async function bringToRest(platform: Platform, rest: Rest): Promise<readonly string[]> {
  const { alias, green, environment, functionVersion, token } = rest;
  const home: AliasTarget = { functionVersion, weights: {} };
  const tidied: string[] = [];
  let last: Stamp | undefined;
  for (const name of green === null ? [alias] : [alias, green]) {
    const view = await unlessMissing(platform.readAlias(name));
    // Where no rollout has written yet, no older owner can have a write under way.
    const stamp = view?.stamp ?? last;
    if (view === null || stamp === undefined) continue;
    const isServing = sameTarget(view.target, home);
    if (name === alias && !isServing) throw elsewhere(rest, view);
    const back = (await rest.leadsAstray(stamp.back)) ? functionVersion : stamp.back;
    // No entry stands behind this write. 0 would be a way back without the store; the number that stands there may be one
    // of a rollback that no store was told of, and the store would seem to have lost that entry.
    const common = { environment, token, seq: 1, rollout: stamp.rollout, back };
    last = { ...common, ...detailOf(rest) };
    const ours = last;
    const outcome = await takeAlias(
      platform,
      name,
      () => ours,
      (now) => (name === alias && !sameTarget(now.target, home) ? null : home),
    );
    if (outcome.kind === 'failed') throw outcome.error;
    if (outcome.kind === 'fenced') throw takenOver(environment);
    if (outcome.kind !== 'set') throw elsewhere(rest, outcome.view);
    if (!isServing) tidied.push(`alias ${name} follows: it served ${targetText(view.target)}`);
  }
  const stage = green === null ? null : await unlessMissing(platform.readStage());
  if (stage?.alias === undefined || stage.alias === alias || last === undefined) return tidied;
  const swapped = await swapStage(platform, { kind: 'swap-stage', to: alias, deployment: 'keep' }, last);
  if (swapped.kind === 'fenced') throw takenOver(environment);
  tidied.push(
    swapped.kind === 'failed'
      ? `the stage names ${stage.alias} still: ${swapped.error}`
      : `the stage names ${alias} again, and not ${stage.alias}`,
  );
  return tidied;
}

function detailOf({ mark, functionVersion }: Rest): Pick<Stamp, 'detail'> {
  if (mark === undefined) return {};
  const { writer, store } = mark;
  const { id, epoch } = store;
  return { detail: { store: { id, epoch }, purpose: 'fence', writer, target: functionVersion } };
}

async function unlessMissing<T>(read: Promise<T>): Promise<T | null> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof PlatformError && error.failure.kind === 'missing') return null;
    throw error;
  }
}

const takenOver = (environment: string): UserError =>
  new UserError('conflict', `somebody else owns ${environment} now; nothing more is retired`, {
    mend: `mlreg status --environment ${environment}`,
  });

function elsewhere({ alias, environment, functionVersion }: Rest, { target }: AliasView): UserError {
  const sentence = `alias ${alias} serves ${targetText(target)}, but the champion is Lambda version ${functionVersion}`;
  return new UserError('conflict', `${sentence}; nothing is retired`, {
    why: 'somebody moved the alias by hand',
    mend: [`mlreg status --environment ${environment}`, `mlreg rollback --environment ${environment}`],
  });
}
