import * as z from 'zod';
import type { Clock } from '../ports/index.ts';
import type { Dispatcher } from '../ports/dispatcher.ts';
import { instant, later } from '../domain/units.ts';
import { lineOf } from './guard.ts';
import { lap } from './lap.ts';
import type { Lap, Post } from './watched.ts';
import { type Tidied, tidiedLine } from './tidy.ts';

/** One lap of a rollout's execution: what Step Functions sends, and gets back. */
const lapEvent = z.object({
  kind: z.literal('lap'),
  environment: z.string(),
  model: z.string(),
  rollout: z.string(),
  lap: z.number().int().nonnegative(),
  /** Since when the store has been out, milliseconds since 1970: a lap in a new process remembers nothing else. */
  outSince: z.number().int().nonnegative().optional(),
});
/** What the schedule sends. */
const sweepEvent = z.object({ kind: z.literal('sweep') });
/** What the hourly schedule sends. */
const collectEvent = z.object({ kind: z.literal('collect') });
/** What EventBridge sends when an alarm changes its mind. */
const alarmEvent = z.object({
  source: z.literal('aws.cloudwatch'),
  'detail-type': z.literal('CloudWatch Alarm State Change'),
  detail: z.object({ alarmName: z.string(), state: z.object({ value: z.string() }) }),
});
const controllerEvent = z.union([lapEvent, sweepEvent, collectEvent, alarmEvent]);

export interface LapAnswer extends z.output<typeof lapEvent> {
  readonly next: 'wait' | 'renew' | 'stop';
  /** When to come again, ISO 8601. */
  readonly at: string;
  /** Name of the execution that goes on where this one has grown long. */
  readonly execution: string;
  readonly why: string;
}

export interface Watched {
  readonly post: Post;
  /** Starts an execution; null where there is no state machine: then the schedule itself drives. */
  readonly dispatcher: Dispatcher | null;
  /** Takes down what nobody needs any more. */
  readonly tidy: () => Promise<Tidied>;
  /** Waits until people are told, or so long: after its answer the process is frozen. */
  readonly settle: () => Promise<unknown>;
}

/** A lap costs about 9 of the 25,000 events that an execution may have, and some more where calls fail. */
export const lapsPerExecution = 2_000;
/** The inbox is looked into at least so often, and no lap follows another at once. */
const longestMs = 60_000;
const shortestMs = 1_000;

/**
 * The Lambda function: each event is one look at one environment, or at each.
 * @throws Error on an event that nobody sends, and where a look failed: Step Functions and alarms go by that
 */
