import { later } from '../domain/units.ts';
import type { Follower } from '../reporting/follow.ts';
import type { JournalWriter } from '../runner/journal-writer.ts';
import type { Context } from './context.ts';

/** Who reads a log must be able to tell a long wait from a dead process. */
export function beat({ world }: Context, journal: JournalWriter, follower: Follower): AbortController {
  const stop = new AbortController();
  void (async () => {
    for (;;) {
      await world.clock.sleepUntil(later(world.clock.now(), follower.beatMs), stop.signal);
      if (stop.signal.aborted) return;
      follower.onBeat(journal.state());
    }
  })();
  return stop;
}
