import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answerTo, type LapAnswer } from '../../../src/controller/handler.ts';
import { instant, rolloutId } from '../../../src/domain/units.ts';

const file = join(
  import.meta.dirname,
  '../../../terraform/modules/rollout-controller/state-machine.asl.json',
);
const definition = JSON.parse(
  readFileSync(file, 'utf8')
    .replace('${controller_function_arn}', 'arn:controller')
    .replaceAll('${partition}', 'aws-cn'),
);

interface Ran {
  readonly events: number;
  readonly endedAt: number;
  readonly successor: any;
}

/** As much of the States Language as the definition uses, with the events that AWS writes into an execution's history. */
function run(
  input: object,
  now: number,
  tick: (payload: any, now: number) => LapAnswer,
  fails: (call: number) => boolean,
): Ran {
  let [data, name, events, calls] = [input as any, definition.StartAt as string, 1, 0];
  let successor: any = null;
  const at = (path: string): any =>
    path
      .split('.')
      .slice(1)
      .reduce((value, key) => value?.[key], data);
  for (;;) {
    const state = definition.States[name];
    events += 2; // Entered, Exited
    switch (state.Type) {
      case 'Task': {
        events += 3; // Scheduled, Started, Succeeded
        if (state.Resource.endsWith(':lambda:invoke')) {
          expect(state.Parameters).toEqual({ FunctionName: 'arn:controller', 'Payload.$': '$' });
          expect(state.OutputPath).toBe('$.Payload');
          while (fails(calls++)) {
            events += 3;
            now += state.Retry[0].IntervalSeconds * 1_000;
          }
          data = tick(data, now);
        } else {
          successor = Object.fromEntries(
            Object.entries<any>(state.Parameters.Input).map(([key, value]) =>
              key.endsWith('.$') ? [key.slice(0, -2), at(value)] : [key, value],
            ),
          );
          successor = { name: at(state.Parameters['Name.$']), input: successor };
        }
        name = state.Next;
        break;
      }
      case 'Choice': {
        const chosen = state.Choices.find((choice: any) => at(choice.Variable) === choice.StringEquals);
        name = chosen?.Next ?? state.Default;
        break;
      }
      case 'Wait':
        now = Math.max(now, Date.parse(at(state.TimestampPath)));
        name = state.Next;
        break;
      case 'Succeed':
        return { events: events + 1, endedAt: now, successor };
      default:
        throw new Error(`a state of type ${state.Type}`);
    }
  }
}

const id = rolloutId('r-1');
const first = { kind: 'lap', environment: 'prod', model: 'flights', rollout: 'r-1', lap: 0 } as const;
const mostEvents = 25_000;
const baking = (payload: any, now: number): LapAnswer =>
  answerTo(
    payload,
    {
      kind: 'again',
      rollout: id,
      at: instant(now + 10_000),
      why: 'baking',
      adopted: null,
      token: Math.floor(now / 1_000),
    },
    now,
  );

describe('the state machine of the rollout controller', () => {
  it('laps through a bake of a week, each execution under the limit of its history', () => {
    const end = 7 * 24 * 3_600_000;
    const names = new Set<string>();
    let [input, now] = [first as object, 0];
    for (;;) {
      const { events, endedAt, successor } = run(
        input,
        now,
        (payload, at) =>
          at >= end ? answerTo(payload, { kind: 'rest', why: 'r-1 has ended' }, at) : baking(payload, at),
        // One call in ten is tried a second time.
        (call) => call % 10 === 9,
      );
      expect(events).toBeLessThan(mostEvents);
      if (successor === null) break;
      expect(successor.input).toEqual(first);
      expect(names.has(successor.name)).toBe(false);
      names.add(successor.name);
      [input, now] = [successor.input, endedAt];
    }
    expect(now).toBeGreaterThan(end - 24 * 3_600_000);
    expect(names.size).toBeGreaterThan(20);
  });

  it('stops after the lap that says so', () => {
    const { events, successor } = run(
      first,
      0,
      (payload, at) => answerTo(payload, { kind: 'rest', why: '' }, at),
      () => false,
    );
    expect([events, successor]).toEqual([11, null]);
  });

  it('calls again what fails for some minutes: the schedule takes over later', () => {
    const [retry] = definition.States.Tick.Retry;
    const waits = Array.from({ length: retry.MaxAttempts }, (_, n) =>
      Math.min(retry.MaxDelaySeconds, retry.IntervalSeconds * retry.BackoffRate ** n),
    );
    expect(retry.ErrorEquals).toEqual(['States.ALL']);
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThan(120);
  });
});
