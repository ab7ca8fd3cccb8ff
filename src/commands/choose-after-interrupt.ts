import { later } from '../domain/units.ts';
import type { Follower } from '../reporting/follow.ts';
import type { JournalWriter } from '../runner/journal-writer.ts';
import type { SignalName } from '../host/world.ts';
import type { Session } from '../app/session.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import type { Signals } from './signals.ts';

/** A CI runner gives a cancelled job some seconds; a person at a terminal gets this long to answer. */
const askForMs = 15_000;

/** A signal, or that the credentials soon end: whoever drives must leave, and says what becomes of the traffic. */
export type Leaving = SignalName | 'EXPIRY';

export function codeOf(leaving: Leaving): ExitCode {
  if (leaving === 'EXPIRY') return exitCode.credentials;
  return leaving === 'SIGINT' ? exitCode.interrupted : exitCode.terminated;
}

type Choice = 'roll-back' | 'hold' | 'go-on' | 'leave';

export async function choose(
  context: Context,
  at: Session,
  signal: Leaving,
  signals: Signals,
  journal: JournalWriter,
  follower: Follower,
): Promise<Choice> {
  const { world, output } = context;
  if (!world.streams.stderrIsTerminal || signal !== 'SIGINT') {
    output.say(
      `${signal}: ${at.config.onInterrupt === 'rollback' ? 'rolling back' : 'holding'} (onInterrupt of ${at.config.name})`,
    );
    return at.config.onInterrupt === 'rollback' ? 'roll-back' : 'hold';
  }
  follower.freeze();
  try {
    return await ask(context, at, signals, journal);
  } finally {
    follower.thaw();
  }
}

/** One owner of the terminal: while this stands nobody else writes. */
async function ask(context: Context, at: Session, signals: Signals, journal: JournalWriter): Promise<Choice> {
  const { world } = context;
  const asked = new AbortController();
  const watched = at.connection.controller === null ? 'nobody watches' : 'the controller watches';
  const question = `\nInterrupted; ${journal.state().id} advances no more.\n  [r] roll back now   [h] hold and leave, ${watched}   [c] go on\n${countdown(askForMs)}`;
  const timeout = countDown(context, asked.signal);
  const answer = await Promise.race([world.askKey(question, asked.signal), timeout, signals.next()]);
  asked.abort();
  if (answer === 'SIGINT' || answer === 'SIGTERM' || answer === 'SIGHUP') return 'leave';
  switch (answer?.trim().toLowerCase().slice(0, 1)) {
    case 'h':
      return 'hold';
    case 'c':
      return 'go-on';
    default:
      return 'roll-back';
  }
}

const countdown = (ms: number): string => `  rolls back in ${Math.ceil(ms / 1_000)} s: `;

/** Says each second how much time is left to answer, in the question's own last line. */
async function countDown({ world }: Context, asked: AbortSignal): Promise<'r'> {
  const end = later(world.clock.now(), askForMs);
  for (let now = world.clock.now(); now < end; now = world.clock.now()) {
    await world.clock.sleepUntil(later(now, Math.min(1_000, end - now)), asked);
    if (asked.aborted) return 'r';
    world.streams.stderr(`\r\u001b[K${countdown(Math.max(0, end - world.clock.now()))}`);
  }
  return 'r';
}
