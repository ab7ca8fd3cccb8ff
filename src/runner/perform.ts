import type { Effect, EffectOutcome } from '../domain/journal.ts';
import type { VersionRecord } from '../domain/registry.ts';
import { type Route, routeKey, targetText } from '../domain/route.ts';
import { UserError } from '../domain/user-error.ts';
import { unreachable } from '../domain/units.ts';
import { type Platform, PlatformError } from '../ports/platform.ts';
import { sharerOf } from '../registry/shared-endpoints.ts';
import { stampOf, StoreFailed, writeAlias } from './fenced-write.ts';
import { isRollback, type Mark } from '../engine/marker.ts';
import type { Performed } from './performed.ts';
import type { RolloutPorts } from './ports.ts';
import { reachedBy } from './reached.ts';
import { otherArtifact } from './registered-artifact.ts';
import { unknownIn } from './repair.ts';
import type { SetAliasOutcome } from './set-alias.ts';
import { swapStage } from './swap-stage.ts';
import { refusedByStage } from './stage-watch.ts';
import { reportOf } from '../engine/shadow-report.ts';
import type { RolloutState } from '../engine/state.ts';
import { resolveRoute } from '../engine/target.ts';
import { variablesFor } from '../engine/variables.ts';
import { warmEndpoints } from './warm-endpoints.ts';

type SetAlias = Extract<Effect, { kind: 'set-alias' }>;

/**
 * The one place where a step becomes calls.
 * @param seq the intent's place in the journal: it stands in the marker of the write
 * @param mark the owner's, from which its own writes are known
 * @throws whatever the store threw, where that was asked and failed
 */
