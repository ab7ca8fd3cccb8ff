import { formatDuration } from '../domain/parse.ts';
import { unreachable } from '../domain/units.ts';
import type { Finding } from '../domain/verdict.ts';
import { shortHash } from '../engine/approvals.ts';
import { servesAfter } from '../domain/serves-after.ts';
import { currentStep, type RolloutState } from '../engine/state.ts';
import { titleOf, whyBack } from './outcome-words.ts';
import { msText, thousands } from '../monitor/judge/words.ts';
import type { ArmNumbers } from '../view/failed-requests.ts';
import { type MetricWord, shareOfThreshold } from '../view/metric-word.ts';
import { type StepView, tookText } from '../view/steps.ts';
import type { RolloutView } from '../view/view.ts';
import { percentText } from '../view/words.ts';
import { code, escape, runText, table } from './markdown.ts';
import { count } from './evidence.ts';
import { shadowData } from './shadow-view.ts';

/** GitHub drops a step's summary above 1 MiB and leaves the step green; nobody reads so much anyway. */
const mostCharacters = 60_000;
const mostFindings = 8;

/** A rollout as GitHub's job summary shows it: verdict, numbers of both arms, steps. Markdown, safe with any text. */
export function gitHubSummary(view: RolloutView, run: string | null = null): string {
  const { state } = view;
  const parts = [
    heading(state),
    verdict(view),
    numbers(view),
    findings(view),
    evidence(view),
    differences(state),
    steps(view),
    foot(view, run),
  ];
  const text = `${parts.filter((part) => part !== '').join('\n\n')}\n`;
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}\n\n... cut\n` : text;
}

/** One result word, the same in outputs: `succeeded`, `rolled-back`, `aborted`, `stuck`, `not-finished`. */
export function resultOf({ outcome }: RolloutState): string {
  if (outcome === null) return 'not-finished';
  if (outcome.kind !== 'rolled-back') return outcome.kind;
  return outcome.cause.kind === 'abort' ? 'aborted' : 'rolled-back';
}

function heading(state: RolloutState): string {
  const { plan, outcome } = state;
  const place = `${plan.model} · ${plan.environment}`;
  const { mark, words } = titleOf(state);
  return `## ${mark} ${escape(place)}: ${escape(plan.challenger)} ${outcome === null ? words : escape(words)}`;
}

function verdict(view: RolloutView): string {
  const { state, headline, failed, next } = view;
  const { outcome, plan } = state;
  if (outcome === null)
    return [escape(headline), ...next.map((command) => `- ${code(command)}`)].join('\n\n');
  switch (outcome.kind) {
    case 'succeeded':
    case 'restored':
      return escape(outcome.sentence);
    case 'rolled-back':
      return `**${escape(servesAfter(plan, 'sentence'))}.** ${escape(whyBack(state, outcome))}. To ${escape(plan.challenger)}: ${escape(failed)}.`;
    case 'stuck':
      return [escape(outcome.sentence), ...outcome.mend.map((command) => `- ${code(command)}`)].join('\n\n');
    default:
      return unreachable(outcome);
  }
}

function numbers({ state, arms }: RolloutView): string {
  const { observations, plan } = state;
  if (observations.length === 0) return '';
  const { champion, challenger } = arms;
  const rate = ({ failed, requests }: ArmNumbers): string =>
    requests === 0 ? '–' : percentText(failed / requests, 2);
  const ms = (value: number | null): string => (value === null ? '–' : msText(value));
  return table(
    ['', `champion ${plan.champion ?? '–'}`, `challenger ${plan.challenger}`],
    [
      ['requests judged', thousands(champion.requests), thousands(challenger.requests)],
      ['errors', rate(champion), rate(challenger)],
      ...(champion.p50 === null && challenger.p50 === null
        ? champion.meanMs === null && challenger.meanMs === null
          ? []
          : [['mean', ms(champion.meanMs), ms(challenger.meanMs)]]
        : [
            ['p50', ms(champion.p50), ms(challenger.p50)],
            ['p95', ms(champion.p95), ms(challenger.p95)],
          ]),
    ],
  );
}

const marks: Readonly<Record<MetricWord, string>> = {
  decided: '❌ decided',
  'over the limit, not yet proven': '▲ over the limit, not yet proven',
  within: '✅ within',
  'too early': '… too early',
};

