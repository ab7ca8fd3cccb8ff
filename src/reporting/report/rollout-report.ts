import { Chalk } from 'chalk';
import type { Entry } from '../../domain/journal.ts';
import { formatDuration } from '../../domain/parse.ts';
import { instant } from '../../domain/units.ts';
import type { Finding } from '../../domain/verdict.ts';
import type { RolloutState } from '../../engine/state.ts';
import type { ArmNumbers } from '../../view/failed-requests.ts';
import { valueText } from '../../view/finding-value.ts';
import { timesText } from '../../view/fold-events.ts';
import { tookText } from '../../view/steps.ts';
import { type RolloutView, viewOf } from '../../view/view.ts';
import { counted, percentText } from '../../view/words.ts';
import { count, type Evidence, evidenceOf, evidenceRows } from '../evidence.ts';
import { shadowData, shadowText } from '../shadow-view.ts';
import { html, type Markup, type Part, table } from './html.ts';
import { answerMarkup, nowSection } from './now-section.ts';
import { rolloutCharts, wordMarkup } from './rollout-charts.ts';
import { type Series, seriesOf } from './series.ts';

/** What a page of one rollout is made of. */
export interface RolloutPage {
  readonly view: RolloutView;
  readonly series: Series;
  readonly evidence: Evidence | null;
  readonly marks: readonly Mark[];
}

/**
 * One rollout to look at: how it is or ended, why, whether the challenger is worse, who got what, and all that happened.
 * @param until where the charts of a rollout that is not over end, ms since the epoch
 */
export function rolloutReport(state: RolloutState, entries: readonly Entry[], until: number): Markup {
  const end = endOf(state, until);
  const { plan } = state;
  const body = rolloutPage({
    view: viewOf(state, entries, instant(until)),
    series: seriesOf(state, entries, end),
    evidence: evidenceOf(state, entries),
    marks: marksOf(state, entries),
  });
  return html`<p class="path dim">${plan.model} · ${plan.environment} · ${plan.strategy} · ${state.id}</p>
${body}`;
}

/** Where the charts end, ms since the epoch. */
export const endOf = (state: RolloutState, now: number): number =>
  Math.max(state.endedAt ?? now, state.lastObservedAt ?? 0);

export function rolloutPage({ view, series, evidence, marks }: RolloutPage): Markup {
  const { state, now } = view;
  const { plan } = state;
  const shadow = shadowData(state);
  return html`${nowSection(view)}
${view.verdict === null || isSaid(view) ? null : answerMarkup(view)}
${rolloutCharts(view, series, marks, endOf(state, now))}
<section class="card" id="rules">${findings(view)}
${evidence === null ? null : html`<h2>Evidence</h2>\n${named(evidenceRows(evidence, plan.tickMs))}`}
<h2>Facts</h2>
${facts(view)}</section>
${shadow === null ? null : html`<section class="card"><h2>How the answers differ</h2>\n<pre tabindex="0">${shadowText(shadow, unpainted)}</pre></section>`}
<section class="card" id="events"><h2>What happened</h2>
${events(view, marks)}
<details id="steps"><summary>All steps</summary>${steps(view)}</details></section>`;
}

/** Where the verdict is the very reason, the top of the page has it. */
const isSaid = ({ condition, state }: RolloutView): boolean => {
  const cause = state.rollback?.cause ?? (state.outcome?.kind === 'rolled-back' ? state.outcome.cause : null);
  const isBack = condition.kind === 'rolling-back' || condition.kind === 'rolled-back';
  return isBack && cause?.kind === 'verdict';
};

const unpainted = new Chalk({ level: 0 });

function facts({ state, arms, shares, failed, now }: RolloutView): Markup {
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
  const end = state.endedAt ?? now;
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

function findings({ metrics }: RolloutView): Markup | null {
  if (metrics.length === 0) return null;
  const value = (finding: Finding, number: number | null): string =>
    number === null ? '–' : valueText(finding, number);
  return html`<h2>Rules</h2>\n${table(
    ['rule', 'champion', 'challenger', 'allowed', 'evidence', 'decides alone at', 'so far'],
    metrics.map(({ finding, allowed, word }) => [
      word === 'decided' ? html`<b class="result bad">${finding.rule}</b>` : finding.rule,
      value(finding, finding.champion),
      value(finding, finding.challenger),
      value(finding, allowed),
      count(finding.evidence),
      count(finding.threshold),
      wordMarkup(word),
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
export function marksOf(state: RolloutState, entries: readonly Entry[]): readonly Mark[] {
  const marked = entries.filter((entry) => {
    if (entry.kind === 'rolling-back' || entry.kind === 'ended') return true;
    const kind = entry.kind === 'step-done' ? state.plan.steps[entry.step]?.kind : undefined;
    return kind === 'route' || kind === 'swap-stage' || kind === 'promote';
  });
  return marked.map(({ seq, at }, i) => ({ seq, at, name: String(i + 1) }));
}

/** More are in the journal: `mlreg show`. */
const mostEvents = 200;

/** The newest first. */
function events({ events: folded }: RolloutView, marks: readonly Mark[]): Markup {
  const names = new Map(marks.map(({ seq, name }) => [seq, name]));
  const rows = folded
    .slice(-mostEvents)
    .toReversed()
    .map((event): readonly Part[] => {
      const loud = event.level === 'bad' || event.level === 'warn';
      const text = `${event.text}${timesText(event)}`;
      const name = names.get(event.seq);
      return [
        name === undefined ? '' : html`<b class="mark">${name}</b>`,
        time(event.at),
        loud ? html`<span class="result ${event.level}">${text}</span>` : text,
      ];
    });
  return table(['mark', 'when', 'what'], rows);
}

const time = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`;