export async function perform(
  ports: RolloutPorts,
  state: RolloutState,
  effect: Effect,
  seq: number,
  mark?: Mark,
): Promise<Performed> {
  try {
    return await dispatch(ports, state, effect, seq, mark);
  } catch (error) {
    if (error instanceof StoreFailed) throw error.cause;
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
  mark: Mark | undefined,
): Promise<Performed> {
  const { platform } = ports;
  switch (effect.kind) {
    case 'ensure-endpoint': {
      const record = await ports.store.version(effect.version);
      if (record === undefined)
        return { kind: 'failed', error: `${effect.version} is not registered`, final: true };
      const other = await otherThanRegistered(ports, effect.endpoint, record);
      if (other !== null) return { kind: 'failed', error: other, final: true };
      // What a rollback builds again is served as it was.
      const isHome = state.phase === 'rolling-back' && effect.version === state.plan.champion;
      const serving = isHome ? record.serving : state.plan.serving;
      const found = await platform.ensureEndpoint({
        endpoint: effect.endpoint,
        version: effect.version,
        artifactUri: record.artifact.uri,
        artifactDigest: record.artifact.digest,
        ...(serving === undefined ? {} : { serving }),
      });
      // It failed long ago, and answers nobody. What fails after it was asked for here is not tried again.
      if (isHome && found.kind === 'failed' && state.rollback?.rebuild === undefined) {
        await platform.deleteEndpoint(effect.endpoint);
        return done({ kind: 'endpoint', state: 'creating' });
      }
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
      const unplanned = await ridingAlong(platform, state, functionVersion);
      if (unplanned.length > 0) {
        const what = `$LATEST was changed after this rollout was planned: ${unplanned.join(', ')}`;
        return { kind: 'failed', error: `${what}. Nobody was moved; plan it again`, final: true };
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
      // A request needs an environment of the function, and then one of the endpoint.
      const environments = await warmFunction(platform, functionVersionsOf(state, effect.route));
      const endpoints = await warmEndpoints(platform, state, effect);
      return done({ kind: 'warmed', environments, ...(endpoints.length === 0 ? {} : { endpoints }) });
    }
    case 'set-alias': {
      const refused = await refusedByStage(platform, state, effect);
      if (refused !== null) return { kind: 'failed', error: refused, final: false };
      return aliasOutcome(
        state,
        effect,
        await writeAlias(ports, state, effect, stampOf(state, effect, seq, mark)),
      );
    }
    case 'swap-stage':
      return swapStage(platform, effect, stampOf(state, effect, seq, mark));
    case 'report':
      return done({ kind: 'reported', report: reportOf(await differences(ports, state)) });
    case 'retire': {
      const why = await whyNeeded(ports, effect);
      if (why !== null) return { kind: 'failed', error: why, final: true };
      await platform.deleteEndpoint(effect.endpoint);
      return done({ kind: 'done' });
    }
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

/** Hours may lie between a plan and what is built of it. An endpoint that is there was compared when it was made. */
async function otherThanRegistered(
  { platform, artifacts }: RolloutPorts,
  endpoint: string,
  record: VersionRecord,
): Promise<string | null> {
  if (artifacts === undefined || (await platform.endpoint(endpoint)).kind !== 'absent') return null;
  const why = await otherArtifact(artifacts, record);
  return why === null
    ? null
    : `the artifact of ${record.version} is not the one that was registered: ${why}. No endpoint was made of it`;
}

/** A delete can't be undone, so the last look is AWS's own, whatever the plan says. null: nobody needs the endpoint. */
async function whyNeeded(
  { store, platform }: RolloutPorts,
  { version, endpoint }: Extract<Effect, { kind: 'retire' }>,
): Promise<string | null> {
  const sharer = sharerOf(await store.versions(), { version, endpoint });
  if (sharer !== undefined) return `it is the endpoint of ${sharer.version}, too`;
  const alias = (await reachedBy(platform, [endpoint])).get(endpoint);
  return alias === undefined ? null : `alias ${alias} reaches it`;
}

async function warmFunction(
  platform: RolloutPorts['platform'],
  functionVersions: readonly string[],
): Promise<number> {
  const environments = await platform.concurrency();
  let warmed = 0;
  for (const version of functionVersions) warmed += await platform.warm(version, environments);
  return warmed;
}

/** What a published version has that nobody planned. $LATEST is shared, and only its code is fixed by its digest. */
async function ridingAlong(
  platform: Platform,
  { plan, home }: RolloutState,
  functionVersion: string,
): Promise<readonly string[]> {
  const { mayDiffer } = plan;
  if (mayDiffer === undefined) return [];
  const found = await platform.publishedDifferences(functionVersion, home.functionVersion);
  return found.filter((difference) => !mayDiffer.includes(difference));
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
    case 'foreign': {
      const { stamp, target } = seen.view;
      if (stamp !== undefined && stamp.rollout === state.id && isRollback(stamp) && state.rollback === null)
        return { kind: 'went-back', unknown: unknownIn(stamp), elsewhere: false };
      return {
        kind: 'foreign',
        sentence: `alias ${effect.alias} was changed by something else than mlreg: it serves ${targetText(target)}`,
      };
    }
    case 'left': {
      const { revisionId, target, stamp, description } = seen.view;
      if (stamp === undefined) {
        const marker = `it carries a marker that can't be read: ${description}`;
        return {
          kind: 'foreign',
          sentence: `alias ${effect.alias} was changed by something else than mlreg: ${marker}`,
        };
      }
      const elsewhere = stamp.rollout !== state.id;
      // Users were brought back from another rollout: as far as this one goes they are home. A watch would label what it
      // never led back to.
      if (effect.purpose === 'roll-back' && elsewhere && state.plan.strategy !== 'watch')
        return done({ kind: 'alias', revisionId, target, stamp });
      return { kind: 'went-back', unknown: unknownIn(stamp), elsewhere };
    }
    case 'failed':
      return {
        kind: 'failed',
        error: `alias ${effect.alias} of ${state.plan.environment}: ${seen.error.message}`,
        final: false,
        ...credentialsOf(seen.error),
        ...(seen.error.failure.kind === 'denied' ? { denied: true } : {}),
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
