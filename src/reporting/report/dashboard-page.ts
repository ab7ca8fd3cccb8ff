import { formatDuration } from '../../domain/parse.ts';
import { clock } from '../../view/condition.ts';
import { failedShort } from '../../view/failed-requests.ts';
import type { RolloutView } from '../../view/view.ts';
import { html, type Markup, table } from './html.ts';
import { chip, toneOf } from './now-section.ts';

export interface DashboardView {
  readonly model: string;
  readonly environment: string;
  /** The account and Region, or the emulator. */
  readonly place: string;
  /** What users get, as the alias was just read back; null while a rollout says so. */
  readonly serves: string | null;
  /** The store can't be read: since when, and why; what is shown is as it was then. */
  readonly lost: { readonly since: number; readonly why: string } | null;
  /** The rollout that is shown, and its page; null where there is none. */
  readonly shown: { readonly view: RolloutView; readonly page: Markup } | null;
  /** The newest first, of one page. */
  readonly rollouts: readonly RolloutView[];
  /** Where the page of older rollouts begins; null: there are none. */
  readonly older: number | null;
  /** The page of newer ones; null: this is the first. */
  readonly newer: number | null;
}

/** What serves, the rollout that runs or was last, and those before. */
export function dashboard(view: DashboardView): Markup {
  const { model, environment, place, serves, lost, shown, rollouts, older, newer } = view;
  return html`<header class="top"><span class="model"><a href="/">${model} · ${environment}</a></span> <span class="dim">${place}</span> <span class="link" id="link" data-own>● live</span><nav aria-label="Sections"><a href="#now">Now</a><a href="#events">Events</a><a href="#rollouts">Rollouts</a></nav></header>
<p class="sr" role="status" id="said">${shown === null ? '' : said(shown.view)}</p>
${lost === null ? null : html`<p class="lost" id="lost" role="alert"><b>The store can’t be read</b> since ${clock(lost.since)}: ${lost.why}. Below is what was known then; the alias itself is not affected.</p>`}
${serves === null ? null : html`<section class="card" id="serves"><h2>What users get</h2><p class="boss">${serves}</p></section>`}
${shown === null ? html`<h1 id="now">No rollout yet in ${environment}</h1>` : shown.page}
<section class="card" id="rollouts"><h2>Rollouts</h2>
${
  rollouts.length === 0
    ? html`<p class="dim">none yet</p>`
    : table(
        ['rollout', 'began', 'from', 'to', 'result', 'took', 'failed'],
        rollouts.map(({ state, arms, condition }) => [
          html`<a href="/rollout/${state.id}">${state.id}</a>`,
          new Date(state.startedAt).toISOString().slice(0, 16).replace('T', ' '),
          state.plan.champion ?? '–',
          state.plan.challenger,
          html`${chip(condition)}`,
          state.endedAt === null ? '–' : formatDuration(state.endedAt - state.startedAt),
          failedShort(state, arms) ?? '–',
        ]),
      )
}
${older === null && newer === null ? null : html`<p>${newer === null ? null : html`<a href="/?from=${newer}#rollouts">newer</a> `}${older === null ? null : html`<a href="/?from=${older}#rollouts">older</a>`}</p>`}</section>
<p class="dim">All times are UTC.</p>`;
}

/** Read out where it changes: words, and no figure that moves with each tick. */
const said = ({ state, condition, metrics }: RolloutView): string =>
  `${state.plan.challenger} ${condition.word}. ${metrics
    .filter(({ word }) => word === 'decided' || word === 'over the limit, not yet proven')
    .map(({ finding, word }) => `${finding.rule}: ${word}`)
    .join('. ')}`;

/** `25 % ● v2.3.0`, for a tab among others. */
export function titleOf({ model, environment, shown, lost }: DashboardView): string {
  if (lost !== null) return `? ${model} ${environment}`;
  if (shown === null) return `${model} ${environment}`;
  const { state, shares, condition } = shown.view;
  const share = shares.versions.find(({ role }) => role === 'challenger')?.readBack ?? 0;
  return `${share} % ● ${state.plan.challenger} ${condition.word}, ${model} ${environment}`;
}

const colours = { run: '2456c7', good: '1a7f37', warn: 'b07800', bad: 'c4202c', rest: '59636e' } as const;

/** A dot in the state's colour. */
export function iconOf({ shown, lost }: DashboardView): Markup {
  const tone = lost !== null ? 'warn' : shown === null ? 'rest' : toneOf(shown.view.condition);
  return html`<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23${colours[tone]}'/%3E%3C/svg%3E">`;
}
