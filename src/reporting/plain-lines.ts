import type { RollbackCause } from '../domain/journal.ts';
import { challengerShare, currentStep, type RolloutState } from '../engine/state.ts';
import { type AnnotationLevel, annotation, beginGroup, endGroup } from './github.ts';
import type { Output } from './output.ts';
import type { Event } from '../view/progress.ts';
import { stepTitle } from '../view/words.ts';

/** A line for what happened at least so often, while nothing else does. */
export const heartbeatMs = 60_000;

export interface PlainLines {
  readonly onEvent: (event: Event, state: RolloutState) => void;
  readonly onBeat: (state: RolloutState) => void;
  readonly stop: () => void;
}

/** For pipes and CI: one event a line, UTC, key=value. GitHub's runner also gets a fold and annotations. */
export function plainLines(output: Output, now: () => number): PlainLines {
  let last = now();
  let isFolded = false;
  const failing = { text: '', times: 0 };
  /** The same failure again is no news; that it goes on is, once in a while. */
  const isOldNews = ({ type, text }: Event): boolean => {
    if (type !== 'effect.failed') return false;
    failing.times = text === failing.text ? failing.times + 1 : 1;
    failing.text = text;
    return failing.times > 1 && now() - last < heartbeatMs;
  };
  const fold = (isWanted: boolean): void => {
    if (isWanted !== isFolded) output.command(isWanted ? beginGroup('prepare') : endGroup);
    isFolded = isWanted;
  };
  const line = (at: number, type: string, fields: string, text: string): void => {
    last = now();
    const time = new Date(at).toISOString().slice(11, 19);
    output.say(`${time}Z ${type.padEnd(15)} ${fields}${fields === '' ? '' : ' '}| ${text}`);
  };
  return {
    onEvent: (event, state) => {
      const kind = currentStep(state)?.kind;
      // What is no news to people, and all there is to see where preparing fails.
      const isPreparing = state.phase === 'forward' && (kind === 'provision' || kind === 'smoke');
      fold(isPreparing && event.type !== 'rollout.start');
      const isDue = event.type === 'observed' && now() - last >= heartbeatMs;
      if (event.level === 'detail' && !isDue && !(isFolded && output.forGitHub)) return;
      if (isOldNews(event)) return;
      const times = event.type === 'effect.failed' && failing.times > 1 ? ` (${failing.times} times)` : '';
      const fields = Object.entries(event.fields).map(
        ([name, value]) =>
          `${name}=${typeof value === 'string' && /\s|=/.test(value) ? JSON.stringify(value) : value}`,
      );
      if (event.type === 'observed') fields.push(`share=${challengerShare(state)}%`);
      line(event.at, event.type, fields.join(' '), event.text + times);
      const found = annotationOf(event, state);
      if (found !== null) output.command(annotation(found.level, found.title, event.text));
    },
    onBeat: (state) => {
      if (now() - last < heartbeatMs) return;
      const step = currentStep(state);
      const place = `step=${Math.min(state.step + 1, state.plan.steps.length)}/${state.plan.steps.length} share=${challengerShare(state)}%`;
      const title = step === undefined ? 'ending' : stepTitle(step);
      const why = state.heldSince === null ? '' : `: ${state.heldWhy}`;
      line(now(), 'heartbeat', place, state.phase === 'forward' ? `${title}${why}` : 'rolling back');
    },
    stop: () => fold(false),
  };
}

interface Annotation {
  readonly level: AnnotationLevel;
  readonly title: string;
}

/** GitHub shows about ten of a kind for a step: one for what a rollout came to, and one for each wait for a person. */
function annotationOf({ type, fields }: Event, { plan, rollback, outcome }: RolloutState): Annotation | null {
  switch (type) {
    case 'rollback.start':
      return rollback === null ? null : causeAnnotation(rollback.cause, plan.challenger);
    case 'hold':
      return { level: 'warning', title: `${plan.challenger} waits for a person` };
    case 'rollout.end':
      if (outcome?.kind === 'stuck') return { level: 'error', title: `${plan.environment} is stuck` };
      return fields.result === 'succeeded'
        ? { level: 'notice', title: `${plan.challenger} succeeded` }
        : null;
    default:
      return null;
  }
}

function causeAnnotation({ kind }: RollbackCause, version: string): Annotation {
  const isFault = kind === 'verdict' || kind === 'step-failed' || kind === 'credentials';
  return { level: isFault ? 'error' : 'warning', title: `${version} ${causeWords[kind]}` };
}

/** One wording for a log's annotations and for the summary's title. */
export const causeWords = {
  verdict: 'rolled back',
  abort: 'aborted',
  interrupt: 'rolled back, interrupted',
  'step-failed': 'rolled back, a step failed',
  'held-too-long': 'rolled back, nobody answered',
  credentials: 'rolled back, the credentials failed',
} as const satisfies Record<RollbackCause['kind'], string>;
