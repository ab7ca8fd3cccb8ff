import type { Deployment, Effect, Outcome } from '../domain/journal.ts';
import type { Route } from '../domain/route.ts';
import type { Instant } from '../domain/units.ts';
import { rolledBack } from '../domain/rolled-back.ts';
import * as labels from '../registry/labels.ts';
import { attempt, type Decision, ended, tell } from './decision.ts';
import { rebuildChampion } from './decide-rebuild.ts';
import { finishRetiring, readReport } from './decide-shadow.ts';
import { effectKey } from './after-effect.ts';
import { harmFields } from './harm.ts';
import { aliasesAtStake, challengerShare, type RolloutState } from './state.ts';
import { homeServiceOf, promotedService, rollbackTarget } from './target.ts';

/** Rolling back goes on trying far longer than a step forward would: some minutes of throttling must not end it. */
const rollbackTries = 200;

/**
 * The way back, a path of its own: nothing in it reads metrics or approvals, and an alias is written even where it
 * seems to be home already, for only a write ends an older owner's right to write (its RevisionId).
 */
export function rollBack(state: RolloutState, now: Instant): Decision {
  const { rollback } = state;
  if (rollback === null) throw new Error(`${state.id} rolls back without a cause`);
  // A watch that knows no earlier version has nowhere to go: what serves is still the champion.
  if (state.plan.strategy === 'watch' && state.plan.undo === null && state.keeps === null)
    return ended(noWayBack(state, rollback.cause.sentence));
  const rebuilding = rebuildChampion(state, now);
  if (rebuilding !== null) return rebuilding;
  const route: Route | null =
    state.keeps === null
      ? state.plan.undo
      : state.keeps.version === null
        ? null
        : { kind: 'single', version: state.keeps.version };
  const target = rollbackTarget(state);
  const left: string[] = [];
  for (const alias of aliasesAtStake(state)) {
    if (rollback.home.includes(alias)) continue;
    const effect: Effect = { kind: 'set-alias', purpose: 'roll-back', alias, target, route };
    const mayServe = mayHaveMoved(state, alias);
    const tried = state.tries[effectKey(effect)];
    const limit = mayServe ? rollbackTries : state.plan.maxTries;
    const isHopeless = tried !== undefined && (tried.final || tried.count >= limit);
    if (!isHopeless) return attempt(state, effect, now, 'roll-back');
    if (mayServe) return ended(stuckIn(state, alias, tried));
    if (state.written.includes(alias))
      left.push(`alias ${alias}, which serves nobody, is not home: ${tried.error}`);
  }
  const tidying = tidyStage(state, now);
  if (tidying.kind === 'decided') return tidying.decision;
  if (tidying.left !== undefined) left.push(tidying.left);
  if (state.keeps?.version === null) return ended(unregistered(state, state.keeps.functionVersion));
  if (!rollback.labelled) {
    const context = {
      rollout: state.id,
      at: now,
      reason: rollback.cause.sentence,
      wasPromoted: state.committed,
      neverInService: state.endpointAskedAt !== null && !state.endpointReady,
      cause: rollback.cause.kind,
      promoted: promotedService(state),
      service: homeServiceOf(state, now),
      services: state.services,
    };
    return {
      kind: 'record',
      entries: [{ kind: 'labelled', as: 'rolled-back' }],
      changes:
        state.keeps === null
          ? labels.rolledBack(state.plan, context)
          : labels.kept(state.plan, { ...context, keeps: state.keeps }),
    };
  }
  // A tombstone is irrevocable: what it names goes, or a later one would make it forgotten.
  const retiring = finishRetiring(state, now);
  if (retiring !== null) return retiring;
  // Users are safe: what there is to learn from is read now. Whoever interrupted or aborted isn't kept waiting for it.
  const reading =
    state.plan.shadow !== undefined && rollback.cause.kind === 'verdict' ? readReport(state, now) : null;
  if (reading !== null) return reading;
  const told = tell(state, `${state.plan.challenger} ${rolledBack(rollback.cause.sentence)}`, now);
  if (told !== null) return told;
  return ended({
    kind: 'rolled-back',
    cause: rollback.cause,
    ...harmFields(state),
    ...(left.length === 0 ? {} : { left: left.join('; ') }),
  });
}

type Tidying =
  | { readonly kind: 'decided'; readonly decision: Decision }
  | { readonly kind: 'over'; readonly left?: string };

/**
 * Whichever alias the stage names, users are with the champion by now, and a swap that comes late leads there too. So the
 * stage goes back where it was if it can, to its old deployment if that is still there, and nothing waits for it for long.
 */
function tidyStage(state: RolloutState, now: Instant): Tidying {
  const { plan, rollback, deploymentId } = state;
  if (!state.swapMeant || rollback?.stageTidied === true) return { kind: 'over' };
  const deployments: readonly Deployment[] =
    deploymentId === undefined ? ['keep'] : [{ id: deploymentId }, 'keep'];
  let error = '';
  for (const deployment of deployments) {
    const effect: Effect = { kind: 'swap-stage', to: plan.alias, deployment };
    const tried = state.tries[effectKey(effect)];
    if (tried === undefined || !(tried.final || tried.count >= plan.maxTries))
      return { kind: 'decided', decision: attempt(state, effect, now, 'roll-back') };
    ({ error } = tried);
  }
  return { kind: 'over', left: `the stage may not name ${plan.alias}: ${error}` };
}

/** Before its first step that moves users a rollout has moved nobody, nor can an older owner still do it. */
function mayHaveMoved({ plan, step, route, swapMeant }: RolloutState, alias: string): boolean {
  if (plan.strategy === 'watch') return true;
  // Users come to another alias only by a swap.
  if (alias !== plan.alias) return swapMeant;
  if (route !== null && route.kind !== 'single') return true;
  return plan.steps
    .slice(0, step + 1)
    .some(({ kind }) => kind === 'route' || kind === 'promote' || kind === 'swap-stage');
}

/** A person chose it without the store, and users stay there: only a person can say which version it is. */
function unregistered(state: RolloutState, functionVersion: string): Outcome {
  const at = `--environment ${state.plan.environment}`;
  return {
    kind: 'stuck',
    sentence:
      `alias ${state.plan.alias} serves Lambda version ${functionVersion}, to which a person rolled back ` +
      'without the store, and no registered version has it',
    mend: [`mlreg versions ${at}`, `mlreg rollback --to VERSION ${at}`],
  };
}

export function noWayBack(state: RolloutState, sentence: string): Outcome {
  return {
    kind: 'stuck',
    sentence: `${sentence}; ${state.plan.challenger} still serves, for no earlier version is known good`,
    mend: [
      `mlreg versions --environment ${state.plan.environment}`,
      `mlreg rollback --to VERSION --environment ${state.plan.environment}`,
    ],
  };
}

function stuckIn(
  state: RolloutState,
  alias: string,
  { error, credentials }: { readonly error: string; readonly credentials?: true | undefined },
): Outcome {
  return {
    kind: 'stuck',
    sentence:
      `the alias ${alias} could not be pointed at ${state.plan.champion ?? 'its old version'}: ${error}. ` +
      `${state.plan.challenger} may still get ${challengerShare(state)} % of traffic`,
    mend: [
      ...(credentials === true ? ['aws sso login, or new keys in the environment; then'] : []),
      `mlreg rollback --environment ${state.plan.environment}`,
      `mlreg doctor --environment ${state.plan.environment}`,
    ],
  };
}
