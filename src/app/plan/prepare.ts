import { type EnvironmentConfig, servingOf } from '../../config/index.ts';
import { armOf } from '../../domain/arm.ts';
import { endpointOf } from '../../domain/names.ts';
import type { Plan } from '../../domain/plan.ts';
import type { VersionChange, VersionRecord } from '../../domain/registry.ts';
import { type AliasTarget, targetText } from '../../domain/route.ts';
import type { VersionTag } from '../../domain/units.ts';
import { UserError } from '../../domain/user-error.ts';
import { lookAround, refuseUnknown } from '../../runner/look.ts';
import { unknownServingText } from '../../runner/unknown-serving.ts';
import { unmet } from '../../registry/acceptance.ts';
import { generationsOf } from '../../registry/generations.ts';
import { holderOf, namesakeOf } from '../../registry/shared-endpoints.ts';
import { standingOf } from '../../registry/known-good.ts';
import { compile } from './compile.ts';
import type { Endpoints } from './earlier-period.ts';
import { type Session, unfinished, type Caller } from '../session.ts';
import { challengerShare } from '../../engine/state.ts';
import { refuseOtherArtifact } from './refuse-artifact.ts';
import { returnWarmth } from './return-warmth.ts';
import { type Choice, chooseGeneration } from '../../runner/choose-generation.ts';
import { refuseWithoutImage } from './model-server.ts';
import { mustKnowGenerations } from '../router-code.ts';
import { servedOtherwise } from '../serving-settings.ts';
import { stageFor } from './stage.ts';
import { type RolloutOptions, wordsOf } from './words.ts';

/** A rollout that could begin: the plan and the facts it rests on. Nothing has been changed. */
export interface Prepared {
  readonly plan: Plan;
  readonly record: VersionRecord;
  /** The record is a new generation's, which is not registered yet. */
  readonly isNew: boolean;
  readonly champion: VersionRecord | null;
  readonly home: AliasTarget;
  readonly deploymentId?: string;
  readonly endpoints: Endpoints;
  readonly codeSha256: string;
  readonly changes: readonly VersionChange[];
}

/**
 * @param choice which generation of the version, by `generationFor`
 * @param begins whether the rollout is to begin now: then unasked changes of $LATEST are refused before anything else is
 *   asked of its code, which may be what is broken
 */
export async function prepare(
  context: Caller,
  at: Session,
  options: RolloutOptions,
  { choice, begins }: { readonly choice: Choice; readonly begins: boolean },
): Promise<Prepared> {
  const { record, isNew, replaces } = choice;
  const asked = wordsOf(options);
  const { config, connection } = at;
  const isShared = await refuseShared(at, record);
  // A shadow doesn't take down what users may return to.
  const keep = asked.keep || isShared || standingOf(record).kind !== 'never-served';
  const words = { ...asked, version: record.version, keep };
  const champion = await championOf(at);
  refuseUnfit(config, record);
  await refuseWithoutImage(context, config);
  const look = await lookAround(connection, config.lambda);
  await refuseUnknown(connection.store, look, { environment: config.name, strategy: words.strategy });
  const { view } = look.main;
  await refuseUnderWay(at);
  if (Object.keys(view.target.weights).length > 0) {
    throw new UserError(
      'conflict',
      `alias ${config.lambda.alias} splits traffic already: it serves ${targetText(view.target)}`,
      {
        why: 'a rollout begins from one version that serves everybody',
        mend: [`mlreg status --environment ${config.name}`, `mlreg rollback --environment ${config.name}`],
      },
    );
  }
  if (champion?.functionVersion !== undefined && champion.functionVersion !== view.target.functionVersion) {
    throw new UserError(
      'conflict',
      `alias ${config.lambda.alias} serves Lambda version ${view.target.functionVersion}, but champion ${champion.version} is version ${champion.functionVersion}`,
      {
        why: 'somebody moved the alias by hand',
        mend: `mlreg rollback --to ${champion.version} --environment ${config.name}`,
      },
    );
  }
  if (look.unknown !== null) {
    const { what, why, mend } = unknownServingText(look.unknown, config.name);
    throw new UserError('conflict', what, {
      why: `${why}: a first deploy would move everybody at once, with no way back`,
      mend,
    });
  }
  const stage = await stageFor(at, look, words.strategy);
  const endpoint = endpointOf({ model: config.model, environment: config.name }, record);
  const endpoints: Record<string, { name: string; generation: number }> = { [record.version]: endpoint };
  if (champion?.endpoint !== undefined) endpoints[champion.version] = champion.endpoint;
  for (const { version, endpoint: failed } of replaces) if (failed !== undefined) endpoints[version] = failed;
  const arms = champion === null ? [record] : [record, champion];
  if (arms.some(({ version }) => armOf(version).generation > 1)) await mustKnowGenerations(context, at);
  await refuseOtherArtifact(at, record);
  // Where nothing serves yet, there is nothing that $LATEST could differ from.
  const differences =
    champion === null ? [] : await connection.platform.latestDifferences(view.target.functionVersion);
  const take = options.withLatest === true || config.lambda.latest === 'take';
  const latest = differences.length === 0 ? undefined : { differences, take };
  if (begins && latest !== undefined && !take)
    refuseLatest(latest.differences, champion, record, config.name);
  if (choice.unread !== undefined)
    context.output.say(`how ${record.version} serves is not compared with mlreg.yaml: ${choice.unread}`);
  const compiled = await compile(context, at, words, champion, endpoints, {
    approvalRequired: options.approvalRequired === true,
    replaces: replaces.map(({ version }) => version),
    serving: servingOf(config),
  });
  const settings = await servedOtherwise(at, champion);
  const warmth = await returnWarmth(at, compiled, endpoints);
  const plan: Plan = {
    ...compiled,
    ...(latest === undefined ? {} : { latest }),
    ...(settings.length === 0 ? {} : { settings }),
    ...(champion === null ? {} : { mayDiffer: differences }),
    ...(warmth === undefined ? {} : { returnWarmth: warmth }),
  };
  return {
    plan,
    record,
    isNew,
    champion,
    home: { functionVersion: view.target.functionVersion, weights: {} },
    ...(stage?.deploymentId === undefined || stage.autoDeploy ? {} : { deploymentId: stage.deploymentId }),
    endpoints,
    codeSha256: await connection.platform.codeSha256(),
    changes: [
      {
        version: record.version,
        set: {
          status: 'challenger',
          statusAt: context.world.clock.now(),
          statusReason: `${plan.strategy} began`,
          endpoint,
          serving: servingOf(config),
        },
      },
    ],
  };
}

