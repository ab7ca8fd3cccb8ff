import { PlatformError } from '../ports/platform.ts';
import type { JournalWriter } from './journal-writer.ts';
import type { RolloutPorts } from './ports.ts';
import type { RolloutState } from './state.ts';

/** Whether AWS accepts the owner's credentials no more, as far as its last calls tell. */
export const isPowerless = ({ phase, unreadable, tries }: RolloutState): boolean =>
  phase !== 'ended' &&
  (unreadable?.credentials === true || Object.values(tries).some(({ credentials }) => credentials === true));

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
  return {
    async yield() {
      if (isAside || !isPowerless(journal.state())) return;
      isAside = await ports.store.release(journal.token).catch(() => false);
    },
    async regain() {
      // What is owed belongs to the token under which it was done.
      if (!isAside || journal.owed() > 0 || !(await canRead(ports, journal.state()))) return false;
      const { owner, adopted, id } = journal.state();
      const at = ports.clock.now();
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

async function canRead({ platform }: RolloutPorts, { plan }: RolloutState): Promise<boolean> {
  try {
    await platform.readAlias(plan.alias);
    return true;
  } catch (error) {
    if (error instanceof PlatformError) return false;
    throw error;
  }
}
