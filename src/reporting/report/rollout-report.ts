import { Chalk } from 'chalk';
import type { Entry } from '../../domain/journal.ts';
import { formatDuration } from '../../domain/parse.ts';
import { instant } from '../../domain/units.ts';
import type { Finding } from '../../domain/verdict.ts';
import { servesAfter } from '../../domain/serves-after.ts';
import type { RolloutState } from '../../engine/state.ts';
import { count, evidenceOf, evidenceRows } from '../evidence.ts';
import { valueText } from '../../view/finding-value.ts';
import { titleOf, whyBack } from '../outcome-words.ts';
import { shadowData, shadowText } from '../shadow-view.ts';
import type { ArmNumbers } from '../../view/failed-requests.ts';
import { timesText } from '../../view/fold-events.ts';
import type { MetricWord } from '../../view/metric-word.ts';
import { tookText } from '../../view/steps.ts';
import { type RolloutView, viewOf } from '../../view/view.ts';
import { counted, percentText } from '../../view/words.ts';
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
  const view = viewOf(state, entries, instant(until));
  return html`<header>
<p class="dim">${plan.model} · ${plan.environment} · ${plan.strategy} · ${state.id}</p>
<h1>${plan.challenger} <span class="result ${title.level}">${title.words}</span></h1>
<p class="why">${why(view)}</p>
${facts(view, until)}
</header>
<main>
${rolloutCharts(state, entries, until, marks)}
${evidence === null ? null : html`<h2>Evidence</h2>\n${named(evidenceRows(evidence, plan.tickMs))}`}
${findings(view)}
${shadow === null ? null : html`<h2>How the answers differ</h2>\n<pre>${shadowText(shadow, unpainted)}</pre>`}
<h2>Steps</h2>
${steps(view)}
<h2>Events</h2>
${events(view, marks)}
</main>`;
}

const unpainted = new Chalk({ level: 0 });

function why({ state, headline, next }: RolloutView): Part {
  const { outcome, plan } = state;
  if (outcome === null || outcome.kind === 'stuck')
    return html`${headline}${next.map((command) => html`<br><code>${command}</code>`)}`;
  if (outcome.kind !== 'rolled-back') return outcome.sentence;
  return `${servesAfter(plan, 'sentence')}. ${whyBack(state, outcome)}`;
}

function facts({ state, arms, shares, failed }: RolloutView, until: number): Markup {
  const { plan } = state;
  const arm = ({ failed: errors, requests }: ArmNumbers): string =>
    requests === 0
      ? 'no requests judged'
      : `${counted(requests, 'request')} judged, ${percentText(errors / requests, 2)} failed`;
  const share = shares.versions
    .map(
      ({ version, readBack, seen }) =>
        `${version} ${readBack} %${seen === null ? '' : `, seen ${percentText(seen / 100)}`}`,
    )
    .join('; ');
  const end = state.endedAt ?? until;
  const rows: (readonly [string, string])[] = [
    ['champion', `${plan.champion ?? 'none'}: ${arm(arms.champion)}`],
    ['challenger', `${plan.challenger}: ${arm(arms.challenger)}`],
    ['failed', failed],
    ['share', `${share} (alias read back ${time(shares.readAt)})`],
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

const levels: Readonly<Record<MetricWord, string>> = {
  decided: 'bad',
  'over the limit, not yet proven': 'warn',
  within: 'good',
  'too early': 'dim',
};

function findings({ metrics }: RolloutView): Markup | null {
  if (metrics.length === 0) return null;
  const value = (finding: Finding, number: number | null): string =>
    number === null ? '–' : valueText(finding, number);
  return html`<h2>Rules</h2>\n${table(
    ['rule', 'champion', 'challenger', 'allowed', 'evidence', 'decides alone at', ''],
    metrics.map(({ finding, allowed, word }) => [
      word === 'decided' ? html`<b class="result bad">${finding.rule}</b>` : finding.rule,
      value(finding, finding.champion),
      value(finding, finding.challenger),
      value(finding, allowed),
      count(finding.evidence),
      count(finding.threshold),
      html`<span class="result ${levels[word]}">${word}</span>`,
    ]),
  )}`;
}

function steps({ steps: all }: RolloutView): Markup {
  const rows = all.map((step): readonly Part[] => {
    const { mark, title, note } = step;
    if (mark === 'to-come' || mark === 'not-reached')
      return [html`<span class="dim">${title}</span>`, mark === 'to-come' ? 'to come' : 'not reached', '–'];
    const isBad = mark === 'failed' || mark === 'aborted' || mark === 'stuck';
    return [title, isBad ? html`<span class="result bad">${note}</span>` : note, tookText(step)];
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

function events({ events: folded }: RolloutView, marks: readonly Mark[]): Markup {
  const names = new Map(marks.map(({ seq, name }) => [seq, name]));
  const rows = folded.map((event): readonly Part[] => {
    const loud = event.level === 'bad' || event.level === 'warn';
    const text = `${event.text}${timesText(event)}`;
    return [
      html`<b>${names.get(event.seq) ?? ''}</b>`,
      time(event.at),
      loud ? html`<span class="result ${event.level}">${text}</span>` : text,
    ];
  });
  return table(['', 'when', 'what'], rows);
}

const time = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`;