/**
 * Versions whose names differ in signs alone, with one artifact, have one endpoint: it would be on trial, and taken down, for both.
 * @returns whether another version would have the same one, and never had it so far
 * @throws UserError usage, where another version has it, or had it
 */
async function refuseShared({ config, connection }: Session, record: VersionRecord): Promise<boolean> {
  const records = await connection.store.versions();
  const place = { model: config.model, environment: config.name };
  const holder = holderOf(records, place, record);
  if (holder === undefined) return namesakeOf(records, place, record) !== undefined;
  const { uri } = record.artifact;
  const { name } = endpointOf(place, record);
  throw new UserError('usage', `${record.version} would have the endpoint of ${holder.version}`, {
    why: `both have the same artifact, and both names make the endpoint ${name}`,
    mend: `choose a name that differs in a letter or digit: mlreg register VERSION --artifact ${uri} --environment ${config.name}`,
  });
}

/**
 * A rollout moves the alias, and its end decides what the next one begins from.
 * @throws UserError conflict
 */
async function refuseUnderWay(at: Session): Promise<void> {
  const running = await unfinished(at);
  if (running === null) return;
  const { id, plan, outcome } = running;
  const { strategy, champion, challenger, environment } = plan;
  const how = outcome === null ? 'under way' : 'stuck';
  const moves = `${strategy} ${champion ?? 'nothing'} -> ${challenger} at ${challengerShare(running)} %`;
  throw new UserError('conflict', `rollout ${id} is ${how} in ${environment}: ${moves}`, {
    why: 'the next rollout begins from what serves when this one is over',
    mend: `mlreg status --environment ${environment}`,
  });
}

/** @throws UserError usage, where more than the version would come to users and nobody said that it should */
function refuseLatest(
  differences: readonly string[],
  champion: VersionRecord | null,
  { version: challenger }: VersionRecord,
  environment: string,
): never {
  const what = `$LATEST differs from what serves ${champion?.version ?? 'now'}: ${differences.join(', ')}`;
  throw new UserError('usage', what, {
    why: `these changes would reach users together with ${challenger}, and a failure would be taken for its own`,
    mend: [
      `mlreg deploy --model-version ${armOf(challenger).version} --environment ${environment} --with-latest`,
      `or set environments.${environment}.lambda.latest: take`,
      'or undo the changes of $LATEST',
    ],
  });
}

export async function registered(
  { config, connection }: Session,
  version: VersionTag,
): Promise<VersionRecord> {
  const record = await connection.store.version(version);
  if (record !== undefined) return record;
  const known = await connection.store.versions();
  const tags = known.map((other) => other.version).slice(-5);
  throw new UserError('usage', `${version} is not registered in ${config.name}`, {
    why: tags.length === 0 ? 'no version is' : `registered are ${tags.join(', ')}`,
    mend: `mlreg register ${version} --artifact URI --environment ${config.name}`,
  });
}

/** Which generation of a version a rollout would take. @throws UserError where the version is not registered */
export async function generationFor(context: Caller, at: Session, options: RolloutOptions): Promise<Choice> {
  const { version } = wordsOf(options);
  const known = generationsOf(await at.connection.store.versions(), version);
  // After `mlreg recover` a later generation may be all that is left of a version.
  const of = known.length === 0 ? [await registered(at, version)] : known;
  const { clock } = context.world;
  return chooseGeneration({ platform: at.connection.platform, clock }, of, { by: context.actor.name });
}

export async function championOf({ connection }: Session): Promise<VersionRecord | null> {
  return (await connection.store.versions()).find((version) => version.status === 'champion') ?? null;
}

export function refuseUnfit(config: EnvironmentConfig, record: VersionRecord): void {
  const failures = unmet(config.acceptance, record.metrics);
  if (failures.length > 0) {
    throw new UserError(
      'usage',
      `${record.version} does not meet the acceptance criteria of ${config.name}`,
      {
        why: failures.join('; '),
        mend: `mlreg validate ${record.version} --environment ${config.name}`,
      },
    );
  }
}
