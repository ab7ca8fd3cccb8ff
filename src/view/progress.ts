import { harmIn, harmSentence } from './harm-words.ts';
import type { Entry } from '../domain/journal.ts';
import type { Observation } from '../domain/observation.ts';
import { formatDuration } from '../domain/parse.ts';
import { unreachable } from '../domain/units.ts';
import { heldText } from '../engine/decide-rebuild.ts';
import { copiesOf } from '../engine/shadow-report.ts';
import { servesAfter } from '../domain/serves-after.ts';
import { rollingBack } from '../domain/rolled-back.ts';
import type { RolloutState } from '../engine/state.ts';
import { effectTitle, percentText, stepTitle } from './words.ts';

/** One thing worth a line. `type` is the same word in plain lines and in NDJSON. */
export interface Event {
  readonly at: number;
  /** Of the journal's entry. */
  readonly seq: number;
  readonly type: string;
  readonly rollout: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  /** For people. */
  readonly text: string;
  readonly level: 'detail' | 'info' | 'good' | 'warn' | 'bad';
}

/** What a journal entry means to somebody watching; null where it means nothing to them. */
export function eventOf(entry: Entry, state: RolloutState): Event | null {
  const event = (type: string, level: Event['level'], text: string, fields: Event['fields'] = {}): Event => ({
    at: entry.at,
    seq: entry.seq,
    type,
    rollout: state.id,
    fields,
    text,
    level,
  });
  const { plan } = state;
  switch (entry.kind) {
    case 'started':
      return event(
        'rollout.start',
        'info',
        `${plan.strategy} ${plan.champion ?? 'nothing'} -> ${plan.challenger} in ${plan.environment}, rollout ${state.id}`,
        {
          strategy: plan.strategy,
          environment: plan.environment,
          from: plan.champion ?? 'none',
          to: plan.challenger,
        },
      );
    case 'owned':
      return event(
        'rollout.owned',
        // A process that goes back takes its own rollout over, and that is no news.
        entry.by.pid === state.by.pid && entry.by.host === state.by.host ? 'detail' : 'warn',
        `taken over by ${entry.by.name} (pid ${entry.by.pid})${entry.adopt ? ', adopting what the alias serves' : ''}${entry.forced === undefined ? '' : `, by force: ${entry.forced}`}`,
        {
          by: entry.by.name,
        },
      );
    case 'intent':
      return event('effect.start', 'detail', effectTitle(entry.effect), { effect: entry.effect.kind });
    case 'result':
      return event('effect.done', 'detail', `done: ${entry.outcome.kind}`, { outcome: entry.outcome.kind });
    case 'failed':
      return event('effect.failed', 'warn', `${entry.error}${entry.final ? '' : '; tries again'}`, {
        error: entry.error,
      });
    case 'step-done': {
      const step = plan.steps[entry.step];
      const took = state.stepsDone.at(-1)?.tookMs ?? 0;
      const title = step === undefined ? `step ${entry.step}` : stepTitle(step);
      return event('step.done', 'good', `${title}: ${entry.note} (${formatDuration(took)})`, {
        step: `${entry.step + 1}/${plan.steps.length}`,
        kind: step?.kind ?? 'unknown',
        took: formatDuration(took),
      });
    }
    case 'observed': {
      if (entry.notes !== undefined && entry.notes.length > 0)
        return event('metrics.note', 'warn', entry.notes.join('; '), { notes: entry.notes.join('; ') });
      const fields = observationFields(entry.observations);
      return event('observed', 'detail', observationText(fields), fields);
    }
    case 'unreadable':
      return event(
        'metrics.unreadable',
        'warn',
        `metrics can't be read${entry.denied ? ' (denied)' : ''}: ${entry.why}`,
        { why: entry.why },
      );
    case 'verdict':
      return verdictEvent(entry, event);
    case 'request':
      return event(
        'request',
        entry.accepted ? 'info' : 'warn',
        `${entry.request.by} asked for ${entry.request.kind}${entry.request.reason === '' ? '' : ` (${entry.request.reason})`}: ${entry.answer}`,
        {
          request: entry.request.kind,
          by: entry.request.by,
          accepted: entry.accepted,
        },
      );
    case 'held':
      if (entry.over === true) return event('hold.over', 'info', `goes on: ${entry.why}`, { why: entry.why });
      return event('hold', 'warn', `holds: ${entry.why}`, { why: entry.why });
    case 'rolling-back':
      return entry.lost === undefined
        ? event('rollback.start', 'bad', rollingBack(entry.cause.sentence), { cause: entry.cause.kind })
        : event(
            'rollback.start',
            'bad',
            `${rollingBack(entry.cause.sentence)}. ${heldText(state, entry.lost)}`,
            { cause: entry.cause.kind, lost: entry.lost },
          );
    case 'labelled':
      return event('registry', 'detail', `registry: ${plan.challenger} ${entry.as}`, { as: entry.as });
    case 'repaired':
      return event('journal.repaired', 'warn', entry.what);
    case 'ended':
      return endedEvent(entry.outcome, state, event);
    default:
      return unreachable(entry);
  }
}

