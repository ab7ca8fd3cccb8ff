import type { Effect, EffectOutcome, Stamp } from '../domain/journal.ts';
import { type AliasTarget, type Route, routeKey, targetText } from '../domain/route.ts';
import { UserError } from '../domain/user-error.ts';
import { unreachable } from '../domain/units.ts';
import { type AliasView, PlatformError } from '../ports/platform.ts';
import type { RolloutPorts } from './ports.ts';
import { type SetAliasOutcome, setAlias, takeAlias } from './set-alias.ts';
import { canGoBlind, wentBackBefore, wentBackUnseen } from './roll-back-blind.ts';
import { swapStage } from './swap-stage.ts';
import { reportOf } from './report.ts';
import type { RolloutState } from './state.ts';
import { resolveRoute } from './target.ts';
import { variablesFor } from './variables.ts';

export type Performed =
  | { readonly kind: 'done'; readonly outcome: EffectOutcome }
  /** `final`: trying again can't help. */
  | {
      readonly kind: 'failed';
      readonly error: string;
      readonly final: boolean;
      readonly credentials?: true;
    }
  | { readonly kind: 'fenced'; readonly token: number }
  | { readonly kind: 'foreign'; readonly sentence: string }
  /** Somebody has rolled back by the alias alone: its stamp stays until the journal knows. */
  | {
      readonly kind: 'went-back';
      readonly token: number;
      /** From an earlier rollout, while this one had moved nobody. */
      readonly elsewhere: boolean;
    };

type SetAlias = Extract<Effect, { kind: 'set-alias' }>;

/** The one place where a step becomes calls. `seq` is the intent's place in the journal: the write's stamp. */
export async function perform(
  ports: RolloutPorts,
  state: RolloutState,
  effect: Effect,
  seq: number,
): Promise<Performed> {
  try {
    return await dispatch(ports, state, effect, seq);
  } catch (error) {
    if (error instanceof PlatformError) {
      const final = error.failure.kind === 'refused';
      return { kind: 'failed', error: error.message, final, ...credentialsOf(error) };
    }
    if (error instanceof UserError) return { kind: 'failed', error: error.message, final: true };
    throw error;
  }
}

async function dispatch(
  ports: RolloutPorts,
  state: RolloutState,
  effect: Effect,
  seq: number,
): Promise<Performed> {
  const { platform } = ports;
  switch (effect.kind) {
    case 'ensure-endpoint': {
      const record = await ports.store.version(effect.version);
      if (record === undefined)
        return { kind: 'failed', error: `${effect.version} is not registered`, final: true };
      const found = await platform.ensureEndpoint({
        endpoint: effect.endpoint,
        version: effect.version,
        artifactUri: record.artifact.uri,
        artifactDigest: record.artifact.digest,
      });
      if (found.kind === 'failed') {
        return { kind: 'failed', error: `endpoint ${effect.endpoint} failed: ${found.why}`, final: true };
      }
      return done({ kind: 'endpoint', state: found.kind === 'in-service' ? 'in-service' : 'creating' });
    }
    case 'publish': {
      const variables = variablesFor(state, effect.route);
      const { functionVersion } = await platform.publish({
        variables,
        codeSha256: state.codeSha256,
        description: `mlreg ${state.id} ${routeKey(effect.route)}`,
      });
      const published = await platform.variables(functionVersion);
      const wrong = Object.entries(variables).find(([name, value]) => published[name] !== value);
      // $LATEST is shared: somebody else's update may have come between ours and its publication.
      if (wrong !== undefined) {
        return {
          kind: 'failed',
          error: `Lambda version ${functionVersion} was published with another ${wrong[0]}`,
          final: false,
        };
      }
      return done({ kind: 'published', functionVersion });
    }
    case 'smoke': {
      const smoked = await platform.smoke(endpointOf(state, effect.version), effect.through);
      return smoked.passed
        ? done({ kind: 'smoked', passed: true, requests: smoked.requests })
        : { kind: 'failed', error: `smoke request failed: ${smoked.why ?? 'no reason given'}`, final: true };
    }
    case 'warm-up': {
      const environments = await platform.concurrency();
      let warmed = 0;
      for (const version of functionVersionsOf(state, effect.route))
        warmed += await platform.warm(version, environments);
      return done({ kind: 'warmed', environments: warmed });
    }
    case 'set-alias':
      return aliasOutcome(state, effect, await writeAlias(ports, state, effect, seq));
    case 'swap-stage':
      return swapStage(platform, effect, stampOf(state, effect, seq));
    case 'report':
      return done({ kind: 'reported', report: reportOf(await differences(ports, state)) });
    case 'retire':
      await platform.deleteEndpoint(effect.endpoint);
      return done({ kind: 'done' });
    case 'notify':
      await ports.notifier.send({
        eventId: `${state.id}/${seq}`,
        subject: effect.subject,
        body: effect.body,
      });
      return done({ kind: 'done' });
    default:
      return unreachable(effect);
  }
}

