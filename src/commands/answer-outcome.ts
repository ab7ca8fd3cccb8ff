import { oneLine } from '../domain/one-line.ts';
import { fileEntry } from '../reporting/github.ts';
import { runLink } from '../reporting/error-summary.ts';
import { gitHubSummary, resultOf } from '../reporting/github-summary.ts';
import { outcomeData, outcomeText } from '../reporting/rollout-view.ts';
import type { Output } from '../reporting/output.ts';
import { viewOf } from '../view/view.ts';
import { challengerShare, type RolloutState } from '../engine/state.ts';
import type { World } from '../host/world.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';

/** Where it is said: the part of a command's context that this needs. */
interface Place {
  readonly world: World;
  readonly output: Output;
}

/** The end of a rollout, or where it was left, for whoever drove it; in a GitHub job its summary and outputs too. */
export function answerOutcome(context: Place, state: RolloutState, code: ExitCode): ExitCode {
  const { output } = context;
  const view = viewOf(state, [], context.world.clock.now());
  output.answer(outcomeData(view, code), () => outcomeText(view, output.paint));
  const { GITHUB_STEP_SUMMARY: summary = '' } = context.world.env;
  if (summary !== '') append(context, summary, gitHubSummary(view, runLink(context.world.env)));
  report(context, 'GITHUB_OUTPUT', outputsOf(state, code));
  // On its way back and left by a second signal: the action's clean-up must still see to it.
  const isSettled = state.outcome !== null || state.phase !== 'rolling-back';
  if (isSettled) report(context, 'GITHUB_STATE', { over: String(code) });
  return code;
}

/** From here on a job that is cut off has left something behind. */
export function rememberRollout(context: Place, rollout: string): void {
  report(context, 'GITHUB_STATE', { rollout });
}

function outputsOf(state: RolloutState, code: ExitCode): Readonly<Record<string, string>> {
  const { plan, outcome } = state;
  const isBack = outcome?.kind === 'rolled-back';
  const share = isBack ? 0 : challengerShare(state);
  return {
    'rollout-id': state.id,
    result: resultOf(state),
    'model-version': plan.challenger,
    'previous-version': plan.champion ?? '',
    champion: outcome?.kind === 'succeeded' && share === 100 ? plan.challenger : (plan.champion ?? ''),
    'challenger-percent': String(share),
    'plan-hash': state.planHash ?? '',
    why: whyOf(state),
    'needs-person': String(code === exitCode.stuck),
  };
}

function whyOf({ outcome }: RolloutState): string {
  if (outcome === null) return '';
  return outcome.kind === 'rolled-back' ? outcome.cause.sentence : outcome.sentence;
}

function report(
  context: Place,
  variable: 'GITHUB_OUTPUT' | 'GITHUB_STATE',
  values: Readonly<Record<string, string>>,
): void {
  const path = context.world.env[variable] ?? '';
  if (path === '') return;
  const delimiter = `mlreg-${context.world.ids.requestId()}`;
  const lines = Object.entries(values).map(([name, value]) =>
    fileEntry(name, oneLine(value, 4_000), delimiter),
  );
  append(context, path, lines.join(''));
}

/** What can't be reported must not change what a rollout came to. */
function append({ world, output }: Place, path: string, text: string): void {
  try {
    world.files.append(path, text);
  } catch (error) {
    output.say(`${path} can't be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}
