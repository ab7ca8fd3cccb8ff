import { harmCount } from '../harm-words.ts';
import { Chalk } from 'chalk';
import type { Entry } from '../../domain/journal.ts';
import { formatDuration } from '../../domain/parse.ts';
import type { Finding } from '../../domain/verdict.ts';
import { harmOf } from '../../engine/harm.ts';
import { apply, replay } from '../../engine/fold-journal.ts';
import { servesAfter } from '../../domain/serves-after.ts';
import type { RolloutState } from '../../engine/state.ts';
import { count, evidenceOf, evidenceRows, valueText } from '../evidence.ts';
import { titleOf, whyBack } from '../outcome-words.ts';
import { eventOf, observationFields } from '../progress.ts';
import { shadowData, shadowText } from '../shadow-view.ts';
import { counted, percentText, stepTitle } from '../words.ts';
import { rolloutCharts } from './rollout-charts.ts';
import { html, type Markup, type Part, table } from './html.ts';

/**
 * One rollout to look at: how it ended and why, what users got over time, both arms' errors and latency, the evidence,
 * and all that happened.
 * @param until where the charts of a rollout that is not over end, ms since the epoch
 */
export function rolloutReport(state: RolloutState, entries: readonly Entry[], until: number): Markup {
  const { plan } = state;
  const evidence = evidenceOf(state, entries);
  const shadow = shadowData(state);
  const title = titleOf(state);
  const marks = marksOf(state, entries);
  return html`<header>
<p class="dim">${plan.model} · ${plan.environment} · ${plan.strategy} · ${state.id}</p>
<h1>${plan.challenger} <span class="result ${title.level}">${title.words}</span></h1>
<p class="why">${why(state)}</p>
${facts(state, until)}
</header>
<main>
${rolloutCharts(state, entries, until, marks)}
${evidence === null ? null : html`<h2>Evidence</h2>\n${named(evidenceRows(evidence, plan.tickMs))}`}
${findings(state)}
${shadow === null ? null : html`<h2>How the answers differ</h2>\n<pre>${shadowText(shadow, unpainted)}</pre>`}
<h2>Steps</h2>
${steps(state)}
<h2>Events</h2>
${events(state, entries, marks)}
</main>`;
}

const unpainted = new Chalk({ level: 0 });

function why(state: RolloutState): string {
  const { outcome, plan } = state;
  if (outcome === null) return state.heldSince === null ? '' : `Holds: ${state.heldWhy}`;
  if (outcome.kind !== 'rolled-back') return outcome.sentence;
  return `${servesAfter(plan, 'sentence')}. ${whyBack(state, outcome)}`;
}

function facts(state: RolloutState, until: number): Markup {
  const { plan, observations } = state;
  const {
    requests = 0,
    errors = 0,
    championRequests = 0,
    championErrors = 0,
  } = observationFields(observations);
  const arm = (failed: number, of: number): string =>
    of === 0
      ? 'no requests judged'
      : `${counted(of, 'request')} judged, ${percentText(failed / of, 2)} failed`;
  const end = state.endedAt ?? until;
  const rows: (readonly [string, string])[] = [
    ['champion', `${plan.champion ?? 'none'}: ${arm(championErrors, championRequests)}`],
    ['challenger', `${plan.challenger}: ${arm(errors, requests)}`],
    ['harmed', harmCount(harmOf(state))],
    ['when', `${time(state.startedAt)}, ${formatDuration(Math.max(0, end - state.startedAt))}`],
    ['by', `${state.by.name}${state.reason === '' ? '' : `: ${state.reason}`}`],
  ];
  if (state.approvals.length > 0)
    rows.push(['approved', state.approvals.map(({ name, at }) => `${name}, ${time(at)}`).join('; ')]);
  return named(rows);
}

function named(rows: readonly (readonly [string, string])[]): Markup {
  return html`<dl>${rows.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>\n`)}</dl>`;
}

function findings({ lastVerdict }: RolloutState): Markup | null {
  if (lastVerdict === null || lastVerdict.kind === 'unreadable' || lastVerdict.findings.length === 0)
    return null;
  const value = (finding: Finding, number: number | null): string =>
    number === null ? '–' : valueText(finding, number);
  return html`<h2>Rules</h2>\n${table(
    ['rule', 'champion', 'challenger', 'limit', 'evidence', 'decides alone at'],
    lastVerdict.findings.map((finding) => [
      lastVerdict.kind === 'fail' && lastVerdict.reason.rule === finding.rule
        ? html`<b class="result bad">${finding.rule}</b>`
        : finding.rule,
      value(finding, finding.champion),
      value(finding, finding.challenger),
      value(finding, finding.limit),
      count(finding.evidence),
      count(finding.threshold),
    ]),
  )}`;
}

function steps(state: RolloutState): Markup {
  const rows = state.plan.steps.map((step, index): readonly Part[] => {
    const done = state.stepsDone.find((entry) => entry.step === index);
    const title = stepTitle(step);
    if (done !== undefined) return [title, done.note, formatDuration(done.tookMs)];
    if (index !== state.step) return [html`<span class="dim">${title}</span>`, 'not reached', '–'];
    return [title, state.phase === 'forward' ? 'under way' : 'not finished', '–'];
  });
  return table(['step', 'result', 'took'], rows);
}

export interface Mark {
  readonly seq: number;
  readonly at: number;
  readonly name: string;
}

/** What changed what users get: numbered, in the charts and in the list. */
function marksOf(state: RolloutState, entries: readonly Entry[]): readonly Mark[] {
  const marked = entries.filter((entry) => {
    if (entry.kind === 'rolling-back' || entry.kind === 'ended') return true;
    const kind = entry.kind === 'step-done' ? state.plan.steps[entry.step]?.kind : undefined;
    return kind === 'route' || kind === 'swap-stage' || kind === 'promote';
  });
  return marked.map(({ seq, at }, i) => ({ seq, at, name: String(i + 1) }));
}

function events({ id }: RolloutState, entries: readonly Entry[], marks: readonly Mark[]): Markup {
  const [first] = entries;
  if (first === undefined) return html``;
  const names = new Map(marks.map(({ seq, name }) => [seq, name]));
  let state = replay(id, [first]);
  const rows = entries.flatMap((entry, index): (readonly Part[])[] => {
    if (index > 0) state = apply(state, entry);
    const event = eventOf(entry, state);
    if (event === null || event.level === 'detail') return [];
    const loud = event.level === 'bad' || event.level === 'warn';
    return [
      [
        html`<b>${names.get(entry.seq) ?? ''}</b>`,
        time(event.at),
        loud ? html`<span class="result ${event.level}">${event.text}</span>` : event.text,
      ],
    ];
  });
  return table(['', 'when', 'what'], rows);
}

const time = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`;
