import { formatDuration } from '../domain/parse.ts';
import { UserError } from '../domain/user-error.ts';
import { evidenceOf, evidenceText } from '../reporting/evidence.ts';
import { table } from '../reporting/output.ts';
import { rolloutData, stepsText, verdictText } from '../reporting/rollout-view.ts';
import { shadowData, shadowText } from '../reporting/shadow-view.ts';
import { planText } from '../reporting/plan-view.ts';
import type { RolloutState } from '../engine/state.ts';
import { clock } from '../view/condition.ts';
import { failedShort } from '../view/failed-requests.ts';
import { timesText } from '../view/fold-events.ts';
import { kindText } from '../view/rebuilt.ts';
import { viewOf } from '../view/view.ts';
import { rolloutNamed, stateOf, storyOf } from '../app/session.ts';
import { openSession } from '../app/open-session.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { lostNote, unlessLocal } from '../app/marker.ts';
import { observationLines } from './export-observations.ts';

export interface HistoryOptions {
  readonly limit?: string;
}

export async function history(context: Context, options: HistoryOptions): Promise<ExitCode> {
  const limit = Number(options.limit ?? '20');
  if (!Number.isInteger(limit) || limit < 1)
    throw new UserError('usage', `--limit: '${options.limit}' is not a count`, { mend: '--limit 20' });
  const at = await openSession(context, 'lenient', 'records');
  const ids = (await at.connection.store.rollouts()).slice(0, limit);
  const states: RolloutState[] = [];
  for (const id of ids) states.push(await stateOf(at, id));
  const now = context.world.clock.now();
  const views = states.map((state) => viewOf(state, [], now));
  const lost = states.length === 0 ? await lostNote(at).catch(unlessLocal(at)) : null;
  context.output.answer(
    {
      kind: 'History',
      environment: at.config.name,
      ...(lost === null ? {} : { marker: lost.marker }),
      rollouts: views.map(rolloutData),
    },
    () =>
      states.length === 0
        ? (lost?.text ?? `no rollout yet in ${at.config.name}`)
        : table(
            ['ROLLOUT', 'STARTED', 'STRATEGY', 'FROM', 'TO', 'RESULT', 'TOOK', 'FAILED', 'BY', 'WHY'],
            views.map(({ state, condition, arms }) => [
              state.id,
              new Date(state.startedAt).toISOString().slice(0, 19) + 'Z',
              kindText(state),
              state.plan.champion ?? '-',
              state.plan.challenger,
              condition.word,
              state.endedAt === null ? '-' : formatDuration(state.endedAt - state.startedAt),
              failedShort(state, arms) ?? '-',
              state.by.name,
              condition.why,
            ]),
            context.output.paint,
            context.output.columns,
          ),
  );
  return exitCode.done;
}

export interface ShowOptions {
  readonly observations?: boolean;
}

/** One rollout whole: plan, steps, each verdict's evidence, each event. */
export async function show(context: Context, options: ShowOptions, text?: string): Promise<ExitCode> {
  const at = await openSession(context, 'lenient', 'records');
  const id = await rolloutNamed(at, text);
  const { entries, state } = await storyOf(at, id);
  if (options.observations === true) {
    for (const line of observationLines(id, entries)) context.output.streams.stdout(`${line}\n`);
    return exitCode.done;
  }
  const { paint } = context.output;
  const evidence = evidenceOf(state, entries);
  const shadow = shadowData(state);
  const view = viewOf(state, entries, context.world.clock.now());
  context.output.answer({ kind: 'Rollout', ...rolloutData(view), plan: state.plan, evidence, entries }, () =>
    [
      planText(state.plan, paint),
      '',
      view.headline,
      `  failed  ${view.failed}`,
      '',
      stepsText(view, paint),
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
      ...view.events.map((event) => `  ${clock(event.at)}  ${event.text}${timesText(event)}`),
    ].join('\n'),
  );
  return exitCode.done;
}
