import { harmIn, harmSentence } from './harm-words.ts';
import { formatDuration } from '../domain/parse.ts';
import { unreachable } from '../domain/units.ts';
import type { Finding } from '../domain/verdict.ts';
import { shortHash } from '../engine/approvals.ts';
import { servesAfter } from '../domain/serves-after.ts';
import { currentStep, type RolloutState } from '../engine/state.ts';
import { titleOf, whyBack } from './outcome-words.ts';
import { observedIn } from './progress.ts';
import { percentText, stepTitle } from './words.ts';

/** GitHub drops a step's summary above 1 MiB and leaves the step green; nobody reads so much anyway. */
const mostCharacters = 60_000;
const mostFindings = 8;

/** A rollout as GitHub's job summary shows it: verdict, numbers of both arms, steps. Markdown, safe with any text. */
export function gitHubSummary(state: RolloutState): string {
  const parts = [heading(state), verdict(state), numbers(state), findings(state), steps(state), foot(state)];
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

function verdict(state: RolloutState): string {
  const { outcome, plan } = state;
  if (outcome === null) return `Under way still. Next: \`mlreg status --environment ${plan.environment}\``;
  switch (outcome.kind) {
    case 'succeeded':
    case 'restored':
      return escape(outcome.sentence);
    case 'rolled-back':
      return `**${escape(servesAfter(plan, 'sentence'))}.** ${escape(whyBack(state, outcome))}; ${harmSentence(harmIn(outcome))}.`;
    case 'stuck':
      return [escape(outcome.sentence), ...outcome.mend.map((command) => `- ${code(command)}`)].join('\n\n');
    default:
      return unreachable(outcome);
  }
}

function numbers(state: RolloutState): string {
  const { observations, plan } = state;
  if (observations.length === 0) return '';
  const seen = observedIn(state);
  const { requests = 0, errors = 0, championRequests = 0, championErrors = 0 } = seen;
  const rate = (failed: number, of: number): string => (of === 0 ? '–' : percentText(failed / of, 2));
  return table(
    ['', `champion ${plan.champion ?? '–'}`, `challenger ${plan.challenger}`],
    [
      ['requests judged', String(championRequests), String(requests)],
      ['errors', rate(championErrors, championRequests), rate(errors, requests)],
    ],
  );
}

function findings({ lastVerdict }: RolloutState): string {
  if (lastVerdict === null || lastVerdict.kind === 'unreadable') return '';
  const failed = lastVerdict.kind === 'fail' ? lastVerdict.reason.rule : null;
  const rows = lastVerdict.findings
    .slice(0, mostFindings)
    .map((finding) => [
      finding.rule,
      valueOf(finding, finding.champion),
      valueOf(finding, finding.challenger),
      valueOf(finding, finding.limit),
      finding.rule === failed ? '❌' : '✅',
    ]);
  return rows.length === 0 ? '' : table(['rule', 'champion', 'challenger', 'limit', ''], rows);
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

function steps(state: RolloutState): string {
  const rows = state.plan.steps.map((step, index): readonly string[] => {
    const title = stepTitle(step);
    const done = state.stepsDone.find((entry) => entry.step === index);
    if (done !== undefined) return [title, `✅ ${done.note}`, formatDuration(done.tookMs)];
    if (index !== state.step) return [title, 'not reached', '–'];
    return [title, state.phase === 'forward' ? 'under way' : '❌', '–'];
  });
  return `<details><summary>Steps</summary>\n\n${table(['step', 'result', 'took'], rows)}\n\n</details>`;
}

function foot(state: RolloutState): string {
  const took = formatDuration((state.endedAt ?? state.stepSince) - state.startedAt);
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
  return `${facts.join(' · ')} · ${code(`mlreg ${next} --environment ${state.plan.environment}`)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escape).join(' | ')} |`;
  const rule = `|${head.map((_, column) => (column === 0 ? '---' : '---:')).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** Text and nothing else: no markup, link, image or cell's end that a version's name or a reason could hold. */
const escape = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]|~#!]/g, (mark) => `\\${mark}`)
    .replaceAll('@', '&#64;')
    .replaceAll(/:\/\//g, '&#58;//');

const code = (text: string): string => `\`${text.replaceAll(/[`|]/g, "'")}\``;
