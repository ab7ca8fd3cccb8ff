import type { Entry } from '../domain/journal.ts';
import type { Notice } from '../domain/notice.ts';
import { formatDuration } from '../domain/parse.ts';
import { servesAfter } from '../domain/serves-after.ts';
import { unreachable } from '../domain/units.ts';
import type { Finding } from '../domain/verdict.ts';
import { msText, percentText } from '../monitor/judge/words.ts';
import { valueText } from './finding-value.ts';
import { heldText } from '../engine/decide-rebuild.ts';
import { challengerShare, type RolloutState } from '../engine/state.ts';
import { conditionOf } from './condition.ts';
import { armsOf, type ArmNumbers, type BothArms, failedText } from './failed-requests.ts';
import { restoredWords } from './rebuilt.ts';

/** What SNS takes of a subject, and a telephone shows. */
const mostSubject = 99;

/**
 * What people are told of an entry, null for most. It is made of the journal alone, so whoever reads the journal again, in
 * another process and after a crash, makes the very same notice under the same id.
 * @param state after the entry
 * @param place the account and Region, or the emulator: the same for all of an environment
 */
export function noticeOf(state: RolloutState, entry: Entry, place = placeOf(state)): Notice | null {
  const said = sayingOf(state, entry);
  if (said === null) return null;
  const { plan, id } = state;
  const { progress, what, why = '', more = [] } = said;
  const command = said.command ?? `mlreg status --environment ${plan.environment}`;
  const subject = cut(
    `[${plan.environment}] ${plan.model} ${plan.challenger} ${what}${why === '' ? '' : `: ${why}`}`,
  );
  const facts = factsOf(state, entry, place);
  return {
    eventId: `${id}/${entry.seq}`,
    at: entry.at,
    rollout: id,
    environment: plan.environment,
    model: plan.model,
    version: plan.challenger,
    progress,
    subject,
    facts,
    command,
    body: [subject, ...more, ...facts.map(([name, text]) => `${name}: ${text}`), `next: ${command}`].join(
      '\n',
    ),
  };
}

const cut = (text: string): string =>
  text.length <= mostSubject ? text : `${text.slice(0, mostSubject - 3)}...`;

/** A local environment is the emulator; another's account stands in the caller's ARN, where AWS was asked. */
function placeOf({ plan, by }: RolloutState): string {
  if (plan.environment === 'local') return 'local emulator';
  const account = by.identity?.arn?.split(':')[4];
  return account === undefined || account === '' ? 'AWS' : `AWS account ${account}`;
}

function factsOf(state: RolloutState, { at }: Entry, place: string): NonNullable<Notice['facts']> {
  const { plan, id, by, startedAt, reason, observations } = state;
  const { champion, challenger } = armsOf(observations);
  const run = by.identity?.run;
  return [
    ['where', place],
    ['rollout', `${id}, ${plan.strategy} ${plan.champion ?? 'nothing'} -> ${plan.challenger}`],
    ['by', `${by.name}${reason === '' ? '' : `: ${reason}`}`],
    ['for', formatDuration(Math.max(0, at - startedAt))],
    ...(challenger.requests + champion.requests === 0
      ? []
      : ([
          ['challenger', armText(challenger)],
          ['champion', armText(champion)],
          ['failed', failedText(state)],
        ] as const)),
    ...(run === undefined ? [] : ([['job', run]] as const)),
  ];
}

function armText({ requests, failed, p95, meanMs }: ArmNumbers): string {
  if (requests === 0) return 'no requests';
  const time =
    p95 !== null ? `, p95 ${msText(p95)}` : meanMs !== null ? `, ${msText(meanMs)} in the mean` : '';
  return `${requests} requests, ${percentText(failed / requests)} errors${time}`;
}

interface Saying {
  readonly progress: Notice['progress'];
  /** What became of the version, for the subject. */
  readonly what: string;
  readonly why?: string;
  /** Further lines of the body. */
  readonly more?: readonly string[];
  readonly command?: string;
}

