import type { VersionTag } from '../domain/units.ts';
import { refuseMistakesIn, servingOf } from '../config/index.ts';
import { armOf, parseArmTag } from '../domain/arm.ts';
import { endpointOf } from '../domain/names.ts';
import type { VersionRecord } from '../domain/registry.ts';
import { generationMeant, generationsOf, nextGeneration } from '../registry/generations.ts';
import { standingOf } from '../registry/known-good.ts';
import { findReturn } from '../runner/find-return.ts';
import {
  type EnvironmentView,
  type MarkersView,
  readMarkers,
  withStage,
} from '../runner/environment-view.ts';
import { type Claimed, StoreBehind } from '../runner/look.ts';
import { start } from '../runner/own.ts';
import type { RolloutState } from '../engine/state.ts';
import { homeOf } from '../engine/target.ts';
import { rollback as rollbackPlan } from '../strategies/rollback.ts';
import { answerOutcome } from './answer-outcome.ts';
import { undoOf } from '../app/rollback/without-store.ts';
import { orByAliasAlone, rollBackByAliasAlone } from './alias-alone.ts';
import { abortRunning } from './abort.ts';
import { refuseWhereBehind } from '../app/behind.ts';
import { forceOf } from '../app/owner.ts';
import { portsOf, type Session, undone, unfinished } from '../app/session.ts';
import { openSession } from '../app/open-session.ts';
import { type Context, startFollowing } from './context.ts';
import { lostEndpoint } from '../app/lost-endpoint.ts';
import { driveToEnd } from './drive-to-end.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { settingsFor } from '../app/plan/compile.ts';
import { championOf } from '../app/plan/prepare.ts';
import { whyNow } from '../app/rollback/serving-now.ts';
import { refuseToBuild } from '../app/plan/refuse-artifact.ts';
import { takeUp } from './resume.ts';
import { tellEnvironment } from './which-environment.ts';
import { receiptsOnReturn } from '../app/receipts.ts';
import { mustKnowGenerations } from '../app/router-code.ts';
import { compareKeys, republishedFor } from '../app/rollback/return-keys.ts';
import { announcement, astrayText, keysText, warmWithinMs, withoutRegistry } from '../app/rollback/words.ts';
import {
  astray,
  confirmFled,
  defaultTarget,
  firstText,
  leadsBack,
  namedTarget,
  repeats,
  servedBy,
  servedInstead,
} from '../app/rollback/target.ts';

export interface RollbackOptions {
  readonly to?: string;
  readonly reason?: string;
  readonly force?: boolean;
}

/**
 * One move back to a version known good, rollout or not. Asks nothing, and waits for nothing but the move itself where users
 * suffer; where nobody does it waits, for a bounded time, until the version is warm.
 */
