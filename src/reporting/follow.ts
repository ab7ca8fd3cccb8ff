import type { Entry } from '../domain/journal.ts';
import type { RolloutState } from '../engine/state.ts';
import { type Event, eventOf } from '../view/progress.ts';
import type { Output } from './output.ts';
import { heartbeatMs, plainLines } from './plain-lines.ts';

/** Shows a rollout while it runs. All views are fed by journal entries and by nothing else. */
export interface Follower {
  readonly onEntry: (entry: Entry, state: RolloutState) => void;
  /** Time goes by: where lines are printed, one now and then says that somebody still watches. */
  readonly onBeat: (state: RolloutState) => void;
  /** Between two beats, ms. */
  readonly beatMs: number;
  /** A question stands on the terminal: nothing may be written over it. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** Ends animation; safe to call twice. */
  readonly stop: () => void;
}

export interface FollowOptions {
  readonly output: Output;
  /** Gets each event as one line of JSON, beside what people see. */
  readonly eventFile: ((line: string) => void) | undefined;
  readonly now: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** To the terminal, past everything that replaces control characters. */
  readonly write: (text: string) => void;
  readonly size: () => { readonly columns: number; readonly rows: number };
}

export async function follow(options: FollowOptions): Promise<Follower> {
  const view = await viewFor(options);
  return {
    onEntry: (entry, state) => {
      view.onEntry?.(entry, state);
      const event = eventOf(entry, state);
      if (event === null) return;
      options.eventFile?.(
        JSON.stringify({
          at: new Date(event.at).toISOString(),
          type: event.type,
          rollout: event.rollout,
          ...event.fields,
          text: event.text,
        }),
      );
      view.onEvent?.(event, state);
    },
    onBeat: view.onBeat,
    freeze: view.freeze,
    thaw: view.thaw,
    beatMs: view.beatMs,
    stop: view.stop,
  };
}

interface View extends Omit<Follower, 'onEntry'> {
  readonly onEvent?: (event: Event, state: RolloutState) => void;
  readonly onEntry?: (entry: Entry, state: RolloutState) => void;
}

/** Lines stand where they stand: a question needs no place of its own. */
const still = { freeze: () => undefined, thaw: () => undefined, beatMs: heartbeatMs };

/** The clock in the picture runs by the second. */
const liveBeatMs = 1_000;

async function viewFor(options: FollowOptions): Promise<View> {
  const { output, now } = options;
  const silent: View = { onBeat: () => undefined, stop: () => undefined, ...still };
  if (output.mode === 'ndjson') {
    return {
      ...silent,
      onEvent: (event) =>
        output.streams.stdout(
          `${JSON.stringify({ at: new Date(event.at).toISOString(), type: event.type, rollout: event.rollout, ...event.fields, text: event.text })}\n`,
        ),
    };
  }
  if (output.quiet) return silent;
  if (!isLive(options)) return { ...plainLines(output, now), ...still };
  const { createLiveView } = await import('./live/live-view.ts');
  const live = createLiveView({
    output,
    now,
    write: options.write,
    size: options.size,
    unicode: isUnicode(options.env),
  });
  return { ...live, beatMs: liveBeatMs };
}

/** Without animation where the terminal says that it can't. */
const isLive = ({ output, env }: FollowOptions): boolean =>
  output.streams.stderrIsTerminal && env.TERM !== 'dumb' && env.MLREG_PLAIN !== '1';

/** As `locale` reads it. Source: POSIX, "Environment variables", 8.2. */
function isUnicode(env: FollowOptions['env']): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((text) => text !== undefined && text !== '');
  return /utf-?8/i.test(locale ?? '') && env.TERM !== 'linux';
}
