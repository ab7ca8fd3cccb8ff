import type { ChalkInstance } from 'chalk';
import type { Entry } from '../domain/journal.ts';
import { formatDuration } from '../domain/parse.ts';
import { needText } from '../domain/need-text.ts';
import type { Observation } from '../domain/observation.ts';
import { type Instant, unreachable } from '../domain/units.ts';
import type { Finding, Verdict } from '../domain/verdict.ts';
import { beforeAfter, type BeforeAfter } from '../monitor/judge/compare/before-after.ts';
import { errorIntervals, type ErrorIntervals } from '../monitor/judge/evidence/error-intervals.ts';
import { latencyIntervals, type LatencyIntervals } from '../monitor/judge/evidence/latency-intervals.ts';
import { requestsText, thousands } from '../monitor/judge/words.ts';
import { valueText } from '../view/finding-value.ts';
import { evidenceIn } from '../engine/clock-set-back.ts';
import { createReplay, type Reason, type Replayed } from '../engine/replay-judge.ts';
import type { RolloutState } from '../engine/state.ts';
import { verdictOn } from '../engine/verdict-on.ts';
import { beforeText, intervalText, latencyText } from './interval-text.ts';
import { type MetricSource, metricSource, sourceText } from './metric-source.ts';

/** All that a person needs in order to believe the verdict that decided a rollout, or to doubt it. */
export interface Evidence {
  readonly verdict: Verdict['kind'];
  /** What was done because of it. */
  readonly action: string;
  readonly at: Instant;
  readonly sentence: string;
  /** The rule that decided; the strongest where none did. Null where nothing was judged. */
  readonly finding: Finding | null;
  /** All metrics' evidence, which decides together; null where none failed, and for a planned look. */
  readonly together: { readonly evidence: number; readonly threshold: number } | null;
  /** Of the finding's numbers: how many ticks count, and from when to when they are. */
  readonly window: {
    readonly ticks: number;
    /** The tick that decided, from 1. */
    readonly tick: number;
    readonly from: Instant;
    readonly to: Instant;
  } | null;
  /** Where the challenger's errors lie beside the champion's; null where they were not compared. */
  readonly errors: ErrorIntervals | null;
  /** Where both arms' p95 of the latency lies; null where they report no histograms. */
  readonly latency: LatencyIntervals | null;
  /** With all traffic on the challenger: its errors beside the champion's last hour. Decides nothing. */
  readonly before: BeforeAfter | null;
  readonly source: MetricSource | null;
  readonly challengerRequests: number;
  readonly harmedRequests: number;
  readonly next: readonly string[];
}

/** Of a rollout that runs as it is judged now, else of the last verdict in the journal; null where there is none yet. */
export function evidenceOf(state: RolloutState, entries: readonly Entry[]): Evidence | null {
  const entry = judgedNow(state, entries) ?? entries.findLast((one) => one.kind === 'verdict');
  if (entry === undefined) return null;
  const { verdict, at } = entry;
  const action = doneAbout(state, entry.action);
  const known = { verdict: verdict.kind, action, at, next: nextOf(state) };
  if (verdict.kind === 'unreadable') {
    const nothing = {
      finding: null,
      together: null,
      window: null,
      errors: null,
      latency: null,
      before: null,
      source: null,
    };
    return { ...known, ...nothing, sentence: verdict.why, challengerRequests: 0, harmedRequests: 0 };
  }
  const seen = evidenceIn(entries.filter(({ seq }) => seq < entry.seq));
  const failing = verdict.kind === 'fail' ? failingTick(state, seen) : null;
  const until = failing === null ? seen : seen.slice(0, failing.tick);
  const finding = verdict.kind === 'fail' ? verdict.reason : (verdict.findings[0] ?? null);
  return {
    ...known,
    sentence: shortVerdict(verdict, { action, failed: failedIn(until) }),
    finding,
    together: togetherOf(failing?.reason ?? null),
    window: finding === null ? null : windowOf(finding, until),
    errors: errorIntervals(state.plan.policy, until),
    latency: latencyIntervals(state.plan.policy, until),
    before: beforeAfter(state.plan.policy, until),
    source: finding === null ? null : metricSource(state, finding.metric),
    challengerRequests: verdict.challengerRequests,
    harmedRequests: verdict.harmedRequests,
  };
}

