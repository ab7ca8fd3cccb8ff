import type { Entry } from '../domain/journal.ts';
import { parseDuration } from '../domain/parse.ts';
import { type Instant, instant } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { previousGood } from '../registry/known-good.ts';
import { apply, replay } from '../engine/fold-journal.ts';
import { start } from '../runner/own.ts';
import type { RolloutState } from '../engine/state.ts';
import { eachState } from '../view/each-state.ts';
import { watch as watchPlan } from '../strategies/watch.ts';
import { answerOutcome } from './answer-outcome.ts';
import { refuseUnknownServing, refuseWhereBehind } from '../app/behind.ts';
import { portsOf, type Session, unfinished } from '../app/session.ts';
import { openSession } from '../app/open-session.ts';
import { type Context, startFollowing } from './context.ts';
import { driveToEnd } from './drive-to-end.ts';
import { type ExitCode, exitCode, exitCodeOfOutcome } from './exit-codes.ts';
import { settingsFor } from '../app/plan/compile.ts';
import { championOf } from '../app/plan/prepare.ts';

export interface WatchOptions {
  /** Seconds, or a duration. */
  readonly duration?: string;
}

/** Guards what serves now; where a rollout is under way, which guards itself, follows that. */
export async function watch(context: Context, options: WatchOptions): Promise<ExitCode> {
  const durationMs = options.duration === undefined ? null : durationOf(options.duration);
  const at = await openSession(context);
  const look = await refuseWhereBehind(at);
  const running = await unfinished(at);
  if (running !== null) return followRunning(context, at, running, durationMs);
  const champion = await championOf(at);
  if (champion === null) await refuseUnknownServing(at);
  if (champion === null || champion.endpoint === undefined) {
    throw new UserError('conflict', `nothing serves in ${at.config.name} that could be watched`, {
      mend: 'mlreg deploy --strategy canary --model-version VERSION',
    });
  }
  const back = previousGood(await at.connection.store.versions(), { withEndpoint: true });
  if (back === undefined)
    context.output.say('no earlier version is known good: a breach will be told, and nothing moved');
  const { config, connection } = at;
  // Without a version to go back to home is what serves. The registry says so first: a look at the alias may be an old one.
  const serving = async () =>
    (look?.main.view ?? (await connection.platform.readAlias(config.lambda.alias))).target;
  const home = back?.functionVersion ?? champion.functionVersion ?? (await serving()).functionVersion;
  const { tickMs: tick } = config.strategies.watch;
  const roles = { champion: back?.version ?? null, challenger: champion.version };
  const bakeMs = durationMs ?? 86_400_000;
  const plan = watchPlan({
    ...settingsFor(config, roles, { shares: [100], bakeMs, tickMs: tick }, []),
    durationMs,
    champion: roles.champion,
  });
  const endpoints: Record<string, { name: string; generation: number }> = {
    [champion.version]: champion.endpoint,
  };
  if (back?.endpoint !== undefined) endpoints[back.version] = back.endpoint;
  const follower = await startFollowing(context);
  const ports = portsOf(context, at, follower.onEntry);
  try {
    const journal = await start(ports, context.world.ids.rolloutId(), {
      plan,
      actor: context.actor,
      reason: 'watch',
      home: { functionVersion: home, weights: {} },
      endpoints,
      // A watch publishes nothing.
      codeSha256: '',
      changes: [],
    });
    const driven = await driveToEnd(context, at, ports, journal, follower);
    const { state } = driven;
    // Silence is no proof of health.
    const sawNothing = state.observations.every(({ challenger }) => (challenger?.requests ?? 0) === 0);
    const isUnseen = driven.code === exitCode.done && sawNothing;
    if (isUnseen)
      context.output.say(
        'no request was seen while it was watched, and silence is no proof of health: exit code 6',
      );
    const code = isUnseen ? exitCode.notFinished : driven.code;
    return answerOutcome(context, state, code);
  } finally {
    follower.stop();
  }
}

/** `--duration 900` is seconds, as monitors count them; with a unit any duration. */
function durationOf(text: string): number {
  return parseDuration(/^\d+$/.test(text) ? `${text}s` : text, '--duration');
}

async function followRunning(
  context: Context,
  at: Session,
  running: RolloutState,
  durationMs: number | null,
): Promise<ExitCode> {
  const { world, output } = context;
  const { owner } = await at.connection.store.lock();
  const isLeft = owner === null || world.isAlive(owner) === 'dead';
  if (isLeft && at.connection.controller === null) {
    throw new UserError(
      'conflict',
      `rollout ${running.id} of ${running.plan.challenger} is not over, and nobody drives it`,
      {
        mend: [`mlreg resume --environment ${at.config.name}`, `mlreg abort --environment ${at.config.name}`],
      },
    );
  }
  output.say(`${running.id} is under way and guards itself; following it`);
  const follower = await startFollowing(context);
  const until: Instant | null = durationMs === null ? null : instant(world.clock.now() + durationMs);
  const stop = new AbortController();
  const undo = world.onSignal(() => stop.abort());
  let state: RolloutState | null = null;
  try {
    for (;;) {
      // What is new since the last look, each entry with the state of its own moment.
      const entries: readonly Entry[] = await at.connection.store.journal(running.id, state?.length ?? 0);
      if (state === null) {
        for (const [entry, after] of eachState(running.id, entries)) follower.onEntry(entry, after);
        state = replay(running.id, entries);
      } else {
        for (const entry of entries) {
          state = apply(state, entry);
          follower.onEntry(entry, state);
        }
      }
      if (state.outcome !== null) {
        return answerOutcome(context, state, exitCodeOfOutcome(state.outcome));
      }
      follower.onBeat(state);
      const status = `mlreg status --environment ${at.config.name}`;
      if (stop.signal.aborted) {
        output.say(`stopped following ${running.id}, which goes on. See: ${status}`);
        return exitCode.interrupted;
      }
      if (until !== null && world.clock.now() >= until) {
        output.say(`the --duration of this watch is over; ${running.id} goes on. See: ${status}`);
        return exitCode.notFinished;
      }
      await world.clock.sleepUntil(instant(world.clock.now() + 500), stop.signal);
    }
  } finally {
    undo();
    follower.stop();
  }
}