function sayingOf(state: RolloutState, entry: Entry): Saying | null {
  const { plan, reason, committed, breach } = state;
  const { strategy } = plan;
  switch (entry.kind) {
    case 'started':
      return {
        progress: 'begun',
        what: `${strategy} began`,
        why: `from ${plan.champion ?? 'nothing'}`,
        ...(reason === '' ? {} : { more: [`reason: ${reason}`] }),
      };
    case 'held': {
      if (entry.over === true) return null;
      const isBreach = breach !== null && breach.dismissedBy === null;
      const { deadline, kind } = conditionOf(state, entry.at);
      const until =
        deadline === null
          ? []
          : [`unless somebody acts: ${deadline.then} at ${new Date(deadline.at).toISOString()}`];
      return {
        progress: 'waiting',
        what: kind === 'waiting-for-approval' ? 'WAITS FOR APPROVAL' : `HELD at ${challengerShare(state)} %`,
        why: isBreach ? short(breach.finding, armsOf(state.observations)) : '',
        more: [entry.why, ...until],
      };
    }
    case 'rolling-back':
      return {
        progress: 'going-back',
        what: 'IS BEING ROLLED BACK',
        why: whyShort(state, entry.cause),
        more: [entry.cause.sentence, ...(entry.lost === undefined ? [] : [heldText(state, entry.lost)])],
      };
    case 'labelled':
      return entry.as === 'promoted'
        ? { progress: 'promoted', what: 'PROMOTED', why: 'it serves everybody' }
        : null;
    case 'ended':
      switch (entry.outcome.kind) {
        case 'stuck':
          return {
            progress: 'stuck',
            what: 'STUCK, a person must act',
            why: entry.outcome.sentence,
            more: [entry.outcome.sentence, ...entry.outcome.mend.map((command) => `choose: ${command}`)],
            ...(entry.outcome.mend[0] === undefined ? {} : { command: entry.outcome.mend[0] }),
          };
        case 'rolled-back':
          return {
            progress: 'rolled-back',
            what: plan.shadow === undefined ? 'ROLLED BACK' : 'FAILED IN SHADOW',
            why: whyShort(state, entry.outcome.cause),
            more: [servesAfter(plan, 'sentence'), entry.outcome.cause.sentence],
            command: `mlreg show ${state.id} --environment ${plan.environment}`,
          };
        case 'succeeded':
          // Who was promoted has been told.
          if (committed) return null;
          return { progress: 'ended', what: `${strategy} ended`, why: entry.outcome.sentence };
        case 'restored':
          return {
            progress: 'ended',
            what: restoredWords(state, entry.outcome),
            why: entry.outcome.sentence,
          };
        default:
          return unreachable(entry.outcome);
      }
    default:
      return null;
  }
}

/** Figures where a verdict decided; else the cause's own sentence. */
function whyShort(
  { lastVerdict, observations }: RolloutState,
  cause: { readonly kind: string; readonly sentence: string },
): string {
  return cause.kind === 'verdict' && lastVerdict?.kind === 'fail'
    ? short(lastVerdict.reason, armsOf(observations))
    : cause.sentence;
}

const metrics: Readonly<Record<Finding['metric'], string>> = {
  errors: 'errors',
  throttles: 'throttled',
  latency: 'latency',
  'endpoint-errors': 'endpoint errors',
  refusals: 'refused',
  'sample-ratio': 'of the requests',
  disagreement: 'of the answers differ',
};

/** `30 % errors, champion 0 %`. */
function short(finding: Finding, arms: BothArms): string {
  const { metric, champion, challenger, rule, sentence, unit } = finding;
  if (challenger === null) return sentence;
  // So many a minute says nothing to who does not know how many requests there are.
  if (unit === 'per-minute' && arms.challenger.failed > 0)
    return [
      `${rateOf(arms.challenger)} errors`,
      ...(arms.champion.requests === 0 ? [] : [`champion ${rateOf(arms.champion)}`]),
    ].join(', ');
  const name = metric === 'latency' ? (/^p\d+/.exec(rule)?.[0] ?? 'latency') : metrics[metric];
  const figure = valueText(finding, challenger);
  const text = metric === 'latency' && finding.unit === 'ms' ? `${name} ${figure}` : `${figure} ${name}`;
  return champion === null ? text : `${text}, champion ${valueText(finding, champion)}`;
}

const rateOf = ({ failed, requests }: ArmNumbers): string => percentText(failed / requests);
