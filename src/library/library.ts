import { attend, type Attended } from '../app/attend.ts';
import { confirm } from '../app/confirm.ts';
import { openSession } from '../app/open-session.ts';
import { planData, planRollout } from '../app/plan/plan.ts';
import { wordsOf } from '../app/plan/words.ts';
import { portsOf } from '../app/session.ts';
import { beginRollout, checkBeforeStart, readyToStart } from '../app/start.ts';
import { lookAtStatus } from '../app/status.ts';
import { abort } from '../commands/abort.ts';
import { rollback } from '../commands/rollback.ts';
import { unreachable } from '../domain/units.ts';
import { challengerShare } from '../engine/state.ts';
import type { World } from '../host/world.ts';
import { eventOf } from '../view/progress.ts';
import { stepTitle } from '../view/words.ts';
import { commandOf, contextFor, eventData, guarded } from './context-for.ts';
import { optionsOf } from './request.ts';
import type { ConnectOptions, Environment, Library, StartResult } from './types.ts';

/** The library on one machine. */
export function libraryOn(world: World): Library {
  const opened = new WeakMap<Environment, ConnectOptions>();
  const optionsFor = (environment: Environment): ConnectOptions => {
    const options = opened.get(environment);
    if (options === undefined) throw new TypeError('this environment was not connected by connect()');
    return options;
  };
  return {
    connect: async (options = {}) => {
      const { config, connection } = await openSession(contextFor(world, options), 'lenient');
      const environment = { name: config.name, model: config.model, place: connection.place };
      // Another default in mlreg.yaml must not move it later.
      opened.set(environment, { ...options, environment: config.name });
      return environment;
    },

    plan: async (environment, request) => {
      const context = contextFor(world, optionsFor(environment));
      const options = optionsOf(request);
      wordsOf(options);
      const at = await openSession(context);
      const planned = await planRollout(context, at, options);
      const { strategy, champion, challenger, steps } = planned.plan;
      return {
        strategy,
        environment: planned.plan.environment,
        champion,
        challenger,
        steps: steps.map(stepTitle),
        answer: planData(at, planned, world.clock.now()),
      };
    },

    start: async (environment, { onEvent, signal, confirmed = false, reason, smoke, ...request }) => {
      const context = contextFor(world, optionsFor(environment), { confirmed });
      const options = {
        ...optionsOf(request),
        ...(reason === undefined ? {} : { reason }),
        ...(smoke === undefined ? {} : { smoke }),
      };
      wordsOf(options);
      const at = await openSession(context);
      const ready = await readyToStart(context, at, options, { begins: true });
      if (ready.kind === 'already-serving') return ready;
      const { prepared, actor } = await checkBeforeStart(context, at, ready.prepared, {});
      await confirm(context, at.config, `roll out ${prepared.plan.challenger}`);
      const tell = guarded(onEvent, context.output);
      const ports = portsOf(context, at, (entry, state) => {
        const event = eventOf(entry, state);
        if (event !== null) tell(eventData(event));
      });
      const journal = await beginRollout(context, at, ports, { prepared, actor, reason });
      return resultOf(await attend(context, at, ports, journal, { signal }));
    },

    status: async (environment) => {
      const context = contextFor(world, optionsFor(environment));
      const found = await lookAtStatus(context, await openSession(context, 'lenient'));
      const { running, view, marker, serves, champion, owner } = found;
      return {
        environment: environment.name,
        champion: champion?.version ?? null,
        sentence: serves?.sentence ?? null,
        shares: serves?.shares ?? null,
        rollout:
          running === null || view === null
            ? null
            : {
                id: running.id,
                strategy: running.plan.strategy,
                champion: running.plan.champion,
                challenger: running.plan.challenger,
                challengerPercent: challengerShare(running),
                paused: running.pausedAt !== null,
                headline: view.headline,
                owner: owner?.name ?? null,
              },
        problem: marker === null ? null : { detail: marker.detail, next: marker.mend },
      };
    },

    abort: (environment, { onEvent, ...options } = {}) =>
      commandOf(world, { ...optionsFor(environment), onEvent }, (context) => abort(context, options)),

    rollback: (environment, { onEvent, confirmed = false, ...options } = {}) =>
      commandOf(world, { ...optionsFor(environment), onEvent, confirmed }, (context) =>
        rollback(context, options),
      ),
  };
}

function resultOf(ended: Attended): StartResult {
  const { state } = ended;
  const rollout = state.id;
  switch (ended.kind) {
    case 'held':
      return { kind: 'held', rollout, sentence: `${rollout} keeps its share until it is resumed or aborted` };
    case 'not-finished':
      return { kind: 'elsewhere', rollout, sentence: ended.why };
    case 'stopped':
      return { kind: 'elsewhere', rollout, sentence: `nobody drives ${rollout} now` };
    case 'taken-over':
      return { kind: 'elsewhere', rollout, sentence: `${rollout} was taken over by ${ended.by}` };
    case 'ended':
    case 'outlived':
    case 'brought-back':
    case 'rolled-back-blind':
      return outcomeOf(state);
    default:
      return unreachable(ended);
  }
}

function outcomeOf({ id: rollout, outcome }: Attended['state']): StartResult {
  switch (outcome?.kind) {
    case undefined:
      return { kind: 'elsewhere', rollout, sentence: `${rollout} is not over` };
    case 'succeeded':
      return { kind: 'succeeded', rollout, sentence: outcome.sentence };
    case 'rolled-back':
      return { kind: 'rolled-back', rollout, why: outcome.cause.kind, sentence: outcome.cause.sentence };
    case 'stuck':
      return { kind: 'stuck', rollout, sentence: outcome.sentence, next: outcome.mend };
    case 'restored':
      return { kind: 'elsewhere', rollout, sentence: outcome.sentence };
    default:
      return unreachable(outcome);
  }
}