type Make = (type: string, level: Event['level'], text: string, fields?: Event['fields']) => Event;

function verdictEvent(entry: Extract<Entry, { kind: 'verdict' }>, event: Make): Event {
  const { verdict, action } = entry;
  if (verdict.kind === 'unreadable')
    return event('verdict', 'warn', `unreadable: ${verdict.why}`, { verdict: verdict.kind, action });
  const counts = { challengerRequests: verdict.challengerRequests, harmedRequests: verdict.harmedRequests };
  switch (verdict.kind) {
    case 'fail':
      return event('verdict', 'bad', verdict.reason.sentence, {
        verdict: 'fail',
        metric: verdict.reason.metric,
        action,
        ...counts,
      });
    case 'pass':
      return event(
        'verdict',
        'good',
        `pass on ${verdict.challengerRequests} challenger requests${verdict.nonInferior ? ', shown to be no worse' : ''}`,
        {
          verdict: 'pass',
          action,
          nonInferior: verdict.nonInferior,
          ...counts,
        },
      );
    case 'insufficient':
      return event('verdict', 'warn', verdict.why, { verdict: 'insufficient', action, ...counts });
    default:
      return unreachable(verdict);
  }
}

function endedEvent(
  outcome: Extract<Entry, { kind: 'ended' }>['outcome'],
  state: RolloutState,
  event: Make,
): Event {
  const took = formatDuration((state.endedAt ?? state.startedAt) - state.startedAt);
  switch (outcome.kind) {
    case 'succeeded':
      return event('rollout.end', 'good', `${outcome.sentence} (${took})`, { result: 'succeeded', took });
    case 'rolled-back':
      return event(
        'rollout.end',
        'bad',
        state.plan.shadow !== undefined
          ? `failed in shadow: ${outcome.cause.sentence} (${took})`
          : `rolled back: ${servesAfter(state.plan)}, ${harmSentence(harmIn(outcome))} (${took})`,
        {
          result: 'rolled-back',
          cause: outcome.cause.kind,
          ...(outcome.harm === 'not known' ? {} : { harmed: outcome.harmedRequests }),
          ...(outcome.harm === undefined ? {} : { harm: outcome.harm }),
          took,
        },
      );
    case 'stuck':
      return event('rollout.end', 'bad', `stuck: ${outcome.sentence}`, { result: 'stuck', took });
    case 'restored':
      return event('rollout.end', 'warn', outcome.sentence, { result: 'restored', took });
    default:
      return unreachable(outcome);
  }
}

/** Sums of both arms over all ticks that a rollout has seen. */
export function observedIn({ observations, summary }: RolloutState): Record<string, number> {
  const fields = observationFields(observations);
  // What a snapshot saved the reading is one tick there.
  return summary === undefined ? fields : { ...fields, ticks: observations.length - 1 + summary.ticks };
}

/** Sums of both arms over some ticks. */
export function observationFields(observations: readonly Observation[]): Record<string, number> {
  let requests = 0;
  let errors = 0;
  let championRequests = 0;
  let championErrors = 0;
  let weighted = 0;
  const copies = copiesOf(observations);
  for (const tick of observations) {
    requests += tick.challenger?.requests ?? 0;
    errors += tick.challenger?.errors ?? 0;
    championRequests += tick.champion?.requests ?? 0;
    championErrors += tick.champion?.errors ?? 0;
    weighted += (tick.challenger?.meanLatencyMs ?? 0) * (tick.challenger?.requests ?? 0);
  }
  return {
    ticks: observations.length,
    requests,
    errors,
    meanLatencyMs: requests === 0 ? 0 : Math.round((weighted / requests) * 10) / 10,
    championRequests,
    championErrors,
    ...(copies === null ? {} : { compared: copies.compared, disagreed: copies.disagreed }),
  };
}

function observationText(fields: Record<string, number>): string {
  const { requests = 0, errors = 0, championRequests = 0, championErrors = 0, meanLatencyMs = 0 } = fields;
  const rate = requests === 0 ? '-' : percentText(errors / requests);
  const { compared = 0, disagreed = 0 } = fields;
  const differ =
    compared === 0 ? '' : `; ${percentText(disagreed / compared, 0)} of ${compared} answers differ`;
  const championRate = championRequests === 0 ? '-' : percentText(championErrors / championRequests);
  return `challenger ${requests} requests, ${rate} errors, ${meanLatencyMs} ms; champion ${championRequests} requests, ${championRate} errors${differ}`;
}