export function createHandler(options: {
  readonly environment: string;
  readonly models: readonly string[];
  readonly clock: Clock;
  readonly say: (line: string) => void;
  readonly watched: (model: string) => Promise<Watched>;
}): (
  event: unknown,
) => Promise<LapAnswer | { readonly looks: readonly Lap[] } | { readonly collections: readonly Tidied[] }> {
  const { environment, models, clock, say, watched } = options;

  function tell(model: string, result: Lap): void {
    const line = lineOf(result);
    if (line !== null) say(`${model} in ${environment}: ${line}`);
    if (result.kind === 'cut-off' && result.alarm !== null)
      say(alarmLine({ environment, model, now: clock.now() }, result));
  }

  async function look(model: string, drives: 'all' | 'unless-dispatched'): Promise<Lap> {
    const { post, dispatcher, settle } = await watched(model);
    const result = await lap(post, drives === 'all' || dispatcher === null);
    tell(model, result);
    // Where this fails the next sweep finds a controller that is silent, and adopts again.
    if (result.kind === 'again' && result.adopted !== null)
      await dispatcher?.dispatch(result.rollout, result.token);
    await settle();
    return result;
  }

  /** One that fails keeps nobody from looking at the others. */
  async function ofEach<T>(ask: (model: string) => Promise<T>): Promise<readonly T[]> {
    const settled = await Promise.allSettled(models.map(ask));
    const failed = settled.flatMap((each, index) =>
      each.status === 'rejected' ? [`${models[index]}: ${String(each.reason)}`] : [],
    );
    if (failed.length > 0) throw new Error(`could not look at ${failed.join('; ')}`);
    return settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  }

  const lookAtAll = async (drives: 'all' | 'unless-dispatched') => ({
    looks: await ofEach((model) => look(model, drives)),
  });

  async function tidyUp(model: string): Promise<Tidied> {
    const tidied = await (await watched(model)).tidy();
    const line = tidiedLine(tidied);
    if (line !== null) say(`${model} in ${environment}: ${line}`);
    return tidied;
  }

  return async (given) => {
    const parsed = controllerEvent.safeParse(given);
    if (!parsed.success)
      throw new Error(`not an event of the rollout controller: ${z.prettifyError(parsed.error)}`);
    const event = parsed.data;
    if ('detail' in event) {
      if (event.detail.state.value !== 'ALARM') return { looks: [] };
      say(`alarm ${event.detail.alarmName}`);
      return lookAtAll('all');
    }
    if (event.kind === 'collect') return { collections: await ofEach(tidyUp) };
    if (event.kind === 'sweep') return lookAtAll('unless-dispatched');
    if (event.environment !== environment)
      throw new Error(`this controller looks after ${environment}, not ${event.environment}`);
    const { post, settle } = await watched(event.model);
    const result = await lap(post, true, event.outSince === undefined ? undefined : instant(event.outSince));
    tell(event.model, result);
    await settle();
    return answerTo(event, result, clock.now());
  };
}

/** The metric that terraform/modules/rollout-controller raises an alarm on. */
export const unwatchedMetric = { namespace: 'Mlreg/Controller', name: 'RolloutsUnwatched' } as const;

/** One line of JSON; CloudWatch makes a metric of it (embedded metric format). Pure. */
export function alarmLine(
  { environment, model, now }: { readonly environment: string; readonly model: string; readonly now: number },
  { rollout, since, why, alarm }: Extract<Lap, { kind: 'cut-off' }>,
): string {
  const { namespace, name } = unwatchedMetric;
  return JSON.stringify({
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        { Namespace: namespace, Dimensions: [['environment']], Metrics: [{ Name: name, Unit: 'Count' }] },
      ],
    },
    level: 'error',
    event: 'rollouts.unwatched',
    environment,
    model,
    rollout,
    since: new Date(since).toISOString(),
    alarm,
    why,
    fix: `mlreg rollback --environment ${environment}`,
    [name]: 1,
  });
}

/** What the state machine does next. Pure. */
export function answerTo(event: z.output<typeof lapEvent>, result: Lap, now: number): LapAnswer {
  const { outSince: _before, ...known } = event;
  const base = { ...known, lap: event.lap + 1, at: new Date(now).toISOString(), execution: '' };
  if (result.kind === 'cut-off' && (result.rollout === null || result.rollout === event.rollout)) {
    const at = Math.min(Math.max(result.at, now + shortestMs), now + longestMs);
    return {
      ...base,
      next: base.lap >= lapsPerExecution ? 'renew' : 'wait',
      at: new Date(at).toISOString(),
      // There is no token to name it by: no two laps without the store fall into one millisecond.
      execution: `${event.rollout}-out-${now}`,
      why: result.why,
      outSince: result.since,
    };
  }
  // Ended, somebody else's, or another rollout, which has an execution of its own.
  if (result.kind !== 'again' || result.rollout !== event.rollout) {
    const why = 'why' in result ? result.why : result.kind;
    return { ...base, next: 'stop', why };
  }
  const at = Math.min(Math.max(result.at, later(instant(now), shortestMs)), later(instant(now), longestMs));
  return {
    ...base,
    next: base.lap >= lapsPerExecution ? 'renew' : 'wait',
    at: new Date(at).toISOString(),
    // Tokens only grow: a name that no execution had before.
    execution: `${result.rollout}-${result.token}`,
    why: result.why,
  };
}