export async function rollback(context: Context, options: RollbackOptions): Promise<ExitCode> {
  const asked =
    options.to === undefined || options.to === 'previous' ? undefined : parseArmTag(options.to, '--to');
  const force = forceOf(options) !== undefined;
  const at = await openSession(context, 'lenient');
  if (options.to === undefined) await tellEnvironment(context, at);
  let running: RolloutState | null;
  let look: Claimed | null;
  let to: VersionTag | undefined;
  try {
    // Who rolls back after a rollback by the alias alone wants that one known first.
    look = await refuseWhereBehind(at);
    running = (await unfinished(at)) ?? (await undone(at, look));
    to = asked === undefined ? undefined : await generationNamed(at, asked, options.to);
  } catch (error) {
    if (asked === undefined) return rollBackByAliasAlone(context, at, error, { force });
    // A named version needs the registry; what that says of an immutable Lambda version holds, however old it is.
    const known =
      error instanceof StoreBehind
        ? await servedBy(at, await generationNamed(at, asked, options.to))
        : undefined;
    if (known === undefined) throw withoutRegistry(asked, error, at);
    return rollBackByAliasAlone(context, at, error, { to: known, force });
  }
  // Who rolls back while a rollback is unfinished wants it finished, and not undone.
  const isBack = running?.plan.strategy === 'rollback';
  const end = isBack ? running?.plan.challenger : running?.plan.champion;
  if (to !== undefined && to !== end) await confirmFled(context, at, await namedTarget(at, to));
  const withStore = async (): Promise<ExitCode> => {
    if (running !== null) {
      const code = isBack
        ? await takeUp(context, at, running, { reason: options.reason ?? '' })
        : await abortRunning(
            context,
            at,
            running,
            options.reason ?? 'mlreg rollback',
            to !== undefined && to !== end,
          );
      if (code !== exitCode.done) return code;
      const lost = to === undefined || to === end ? await deadChampion(at) : null;
      if (lost !== null)
        return moveTo(context, at, lost, { reason: options.reason ?? '', force, view: await viewOf(at) });
      if (to === undefined || to === end) return code;
    }
    const order = { reason: options.reason ?? '', force };
    const view = await viewOf(at, running === null ? look : null);
    const lost = to === undefined ? await astray(at, view) : null;
    if (lost !== null) {
      context.output.say(astrayText(lost));
      return moveTo(context, at, lost.champion, { ...order, view });
    }
    const first = options.to === undefined ? await repeats(context, at) : null;
    const isOnlyWay = first !== null || (options.to === undefined && !(await leadsBack(at)));
    const dead = isOnlyWay ? await deadChampion(at) : null;
    // Nobody is to be left where nothing answers.
    if (dead !== null) return moveTo(context, at, dead, { ...order, view });
    if (first !== null) return answerRepeated(context, at, first);
    const wanted = to === undefined ? await defaultTarget(at) : await namedTarget(at, to);
    if (to === undefined) await confirmFled(context, at, wanted);
    // While a person was asked, somebody else may have moved users.
    const isAnswered = context.world.streams.stderrIsTerminal && context.options.yes !== true;
    return moveTo(context, at, wanted, { ...order, view: isAnswered ? await viewOf(at) : view });
  };
  if (running === null) return withStore();
  // Who names a version wants it whatever has begun since.
  if (to !== undefined) return orByAliasAlone(context, at, withStore, { to: await servedBy(at, to), force });
  return orByAliasAlone(context, at, withStore, { to: undoOf(running), running, force });
}

/**
 * The generation that `--to` means: of `v2.3.0` the one known good that served last, of `v2.3.0#2` that one, and of `v2.3.0#1`
 * the first.
 */
async function generationNamed(
  { connection }: Session,
  asked: VersionTag,
  text: string | undefined,
): Promise<VersionTag> {
  if (text?.endsWith('#1') === true) return asked;
  return generationMeant(await connection.store.versions(), asked)?.version ?? asked;
}

/** The champion, where its endpoint answers nobody; null where it does, or nothing serves. */
async function deadChampion(at: Session): Promise<VersionRecord | null> {
  const champion = await championOf(at);
  if (champion === null || standingOf(champion).kind !== 'serving') return null;
  return (await lostEndpoint(at, champion)) === null ? null : champion;
}

/** Whoever tries the same order again gets the same answer: nothing is moved a second time. */
function answerRepeated({ output, world }: Context, { config }: Session, first: RolloutState): ExitCode {
  output.answer({ kind: 'Rollback', result: 'repeated', rollout: first.id }, () =>
    [
      `nothing was changed: ${firstText(first, world.clock.now())}`,
      `  a second rollback within 10 minutes names its version: mlreg rollback --to VERSION --environment ${config.name}`,
    ].join('\n'),
  );
  return exitCode.done;
}

/** @param seen what has just been read of it */
const viewOf = async (
  { connection: { platform }, config }: Session,
  seen: MarkersView | null = null,
): Promise<EnvironmentView> => withStage(platform, seen ?? (await readMarkers(platform, config.lambda)));

interface Order {
  readonly reason: string;
  readonly force: boolean;
  /** What serves. */
  readonly view: EnvironmentView;
}

