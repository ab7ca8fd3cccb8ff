import { counted } from '../view/words.ts';
import type { Session, Caller } from './session.ts';

/** A CI runner kills a cancelled job soon: what can't be told by then is told by whoever comes next. */
const tellWithinMs = 3_000;

export async function tellPeople({ output }: Caller, { connection }: Session): Promise<void> {
  for (const { channel, notices, why } of await connection.outbox.flush(tellWithinMs))
    output.say(
      `${channel}: ${counted(notices, 'message')} not delivered yet (${why}); the next mlreg command tries again`,
    );
}
