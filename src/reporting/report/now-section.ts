import { formatDuration } from '../../domain/parse.ts';
import { servesAfter } from '../../domain/serves-after.ts';
import { digits } from '../../monitor/judge/words.ts';
import { answerOf } from '../../view/answer.ts';
import { clock, type Condition, headlineParts, rounded } from '../../view/condition.ts';
import type { Shares } from '../../view/serving-share.ts';
import { isBad, type StepGroup, stepGroups } from '../../view/step-groups.ts';
import type { RolloutView } from '../../view/view.ts';
import { whyBack } from '../outcome-words.ts';
import { html, type Markup } from './html.ts';

type Tone = 'run' | 'good' | 'warn' | 'bad' | 'rest';

const tones: Readonly<Record<Condition['kind'], readonly [Tone, sign: string]>> = {
  preparing: ['run', '◌'],
  baking: ['run', '●'],
  paused: ['warn', '‖'],
  held: ['warn', '‖'],
  'waiting-for-approval': ['warn', '?'],
  'metrics-unreadable': ['warn', '?'],
  'rolling-back': ['bad', '↩'],
  'rolled-back': ['bad', '↩'],
  promoted: ['good', '✔'],
  ended: ['rest', '■'],
  stuck: ['bad', '!'],
};

export const toneOf = ({ kind }: Condition): Tone => tones[kind][0];

/** Each condition's sign and word; never a colour alone. */
export const chip = (condition: Condition): Markup =>
  html`<span class="chip ${tones[condition.kind][0]}"><i aria-hidden="true">${tones[condition.kind][1]}</i> ${condition.word}</span>`;

/** The top of the page: state, why, until when, what happens then, who gets what, how far it is, and what to type. */
export function nowSection(view: RolloutView): Markup {
  const { state, condition, now, next } = view;
  const { plan } = state;
  const { lead, since, why, until } = headlineParts(state, condition, now);
  const took = rounded((state.endedAt ?? now) - state.startedAt);
  const kind = condition.kind;
  const rest = kind === 'rolled-back' ? backText(view) : tidy(why);
  return html`<section class="now ${toneOf(condition)}" id="now" aria-label="State of the rollout">
<p class="kicker">${chip(condition)} <span>${plan.strategy} ${plan.champion ?? 'nothing'} → <b>${plan.challenger}</b></span> <span class="dim">${state.id}, by ${state.by.name}, ${took}</span></p>
<h1>${kind === 'stuck' ? `${plan.challenger} is stuck: a person must act` : upperFirst(lead)}</h1>
${rest === '' ? null : html`<p class="why">${rest}</p>`}
<p class="when"><span>${tidy(since)}</span>${until === '' ? null : html` <b>${upperFirst(tidy(until))}</b>`}</p>
${sharesBar(view.shares)}
${rail(view)}
${next.length === 0 ? null : html`<p class="next"><span>${kind === 'stuck' ? 'Choose' : 'Next'}</span> ${next.map((command) => html`<code>${command}</code> `)}</p>`}
</section>`;
}

function backText({ state }: RolloutView): string {
  const { outcome, plan } = state;
  return outcome?.kind === 'rolled-back'
    ? `${servesAfter(plan, 'sentence')}. ${whyBack(state, outcome)}`
    : '';
}

/** Without the sign that joins it to the words before. */
const tidy = (text: string): string => text.replace(/^[;:,]?\s*(?:and )?/, '').replace(/^\((.*)\)$/, '$1');

/** A version's name keeps its letters. */
const upperFirst = (text: string): string =>
  /^[a-z][a-z']* /.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;

/** Who gets what, as it was read back, and as the requests were counted. */
function sharesBar({ versions, readAt, isShadow }: Shares): Markup {
  const inOrder = versions.toReversed();
  const planned = versions.find(({ planned: wanted, readBack }) => wanted !== readBack);
  const seen = versions.find((version) => version.seen !== null && version.role === 'challenger');
  return html`<div class="traffic"><div class="bar">${inOrder
    .filter(({ readBack }) => readBack > 0)
    .map(
      ({ version, role, readBack }) =>
        html`<span class="${role}" style="width:${readBack}%">${readBack < 12 ? null : html`<b>${version}</b> ${digits(readBack)} %`}</span>`,
    )}</div>
<p class="dim">${inOrder.map(({ version, readBack }) => `${version} ${digits(readBack)} %`).join(', ')} of users, read back ${clock(readAt)}${seen === undefined ? '' : `; counted ${(seen.seen ?? 0).toFixed(1)} % on ${seen.version}`}${planned === undefined ? '' : `; planned ${digits(planned.planned)} % on ${planned.version}`}${isShadow ? '; copies of requests go to the challenger' : ''}</p></div>`;
}

function rail(view: RolloutView): Markup {
  const groups = stepGroups(view).filter(
    ({ isBetween, steps }) => !isBetween || steps.some(({ mark }) => mark === 'now' || isBad(mark)),
  );
  return html`<ol class="rail">${groups.map(groupMarkup)}</ol>`;
}

function groupMarkup({ name, steps, of }: StepGroup): Markup {
  const ms = steps.reduce((sum, { tookMs }) => sum + (tookMs ?? 0), 0);
  const bad = steps.find(({ mark }) => isBad(mark));
  const isNow = steps.some(({ mark }) => mark === 'now');
  const isDone = steps.every(({ mark }) => mark === 'done');
  const isBegun = steps.some(({ mark }) => mark === 'done');
  const [look, sign, note] =
    bad !== undefined
      ? ['bad', '✖', bad.mark]
      : isNow
        ? ['here', '●', `${rounded(ms)}${of === null ? '' : ` of ${formatDuration(of)}`}`]
        : isDone
          ? ['done', '✔', rounded(ms)]
          : [
              isBegun ? 'here' : 'later',
              isBegun ? '●' : '○',
              steps.some(({ mark }) => mark === 'not-reached')
                ? 'not reached'
                : of === null
                  ? 'to come'
                  : formatDuration(of),
            ];
  const part = isNow && of !== null && of > 0 ? Math.min(100, Math.round((100 * ms) / of)) : null;
  return html`<li class="${look}"${isNow ? html` aria-current="step"` : null}><b><i aria-hidden="true">${sign}</i> ${name}</b><span>${note}</span>${part === null ? null : html`<i class="fill" style="width:${part}%"></i>`}</li>`;
}

/** Whether the challenger is worse, first of all: one sentence, with a sign. */
export function answerMarkup(view: RolloutView): Markup {
  const { word, sentence } = answerOf(view);
  const [tone, sign] = answers[word];
  return html`<p class="answer ${tone}" id="answer"><i aria-hidden="true">${sign}</i> ${upperFirst(sentence)}</p>`;
}

const answers: Readonly<Record<ReturnType<typeof answerOf>['word'], readonly [Tone, string]>> = {
  worse: ['bad', '✖'],
  'perhaps worse': ['warn', '▲'],
  'no worse so far': ['good', '✔'],
  'too early': ['rest', '○'],
  unknown: ['warn', '?'],
  'not judged': ['rest', '○'],
};
