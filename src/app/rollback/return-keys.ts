import { mistakesIn } from '../../config/index.ts';
import type { Service } from '../../domain/registry.ts';
import { type Platform, PlatformError } from '../../ports/platform.ts';
import { keysOnReturn, otherThanKeys } from '../../registry/frozen-keys.ts';
import type { RolloutState } from '../../engine/state.ts';
import type { WayBack } from '../../runner/find-return.ts';
import type { Session, Caller } from '../session.ts';

/** What a rollback to a recorded Lambda version does to the API keys that callers may use. */
export type ReturnKeys =
  | { readonly kind: 'same' }
  /** Lambda was asked, and refused or did not answer. */
  | { readonly kind: 'unread'; readonly why: string }
  | {
      readonly kind: 'differ';
      /** Completes "Lambda version 7 ...". */
      readonly how: string;
      /** Why a new Lambda version would not be the recorded one with today's keys. Undefined: it would be. */
      readonly obstacle?: string;
    };

/** Users wait for a rollback: each call is sent once, and given no longer than this, ms. */
const haste = { withinMs: 2_000 };

/**
 * Compares the API keys of a recorded Lambda version with today's: those of the version that serves, or of $LATEST where
 * nothing has served since. A Lambda version can be published from $LATEST alone, so the recorded one can be published with
 * today's keys only where $LATEST has these very keys, and nothing else in it differs: keys that have let nobody in yet
 * might let nobody in at all, which no smoke test would notice, and everything else would reach users untried.
 */
export async function compareKeys(
  platform: Pick<Platform, 'variables' | 'latestDifferences'>,
  functionVersion: string,
  serving?: string,
): Promise<ReturnKeys> {
  // What is published anew has today's keys.
  if (serving === functionVersion || functionVersion === '') return { kind: 'same' };
  try {
    const [recorded, latest, served] = await Promise.all([
      platform.variables(functionVersion, haste),
      platform.variables('$LATEST', haste),
      serving === undefined ? undefined : platform.variables(serving, haste),
    ]);
    const today = served ?? latest;
    const keys = keysOnReturn(recorded, today);
    if (keys.kind === 'same') return keys;
    const { why: how } = keys;
    if (keysOnReturn(today, latest).kind === 'differ')
      return { kind: 'differ', how, obstacle: 'the API keys in $LATEST have let nobody in yet' };
    const others = await platform.latestDifferences(functionVersion, haste).then(otherThanKeys, unread);
    if (typeof others === 'string') return { kind: 'differ', how, obstacle: others };
    const obstacle = `$LATEST differs from it in more than the keys: ${others.join(', ')}`;
    return { kind: 'differ', how, ...(others.length === 0 ? {} : { obstacle }) };
  } catch (error) {
    // One that was deleted is built anew, with today's keys.
    if (error instanceof PlatformError && error.failure.kind === 'missing') return { kind: 'same' };
    return { kind: 'unread', why: unread(error) };
  }
}

function unread(error: unknown): string {
  if (error instanceof PlatformError) return error.message;
  throw error;
}

/**
 * Says so where the Lambda version that serves since a rollback lets callers in by other keys than today's. Users have been
 * moved by now, so nothing waits for it.
 */
export async function tellKeys(
  { output }: Pick<Caller, 'output'>,
  { config, connection }: Session,
  functionVersion: string,
): Promise<void> {
  const keys = await compareKeys(connection.platform, functionVersion);
  if (keys.kind !== 'differ') return;
  output.say(
    `Lambda version ${functionVersion} serves now. It ${keys.how}. Next: mlreg doctor --environment ${config.name}`,
  );
}

/** The same after a rollout that ended with a rollback. */
export async function tellKeysAfter(
  context: Pick<Caller, 'output'>,
  at: Session,
  { outcome, keeps, home }: RolloutState,
): Promise<void> {
  if (outcome?.kind !== 'rolled-back') return;
  await tellKeys(context, at, (keeps ?? home).functionVersion);
}

/**
 * Why the recorded Lambda version is published anew before users return. Undefined: it is used as it is, because its keys
 * are today's, or because a new one could not be the same in everything else.
 */
export function republishedFor(
  { config }: Session,
  { back, service, keys }: { readonly back: WayBack; readonly service: Service; readonly keys: ReturnKeys },
): string | undefined {
  if (keys.kind !== 'differ' || keys.obstacle !== undefined) return undefined;
  if (back.builds !== undefined || back.returnsTo === undefined) return undefined;
  if (mistakesIn(config, ['requests']).length > 0) return undefined;
  const isSameRouting = service.routing === undefined || service.routing === config.routing;
  return isSameRouting ? keys.how : undefined;
}