async function writeAlias(
  ports: RolloutPorts,
  state: RolloutState,
  effect: SetAlias,
  seq: number,
): Promise<SetAliasOutcome> {
  const { platform } = ports;
  const stamp = stampOf(state, effect, seq);
  const before = (view: AliasView): ReturnType<typeof wentBackBefore> =>
    effect.alias === state.plan.alias ? wentBackBefore(view, state) : null;
  const found = (view: AliasView): AliasTarget | null =>
    (wentBackUnseen(view.stamp, state) && canGoBlind(state.plan)) || before(view) !== null
      ? null
      : view.target;
  if (effect.purpose === 'fence') {
    return takeAlias(platform, effect.alias, () => stamp, found);
  }
  const carried = state.aliases[effect.alias];
  if (effect.purpose !== 'roll-back') {
    // Forward writes go out from one's own last write, or not at all, but to an alias that nobody has written so far.
    if (carried === undefined && effect.alias === state.plan.alias)
      throw new Error(`${state.id}: alias ${effect.alias} was not fenced before ${effect.purpose}`);
    if (carried === undefined) {
      return takeAlias(
        platform,
        effect.alias,
        () => stamp,
        (view) => (found(view) === null ? null : effect.target),
      );
    }
    return setAlias(
      platform,
      { alias: effect.alias, target: effect.target, stamp },
      { revisionId: carried.revisionId, seq: carried.stamp.seq, hasLanded: true },
    );
  }
  if (carried !== undefined) {
    const first = await setAlias(
      platform,
      { alias: effect.alias, target: effect.target, stamp },
      { revisionId: carried.revisionId, seq: carried.stamp.seq },
    );
    // On the way back a foreign edit is overwritten: the champion is what everybody asked for.
    if (first.kind !== 'foreign') return first;
  }
  return takeAlias(
    platform,
    effect.alias,
    () => stamp,
    (view) => (before(view) === 'elsewhere' ? null : effect.target),
  );
}

function stampOf(state: RolloutState, effect: Effect, seq: number): Stamp {
  const { plan, token, id } = state;
  return { environment: plan.environment, token, seq, rollout: id, back: wayBack(state, effect) };
}

/**
 * Whoever rolls back while a rollback is under way means the same version, not the one that users are saved from. But
 * nobody is to be sent to what still has to pass its smoke test.
 */
function wayBack({ plan, home, published, step }: RolloutState, effect: Effect): string {
  const good = published[routeKey({ kind: 'single', version: plan.challenger })];
  const isBack = effect.kind === 'set-alias' && effect.purpose === 'roll-back';
  const isTested = plan.steps.slice(step).every(({ kind }) => kind !== 'smoke');
  const leadsOn = plan.strategy === 'rollback' && !isBack && isTested;
  return (leadsOn ? good : undefined) ?? home.functionVersion;
}

function aliasOutcome(state: RolloutState, effect: SetAlias, seen: SetAliasOutcome): Performed {
  switch (seen.kind) {
    case 'set':
      if (seen.view.stamp === undefined) throw new Error('a verified alias carries a stamp');
      return done({
        kind: 'alias',
        revisionId: seen.view.revisionId,
        target: seen.view.target,
        stamp: seen.view.stamp,
      });
    case 'fenced':
      return { kind: 'fenced', token: seen.token };
    case 'foreign':
      return {
        kind: 'foreign',
        sentence: `alias ${effect.alias} was changed by something else than mlreg: it serves ${targetText(seen.view.target)}`,
      };
    case 'left': {
      const { revisionId, target, stamp } = seen.view;
      // Where users were brought back from an earlier rollout they are home, as far as this one goes.
      if (effect.purpose === 'roll-back' && stamp !== undefined)
        return done({ kind: 'alias', revisionId, target, stamp });
      return {
        kind: 'went-back',
        token: stamp?.token ?? 0,
        elsewhere: wentBackBefore(seen.view, state) === 'elsewhere',
      };
    }
    case 'failed':
      return {
        kind: 'failed',
        error: `alias ${effect.alias} of ${state.plan.environment}: ${seen.error.message}`,
        final: false,
        ...credentialsOf(seen.error),
      };
    default:
      return unreachable(seen);
  }
}

/** From the first copy on. */
function differences({ comparisons, clock }: RolloutPorts, { id, plan, startedAt }: RolloutState) {
  if (plan.shadow === undefined) throw new Error(`${id} has no shadow function`);
  return comparisons.differences({
    function: plan.shadow.function,
    rollout: id,
    from: startedAt,
    to: clock.now(),
  });
}

function endpointOf(state: RolloutState, version: string): string {
  const endpoint = state.endpoints[version];
  if (endpoint === undefined) throw new Error(`${state.id} knows no endpoint of ${version}`);
  return endpoint.name;
}

function functionVersionsOf(state: RolloutState, route: Route): readonly string[] {
  const resolved = resolveRoute(state, route);
  if (resolved.kind === 'missing')
    throw new Error(`${state.id}: ${routeKey(resolved.route)} is not published`);
  const { functionVersion, weights } = resolved.target;
  return [functionVersion, ...Object.keys(weights)];
}

const credentialsOf = ({ failure }: PlatformError): { readonly credentials?: true } =>
  failure.kind === 'credentials' ? { credentials: true } : {};

const done = (outcome: EffectOutcome): Performed => ({ kind: 'done', outcome });