async function moveTo(
  context: Context,
  at: Session,
  wanted: VersionRecord,
  { reason, force, view }: Order,
): Promise<ExitCode> {
  const { config, connection } = at;
  const { platform } = connection;
  const standing = standingOf(wanted);
  if (standing.kind === 'never-served') throw new Error(`${wanted.version} never served everybody`);
  const { service } = standing;
  const champion = await championOf(at);
  const { view: alias } = view.main;
  const of = generationsOf(await connection.store.versions(), armOf(wanted.version).version);
  const why = `built for a rollback to ${wanted.version}`;
  const fresh = nextGeneration(of, { at: context.world.clock.now(), by: context.actor.name, why });
  const next = endpointOf({ model: config.model, environment: config.name }, fresh);
  const [back, keys] = await Promise.all([
    findReturn(platform, { record: wanted, service, next }),
    compareKeys(platform, service.functionVersion, alias.target.functionVersion),
  ]);
  await refuseToBuild(at, wanted, back);
  const asksFirst = standing.kind === 'fled' || standing.kind === 'unproven';
  if (asksFirst) refuseMistakesIn(config, ['requests'], `the smoke test of ${wanted.version}`);
  const republishes = republishedFor(at, { back, service, keys });
  if (
    standing.kind === 'serving' &&
    back.builds === undefined &&
    republishes === undefined &&
    servedInstead(view, service.functionVersion) === null
  ) {
    if (keys.kind === 'differ') context.output.say(keysText(at, service, keys));
    context.output.answer(
      { kind: 'Rollback', result: 'already-serving', version: wanted.version },
      () => `${wanted.version} serves 100 % of ${config.name} already`,
    );
    return exitCode.done;
  }
  const returning = back.anew === true ? fresh : wanted;
  if (armOf(returning.version).generation > 1 && back.returnsTo === undefined)
    await mustKnowGenerations(context, at);
  const roles = {
    champion: champion?.version === returning.version ? null : (champion?.version ?? null),
    challenger: returning.version,
  };
  const endpoints: Record<string, { name: string; generation: number }> = {
    [returning.version]: back.endpoint,
  };
  if (champion?.endpoint !== undefined && roles.champion !== null)
    endpoints[champion.version] = champion.endpoint;
  const isPrepared = back.builds === undefined && republishes === undefined;
  const now = isPrepared ? await whyNow(context, at, roles.champion === null ? null : champion) : null;
  const { tickMs: tick } = config.strategies.watch;
  const plan = rollbackPlan({
    ...settingsFor(config, roles, { shares: [100], bakeMs: tick, tickMs: tick }, []),
    // A recorded Lambda version holds its route already.
    ...(isPrepared && back.returnsTo !== undefined ? {} : await receiptsOnReturn(context, at)),
    returnsTo: back.returnsTo,
    builds: back.builds,
    // Under its old name it is the generation that it was.
    serving: (back.anew === true ? undefined : wanted.serving) ?? servingOf(config),
    republishes,
    warmWithinMs: isPrepared && now === null ? warmWithinMs : undefined,
    smokeFirst: asksFirst,
  });
  // Only what is published anew is made of $LATEST.
  const codeSha256 =
    back.returnsTo === undefined
      ? await platform.codeSha256()
      : (service.codeSha256 ??
        (republishes === undefined ? '' : await platform.codeSha256(service.functionVersion)));
  context.output.say(announcement(at, wanted, { back, service, codeSha256, republishes, now }));
  if (back.builds === undefined && republishes === undefined && keys.kind !== 'same')
    context.output.say(keysText(at, service, keys));
  const withStore = async (): Promise<ExitCode> => {
    const follower = await startFollowing(context);
    const ports = portsOf(context, at, follower.onEntry);
    const id = context.world.ids.rolloutId();
    try {
      const home = homeOf(roles.champion === null ? null : champion, alias.target);
      if (back.anew === true) await connection.store.register(returning);
      const journal = await start(ports, id, {
        plan,
        actor: context.actor,
        reason,
        home,
        endpoints,
        codeSha256,
        // From here on this is its endpoint, also where the rollout ends halfway: gc finds it by the registry alone.
        changes: [
          {
            version: returning.version,
            set: {
              endpoint: back.endpoint,
              ...(plan.serving === undefined ? {} : { serving: plan.serving }),
            },
          },
        ],
        isNew: back.anew === true,
      });
      const { code, state } = await driveToEnd(context, at, ports, journal, follower);
      return answerOutcome(context, state, code);
    } finally {
      follower.stop();
    }
  };
  // What has to be built can't be moved to by the alias alone.
  if (back.builds !== undefined) return withStore();
  return orByAliasAlone(context, at, withStore, { to: service.functionVersion, force });
}