type Judged = Pick<Extract<Entry, { kind: 'verdict' }>, 'verdict' | 'action' | 'at' | 'seq'>;

/** The last bake's verdict says nothing of the present one. */
function judgedNow(state: RolloutState, entries: readonly Entry[]): Judged | null {
  const verdict = verdictOn(state);
  const last = entries.at(-1);
  if (verdict === null || last === undefined) return null;
  return { verdict, action: 'watching', at: state.lastObservedAt ?? last.at, seq: last.seq + 1 };
}

/** What the journal meant to do is not done yet while it is under way, nor where it ended stuck. */
function doneAbout({ outcome, phase }: RolloutState, meant: string): string {
  if (meant !== 'roll back' || outcome?.kind === 'rolled-back') return meant;
  if (outcome?.kind === 'stuck') return 'roll back, which did not succeed';
  return phase === 'rolling-back' ? 'rolling back' : meant;
}

/** One sentence: `9 of 212 challenger requests failed (4.2 %), champion 5 of 540 (0.93 %). Odds of this by chance: 1 in 3,800; rolled back after 212 challenger requests, 9 of them failed`. */
export function shortVerdict(
  verdict: Verdict,
  { action, failed }: { readonly action: string | null; readonly failed: number },
): string {
  if (verdict.kind === 'unreadable') return `metrics unreadable: ${verdict.why}`;
  const { challengerRequests, harmedRequests } = verdict;
  const harm =
    harmedRequests > failed
      ? `${thousands(harmedRequests)} of them failed or too slow`
      : `${thousands(failed)} of them failed`;
  const counted = `${thousands(challengerRequests)} challenger ${challengerRequests === 1 ? 'request' : 'requests'}, ${harm}`;
  switch (verdict.kind) {
    case 'fail':
      return `${withoutCounts(verdict.reason.sentence)}; ${action === 'roll back' ? 'rolled back' : 'failed'} after ${counted}`;
    case 'pass':
      return `nothing breached in ${counted}${provenText(verdict)}${deferredText(verdict)}`;
    case 'insufficient': {
      const more = needText(
        verdict.needRequests,
        challengerRequests,
        (need) => `, about ${thousands(need)} more requests would do`,
      );
      return `not enough to tell: ${verdict.why}${more}${deferredText(verdict)}`;
    }
    default:
      return unreachable(verdict);
  }
}

/** What does not roll back, for users may explain it. */
const deferredText = ({ deferred }: Exclude<Verdict, { kind: 'unreadable' }>): string =>
  deferred === undefined ? '' : `; ${deferred}`;

function provenText({ nonInferior, needRequests }: Extract<Verdict, { kind: 'pass' }>): string {
  if (nonInferior) return '; shown to be no worse than the champion';
  if (needRequests === undefined) return '';
  const about = thousands(Number(needRequests.toPrecision(2)));
  return `; about ${about} more requests would show that it fails no more than the promote margin allows`;
}

/** Failed requests of the challenger. */
export function failedIn(observations: readonly Observation[]): number {
  return observations.reduce((sum, { challenger }) => sum + (challenger?.errors ?? 0), 0);
}

/** The evidence under its names, for `mlreg show`. */
export function evidenceText(evidence: Evidence, tickMs: number, paint: ChalkInstance): string {
  return evidenceRows(evidence, tickMs)
    .map(([name, text]) => `  ${paint.dim(name.padEnd(10))} ${text}`)
    .join('\n');
}

