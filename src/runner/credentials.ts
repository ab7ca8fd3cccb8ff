import type { Instant } from '../domain/units.ts';
import { PlatformError } from '../ports/platform.ts';
import type { JournalWriter } from './journal-writer.ts';
import type { RolloutPorts } from './ports.ts';
import type { RolloutState } from '../engine/state.ts';

/**
 * Whether the owner can't move the alias, as far as its last calls tell: AWS accepts its credentials no more, or denies it
 * UpdateAlias. What was throttled or not answered says nothing about that.
 */
export const isPowerless = ({ phase, unreadable, tries }: RolloutState): boolean =>
  phase !== 'ended' &&
  (unreadable?.credentials === true ||
    Object.values(tries).some(({ credentials, denied }) => credentials === true || denied === true));

/** The newest try of the present owner to move an alias that AWS denied it; null where it denied none. */
export function deniedTry({
  phase,
  tries,
}: Pick<RolloutState, 'phase' | 'tries'>): { readonly at: Instant; readonly error: string } | null {
  if (phase === 'ended') return null;
  const denied = Object.values(tries).filter((tried) => tried.denied === true);
  const [newest] = denied.sort((one, other) => other.lastAt - one.lastAt);
  return newest === undefined ? null : { at: newest.lastAt, error: newest.error };
}

/** How often an owner that has stood aside asks whether it can act again. */
const askEveryMs = 5_000;

/** No alias has it: a write under it changes nothing, and AWS answers whether it would have been allowed. */
const noRevision = '00000000-0000-0000-0000-000000000000';

/** An owner that may have given up the lock, because it could not act. */
export interface Standing {
  /** Before a tick. @returns whether somebody else has the rollout now */
  regain(): Promise<boolean>;
  /** After a tick. */
  yield(): Promise<void>;
}

/**
 * Ownership means being able to move the alias. An owner whose credentials are dead clears the lock's owner, so that a
 * controller or a person with better ones need not wait for it to fall silent. It keeps its token: while nobody else has
 * taken one, it comes back under a new token, and its fence is written before anything is decided.
 */
export function standingOf(ports: RolloutPorts, journal: JournalWriter): Standing {
  let isAside = false;
  let askedAt: number | null = null;
  return {
    async yield() {
      if (isAside || !isPowerless(journal.state())) return;
      isAside = await ports.store.release(journal.token).catch(() => false);
      askedAt = ports.clock.now();
    },
    async regain() {
      // What is owed belongs to the token under which it was done.
      const at = ports.clock.now();
      if (!isAside || journal.owed() > 0) return false;
      // A clock that was set back must not silence it.
      if (askedAt !== null && Math.abs(at - askedAt) < askEveryMs) return false;
      askedAt = at;
      if (!(await canAct(ports, journal.state()))) return false;
      const { owner, adopted, id } = journal.state();
      const taken = await ports.store.acquire({
        owner,
        rollout: id,
        takeOver: false,
        ifToken: journal.token,
        at,
      });
      if (taken.kind === 'held') return true;
      isAside = false;
      await journal.renew(taken.lock.token);
      await journal.append(at, [{ kind: 'owned', by: owner, adopt: adopted }]);
      return false;
    },
  };
}

async function canAct({ platform }: RolloutPorts, state: RolloutState): Promise<boolean> {
  const { alias, environment } = state.plan;
  try {
    const { target } = await platform.readAlias(alias);
    const stamp = {
      environment,
      token: state.token,
      seq: 0,
      rollout: state.id,
      back: state.home.functionVersion,
    };
    await platform.writeAlias(alias, { target, stamp, revisionId: noRevision });
    return true;
  } catch (error) {
    if (error instanceof PlatformError) return false;
    throw error;
  }
}
