import type { Entry } from '../domain/journal.ts';
import { formatDuration } from '../domain/parse.ts';
import { type RolloutId } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { evidenceOf, evidenceText } from '../reporting/evidence.ts';
import { table } from '../reporting/output.ts';
import { eventOf } from '../reporting/progress.ts';
import { rolloutData, stepsText, verdictText } from '../reporting/rollout-view.ts';
import { shadowData, shadowText } from '../reporting/shadow-view.ts';
import { planText } from '../reporting/plan-view.ts';
import { harmShort } from '../reporting/harm-words.ts';
import { harmOf } from '../engine/harm.ts';
import { apply, replay } from '../engine/fold-journal.ts';
import type { RolloutState } from '../engine/state.ts';
import { type Context, rolloutNamed, stateOf, storyOf, target } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { lostNote } from './marker.ts';
import { observationLines } from './export-observations.ts';

export interface HistoryOptions {
  readonly limit?: string;
}

export async function history(context: Context, options: HistoryOptions): Promise<ExitCode> {
  const limit = Number(options.limit ?? '20');
  if (!Number.isInteger(limit) || limit < 1)
    throw new UserError('usage', `--limit: '${options.limit}' is not a count`, { mend: '--limit 20' });
  const at = await target(context, 'lenient');
  const ids = (await at.connection.store.rollouts()).slice(0, limit);
  const states: RolloutState[] = [];
  for (const id of ids) states.push(await stateOf(at, id));
  const lost = states.length === 0 ? await lostNote(at) : null;
  context.output.answer(
    {
      kind: 'History',
      environment: at.config.name,
      ...(lost === null ? {} : { marker: lost.marker }),
      rollouts: states.map(rolloutData),
    },
    () =>
      states.length === 0
        ? (lost?.text ?? `no rollout yet in ${at.config.name}`)
        : table(
            ['ROLLOUT', 'STARTED', 'STRATEGY', 'FROM', 'TO', 'RESULT', 'TOOK', 'HARMED', 'BY', 'WHY'],
            states.map((state) => [
              state.id,
              new Date(state.startedAt).toISOString().slice(0, 19) + 'Z',
              state.plan.strategy,
              state.plan.champion ?? '-',
              state.plan.challenger,
              state.outcome?.kind ?? state.phase,
              state.endedAt === null ? '-' : formatDuration(state.endedAt - state.startedAt),
              String(harmShort(harmOf(state))),
              state.by.name,
              whyOf(state),
            ]),
            context.output.paint,
          ),
  );
  return exitCode.done;
}

function whyOf(state: RolloutState): string {
  const { outcome } = state;
  if (outcome === null) return '';
  return outcome.kind === 'rolled-back' ? outcome.cause.sentence : outcome.sentence;
}

export interface ShowOptions {
  readonly observations?: boolean;
}

/** One rollout whole: plan, steps, each verdict's evidence, each event. */
export async function show(context: Context, options: ShowOptions, text?: string): Promise<ExitCode> {
  const at = await target(context, 'lenient');
  const id = await rolloutNamed(at, text);
  const { entries, state } = await storyOf(at, id);
  if (options.observations === true) {
    for (const line of observationLines(id, entries)) context.output.streams.stdout(`${line}\n`);
    return exitCode.done;
  }
  const { paint } = context.output;
  const evidence = evidenceOf(state, entries);
  const shadow = shadowData(state);
  context.output.answer({ kind: 'Rollout', ...rolloutData(state), plan: state.plan, evidence, entries }, () =>
    [
      planText(state.plan, paint),
      '',
      stepsText(state, context.world.clock.now(), paint),
      '',
      ...(evidence === null
        ? []
        : [paint.bold('evidence'), evidenceText(evidence, state.plan.tickMs, paint), '']),
      ...(shadow === null ? [] : [paint.bold('shadow'), shadowText(shadow, paint), '']),
      ...(state.notes.length === 0
        ? []
        : [paint.bold('how the metrics were read'), ...state.notes.map((note) => `  ${note}`), '']),
      ...(state.lastVerdict === null ? [] : [paint.bold('last verdict'), verdictText(state.lastVerdict), '']),
      paint.bold('events'),
      ...timeline(id, entries),
    ].join('\n'),
  );
  return exitCode.done;
}

function timeline(id: RolloutId, entries: readonly Entry[]): readonly string[] {
  const [first] = entries;
  if (first === undefined) return [];
  let state = replay(id, [first]);
  return entries.flatMap((entry, index) => {
    if (index > 0) state = apply(state, entry);
    const event = eventOf(entry, state);
    if (event === null || event.level === 'detail') return [];
    return [`  ${new Date(event.at).toISOString().slice(11, 19)}Z  ${event.text}`];
  });
}
