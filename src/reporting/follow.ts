import type { ChalkInstance } from 'chalk';
import type { Entry } from '../domain/journal.ts';
import { printable } from '../domain/one-line.ts';
import { formatDuration } from '../domain/parse.ts';
import type { BakeStep } from '../domain/plan.ts';
import { challengerShare, currentStep, type RolloutState } from '../engine/state.ts';
import type { Output } from './output.ts';
import { plainLines } from './plain-lines.ts';
import { type Event, eventOf, observationFields } from './progress.ts';
import { percentText, stepTitle } from './words.ts';

/** Shows a rollout while it runs. All views are fed by journal entries and by nothing else. */
export interface Follower {
  readonly onEntry: (entry: Entry, state: RolloutState) => void;
  /** Time goes by: where lines are printed, one now and then says that somebody still watches. */
  readonly onBeat: (state: RolloutState) => void;
  /** Ends animation; safe to call twice. */
  readonly stop: () => void;
}

export interface FollowOptions {
  readonly output: Output;
  /** Gets each event as one line of JSON, beside what people see. */
  readonly eventFile: ((line: string) => void) | undefined;
  readonly now: () => number;
}

export async function follow(options: FollowOptions): Promise<Follower> {
  const view = await viewFor(options);
  return {
    onEntry: (entry, state) => {
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
      view.onEvent(event, state);
    },
    onBeat: view.onBeat,
    stop: view.stop,
  };
}

interface View {
  readonly onEvent: (event: Event, state: RolloutState) => void;
  readonly onBeat: (state: RolloutState) => void;
  readonly stop: () => void;
}

async function viewFor({ output, now }: FollowOptions): Promise<View> {
  const silent: View = { onEvent: () => undefined, onBeat: () => undefined, stop: () => undefined };
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
  return output.streams.stderrIsTerminal ? stepList(output) : plainLines(output, now);
}

/** For a terminal: what is done stays as a line, what is being done spins, what is to come was printed at the start. */
async function stepList(output: Output): Promise<View> {
  const { default: ora } = await import('ora');
  const spinner = ora({ stream: process.stderr, discardStdin: false });
  const paint = output.paintTalk;
  const persist = (symbol: string, text: string): void => {
    spinner.stopAndPersist({ symbol, text: printable(text) });
  };
  return {
    onEvent: (event, state) => {
      // The step's own line, or that of the way back, says the same a moment later.
      const isRepeated = event.type === 'verdict';
      switch (isRepeated ? 'detail' : event.level) {
        case 'good':
          persist(paint.green('✔'), event.text);
          break;
        case 'warn':
          persist(paint.yellow('▲'), event.text);
          break;
        case 'bad':
          persist(paint.red('✖'), event.text);
          break;
        case 'info':
          persist(paint.cyan('●'), event.text);
          break;
        case 'detail':
          break;
      }
      if (state.phase === 'ended') spinner.stop();
      else spinner.start(printable(doing(state, event, paint)));
    },
    onBeat: () => undefined,
    stop: () => {
      spinner.stop();
    },
  };
}

/** The spinner's line: the step under way, and while it bakes the numbers of both arms. */
function doing(state: RolloutState, event: Event, paint: ChalkInstance): string {
  if (state.phase === 'rolling-back')
    return paint.red(event.text.startsWith('rolling back') ? event.text : `rolling back: ${event.text}`);
  const step = currentStep(state);
  if (step === undefined) return 'ending';
  const place = `step ${state.step + 1}/${state.plan.steps.length}`;
  if (step.kind !== 'bake')
    return `${place} ${stepTitle(step)} ${paint.dim(event.level === 'detail' ? event.text : '')}`;
  const since = state.observations.filter((tick) => tick.at > state.stepSince);
  const { requests = 0, errors = 0, meanLatencyMs = 0 } = observationFields(since);
  const elapsed = Math.max(0, event.at - state.stepSince - state.pausedMs);
  const of = step.durationMs === null ? '' : ` of ${formatDuration(step.durationMs)}`;
  const rate = requests === 0 ? '-' : percentText(errors / requests);
  const waits = waitsFor(state, step, { elapsed, requests });
  return `${place} ${state.plan.challenger} ${state.route?.kind === 'shadow' ? 'in shadow' : `at ${challengerShare(state)} %`} ${formatDuration(elapsed)}${of}${waits === '' ? '' : paint.yellow(` ${waits}`)} ${paint.dim(`${requests} requests, ${rate} errors, ${meanLatencyMs} ms`)}`;
}

/** Why a bake isn't over although its time may be. */
function waitsFor(
  state: RolloutState,
  { durationMs }: BakeStep,
  { elapsed, requests }: { readonly elapsed: number; readonly requests: number },
): string {
  if (state.pausedAt !== null) return 'paused';
  if (state.heldSince !== null) return 'held';
  if (durationMs === null || elapsed <= durationMs + state.plan.settleMs) return '';
  return requests === 0 ? 'extended: no request has reached it' : 'extended: not enough evidence yet';
}