function findings({ metrics }: RolloutView): string {
  const rows = metrics
    .slice(0, mostFindings)
    .map(({ finding, allowed, word }) => [
      finding.rule,
      valueOf(finding, finding.champion),
      valueOf(finding, finding.challenger),
      valueOf(finding, allowed),
      evidenceShare(finding),
      marks[word],
    ]);
  return rows.length === 0 ? '' : table(['rule', 'champion', 'challenger', 'allowed', 'evidence', ''], rows);
}

/** How far it is on the way to a rollback by itself: 100 % decides. */
const evidenceShare = (finding: Finding): string => {
  const share = shareOfThreshold(finding);
  return share === null ? '–' : `${Math.min(100, Math.round(100 * share))} %`;
};

/** All metrics together, as a bar of ten that any reader can see. */
function evidence({ evidence: all }: RolloutView): string {
  if (all === null) return '';
  const share = shareOfThreshold({ evidence: all.value, threshold: all.threshold });
  if (share === null) return '';
  const full = Math.min(10, Math.floor(10 * share));
  return `Evidence against the challenger: ${'█'.repeat(full)}${'░'.repeat(10 - full)} ${count(all.value)}, rolls back at ${count(all.threshold)}`;
}

/** In what a shadow's answers differed, the most frequent first. */
function differences(state: RolloutState): string {
  const shadow = shadowData(state);
  if (shadow === null) return '';
  const said =
    shadow.disagreement === null
      ? 'No answers were compared.'
      : `${percentText(shadow.disagreement)} of ${thousands(shadow.compared)} answers differ; ${
          shadow.allowed === null
            ? 'nothing was compared against a limit.'
            : `${percentText(shadow.allowed)} allowed.`
        }`;
  const rows = (shadow.report?.rows ?? [])
    .slice(0, mostFindings)
    .map(({ direction, champion, challenger, count: times }) => [
      champion ?? '–',
      challenger ?? '–',
      direction === 'other' ? '–' : direction,
      thousands(times),
    ]);
  return rows.length === 0
    ? escape(said)
    : `${escape(said)}\n\n${table(['champion answered', 'challenger answered', 'score', 'times'], rows)}`;
}

function valueOf({ unit }: Finding, value: number | null): string {
  if (value === null) return '–';
  switch (unit) {
    case 'share':
      return percentText(value, 2);
    case 'ms':
      return `${Math.round(value)} ms`;
    case 'per-minute':
      return `${Math.round(value * 10) / 10} a minute`;
    case 'ratio':
      return `${Math.round(value * 100) / 100} ×`;
    default:
      return unreachable(unit);
  }
}

const stepMarks: Readonly<Record<StepView['mark'], string>> = {
  done: '✅ ',
  now: '⏳ ',
  failed: '❌ ',
  aborted: '⏹️ ',
  stuck: '🚨 ',
  'not-reached': '',
  'to-come': 'to come',
};

function steps({ steps: all }: RolloutView): string {
  const rows = all.map((step) => [step.title, `${stepMarks[step.mark]}${step.note}`, tookText(step)]);
  return `<details><summary>Steps</summary>\n\n${table(['step', 'result', 'took'], rows)}\n\n</details>`;
}

function foot({ state, now }: RolloutView, run: string | null): string {
  const took = formatDuration(Math.max(0, (state.endedAt ?? now) - state.startedAt));
  const facts = [
    `Rollout ${code(state.id)}`,
    escape(state.plan.strategy),
    took,
    `by ${escape(state.by.name)}`,
    ...(state.reason === '' ? [] : [escape(state.reason)]),
    ...(state.planHash === undefined ? [] : [`plan ${code(shortHash(state.planHash))}`]),
    ...(state.approvals.length === 0
      ? []
      : [`approved by ${state.approvals.map(({ name }) => escape(name)).join(', ')}`]),
  ];
  const next =
    currentStep(state)?.kind === 'approve' && state.phase === 'forward' ? 'status' : `show ${state.id}`;
  const parts = [...facts, code(`mlreg ${next} --environment ${state.plan.environment}`)];
  return [...parts, ...(run === null ? [] : [runText(run)])].join(' · ');
}