/** Names and texts; further lines of the same name have none. */
export function evidenceRows(evidence: Evidence, tickMs: number): readonly (readonly [string, string])[] {
  const { finding, together, window, errors, latency, before, source } = evidence;
  const rows: (readonly [string, string])[] = [['said', evidence.sentence]];
  if (finding !== null) rows.push(...findingRows(finding));
  if (together !== null) {
    rows.push([
      'together',
      `${count(together.evidence)} of all metrics, rolls back at ${count(together.threshold)}`,
    ]);
  }
  if (window !== null) {
    rows.push([
      'window',
      `${window.ticks} ${window.ticks === 1 ? 'tick' : 'ticks'} of ${formatDuration(tickMs)}, ${time(window.from)} to ${time(window.to)}; decided at tick ${window.tick}`,
    ]);
  }
  if (errors !== null) rows.push(['errors', intervalText(errors)]);
  if (latency !== null) rows.push(['latency', latencyText(latency)]);
  if (before !== null) rows.push(['before', beforeText(before)]);
  if (source !== null) rows.push(['numbers', sourceText(source)]);
  rows.push(['action', `${evidence.action}, ${time(evidence.at)}`]);
  rows.push(...evidence.next.map((line, index) => [index === 0 ? 'next' : '', line] as const));
  return rows;
}

export function findingRows(finding: Finding): readonly (readonly [string, string])[] {
  const { champion, challenger, limit } = finding;
  const side = (value: number | null, requests: number): string =>
    `${value === null ? 'no number' : valueText(finding, value)} over ${requestsText(requests)}`;
  return [
    ['rule', finding.rule],
    ['champion', side(champion, finding.championRequests)],
    [
      'challenger',
      `${side(challenger, finding.challengerRequests)}${limit === null ? '' : `, limit ${valueText(finding, limit)}`}`,
    ],
    ['evidence', `${count(finding.evidence)}, decides alone at ${count(finding.threshold)}`],
  ];
}

/** `231.4`, `1.2e+8`, `never` where no evidence would decide. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return 'never';
  return value >= 1e6 ? value.toExponential(1) : String(Math.round(value * 10) / 10);
}

const time = (at: Instant): string => new Date(at).toISOString();

/** The requests in brackets at its end are told in other words. */
const withoutCounts = (sentence: string): string => sentence.replace(/(?: \([^()]*\)|\.)$/, '');

/** A look after an absence reads many ticks at once: the one that failed may be an earlier one. */
function failingTick(state: RolloutState, seen: readonly Observation[]): Replayed | null {
  const replay = createReplay({
    policy: state.plan.policy,
    salt: state.salt,
    gathersHistory: false,
    bakes: null,
  });
  for (const observation of seen) replay.push(observation);
  const result = replay.result();
  return result.decision === 'rollback' ? result : null;
}

function togetherOf(reason: Reason | null): Evidence['together'] {
  if (reason === null || reason.threshold === reason.finding.threshold) return null;
  return { evidence: reason.evidence, threshold: reason.threshold };
}

function windowOf(finding: Finding, seen: readonly Observation[]): Evidence['window'] {
  const last = seen.at(-1);
  if (last === undefined) return null;
  const counted = seen.filter((tick) => counts(finding, tick));
  const first = counted[Math.max(0, counted.length - finding.ticks)] ?? last;
  return {
    ticks: finding.ticks,
    tick: seen.length,
    from: (first.at - first.tickMs) as Instant,
    to: last.at,
  };
}

/** A comparison needs both arms throughout the tick; a limit needs the challenger. */
function counts({ limit, metric }: Finding, { champion, challenger, straddlesChange }: Observation): boolean {
  if (challenger === null) return false;
  if (limit !== null && metric !== 'sample-ratio') return true;
  return champion !== null && straddlesChange !== true;
}

function nextOf(state: RolloutState): readonly string[] {
  const { id, outcome, plan } = state;
  const at = `--environment ${plan.environment}`;
  const again = [
    `mlreg show ${id} --observations ${at} > ${id}.ndjson`,
    `mlreg replay ${id}.ndjson   judges it again; --policy FILE under another policy`,
  ];
  if (outcome?.kind === 'stuck') return outcome.mend;
  if (outcome?.kind === 'succeeded') return [`mlreg status ${at}`, ...again];
  if (outcome?.kind === 'rolled-back') {
    return [
      ...again,
      `mlreg register VERSION --artifact URI ${at}   the fixed model, under a version of its own`,
    ];
  }
  return [`mlreg promote ${at}`, `mlreg abort ${at}`, ...again];
}
