import { armOf } from '../../domain/arm.ts';
import { formatDuration } from '../../domain/parse.ts';
import type { Departure, VersionRecord } from '../../domain/registry.ts';
import { sameTarget, targetText } from '../../domain/route.ts';
import { type Instant, type VersionTag } from '../../domain/units.ts';
import { UserError } from '../../domain/user-error.ts';
import {
  knownGood,
  mayHaveServed,
  previousGood,
  previousUnproven,
  rebuiltBy,
  type Standing,
  standingOf,
} from '../../registry/known-good.ts';
import type { EnvironmentView } from '../../runner/environment-view.ts';
import type { RolloutState } from '../../engine/state.ts';
import { refuseUnknownServing } from '../behind.ts';
import { stateOf, type Session, type Caller } from '../session.ts';
import { championOf } from '../plan/prepare.ts';

/** A version that has served everybody: all others must earn it, with approvals and bakes. @throws UserError */
export async function namedTarget(at: Session, to: VersionTag): Promise<VersionRecord> {
  const { config, connection } = at;
  const records = await connection.store.versions();
  const record = records.find(({ version }) => version === to);
  if (!isServing(records)) await refuseUnknownServing(at);
  if (record === undefined) {
    throw new UserError('usage', `${to} is not registered in ${config.name}`, {
      why: candidatesText(records),
      mend: `mlreg versions --environment ${config.name}`,
    });
  }
  if (standingOf(record).kind !== 'never-served') return record;
  const by = rebuiltBy(record.statusReason);
  const recovered =
    by === null ? '' : `${by} rebuilt the registry, and no Lambda version gives this version to everybody; `;
  throw new UserError('conflict', `${to} is not known to have served everybody in ${config.name}`, {
    why: `${recovered}a rollback goes to a version known good, without approval and without a trial; ${candidatesText(records)}`,
    mend: `mlreg deploy --model-version ${armOf(to).version} --environment ${config.name}  # it never served: this begins its trial`,
  });
}

const isServing = (records: readonly VersionRecord[]): boolean =>
  records.some(({ status }) => status === 'champion');

/** A champion that does not serve everybody, though no rollout is under way. */
export interface Astray {
  readonly champion: VersionRecord;
  /** `alias live serves Lambda version 8 + 30 % to 7`. */
  readonly instead: string;
}

/**
 * Whether users are elsewhere than with the champion: then a rollback that names no version brings them to it, for the version
 * before it would be one too far.
 * @returns null where the champion serves everybody alone, or the registry does not know how it did
 */
export async function astray(at: Session, view: EnvironmentView): Promise<Astray | null> {
  const champion = await championOf(at);
  const standing = champion === null ? undefined : standingOf(champion);
  if (champion === null || standing?.kind !== 'serving') return null;
  const instead = servedInstead(view, standing.service.functionVersion);
  if (instead === null) return null;
  // Somebody has brought everybody by hand to where a rollback leads: nobody is sent back to what they were taken from.
  const good = previousGood(await at.connection.store.versions());
  const goodStanding = good === undefined ? undefined : standingOf(good);
  if (goodStanding?.kind === 'good' && servedInstead(view, goodStanding.service.functionVersion) === null)
    return null;
  return { champion, instead };
}

/**
 * What users reach instead of this Lambda version alone, by the alias and by the one that the stage names; null where they
 * reach nothing else.
 */
export function servedInstead({ main, reached }: EnvironmentView, functionVersion: string): string | null {
  const elsewhere = [main, reached].find(
    ({ view }) => !sameTarget(view.target, { functionVersion, weights: {} }),
  );
  return elsewhere === undefined
    ? null
    : `alias ${elsewhere.name} serves ${targetText(elsewhere.view.target)}`;
}

/**
 * The version known good that served last before the champion; after `mlreg recover` what served last as far as is known.
 * @throws UserError where there is none
 */
export async function defaultTarget(at: Session): Promise<VersionRecord> {
  const { connection, config } = at;
  const records = await connection.store.versions();
  if (!isServing(records)) await refuseUnknownServing(at);
  const newest = previousGood(records) ?? previousUnproven(records);
  if (newest !== undefined) return newest;
  const fled = records.flatMap((record) => {
    const standing = standingOf(record);
    return standing.kind === 'fled' ? [{ version: record.version, left: standing.left }] : [];
  });
  const maybe = mayHaveServed(records);
  // By name alone, and after a confirmation, users go back to what they were taken away from; what is new is put on trial.
  const [fresh] = records
    .filter(({ status }) => status === 'candidate')
    .sort((a, b) => b.registeredAt - a.registeredAt);
  const trial =
    fresh === undefined || fled.length + maybe.length > 0
      ? []
      : [
          `mlreg deploy --model-version ${armOf(fresh.version).version} --environment ${config.name}  # it never served: this begins its trial`,
        ];
  throw new UserError('conflict', `${config.name} has no earlier version known good`, {
    why:
      [
        ...fled.map(({ version, left }) => `${version} was left ${leftText(left)}`),
        ...maybe.map((record) => unprovenText(record.version, standingOf(record))),
      ].join('; ') || undefined,
    mend: [
      `mlreg versions --environment ${config.name}`,
      ...[...fled, ...maybe].map(
        ({ version }) =>
          `mlreg rollback --to ${version} --environment ${config.name}  # asks first; unattended with --yes`,
      ),
      ...trial,
    ],
  });
}

/** Whether a rollback that names no version leads to one before the champion. */
export async function leadsBack({ connection }: Session): Promise<boolean> {
  const records = await connection.store.versions();
  return (previousGood(records) ?? previousUnproven(records)) !== undefined;
}

/** The Lambda version by which a version served everybody; undefined where it never did, or its endpoint is gone. */
export async function servedBy({ connection }: Session, to: VersionTag): Promise<string | undefined> {
  const record = await connection.store.version(to);
  const standing = record === undefined ? undefined : standingOf(record);
  if (standing === undefined || standing.kind === 'never-served') return undefined;
  const { endpoint, functionVersion } = standing.service;
  return record?.tombstone?.endpoint === endpoint || functionVersion === '' ? undefined : functionVersion;
}

function candidatesText(records: readonly VersionRecord[]): string {
  const names = knownGood(records).map(({ version, status }) =>
    status === 'champion' ? `${version} (champion)` : version,
  );
  return names.length === 0
    ? 'no version is known good'
    : `known good are, newest first: ${names.join(', ')}`;
}

/** What is not known of a version since the registry was rebuilt. */
export const unprovenText = (version: VersionTag, standing: Standing): string =>
  standing.kind === 'unproven' && standing.service.assumed === true
    ? `whether ${version} ever served everybody was lost with the store`
    : `${version} served before, but whether users were ever taken away from it for a reason was lost with the store`;

/** `2026-11-30T08:00:00Z because of a verdict: ...` */
const leftText = ({ at, why, reason }: Departure): string =>
  `${new Date(at).toISOString().slice(0, 19)}Z because of ${becauseOf[why]}${reason === '' ? '' : `: ${reason}`}`;

const becauseOf = {
  replaced: 'a newer version',
  verdict: 'a verdict',
  abort: 'an abort',
  rollback: 'a rollback',
} as const satisfies Record<Departure['why'], string>;

/**
 * Users were taken away from this version for a reason, or may have been: somebody must confirm that they are to go back.
 * @throws UserError usage, where nobody does
 */
export async function confirmFled(
  context: Caller,
  { config }: Session,
  record: VersionRecord,
): Promise<void> {
  const standing = standingOf(record);
  const isAsked = standing.kind === 'fled' || standing.kind === 'unproven';
  if (!isAsked || context.options.yes === true) return;
  const { version } = record;
  const isFled = standing.kind === 'fled';
  const sentence = isFled
    ? `${version} was left ${leftText(standing.left)}`
    : unprovenText(version, standing);
  if (!context.world.streams.stderrIsTerminal) {
    const why = isFled
      ? 'users were taken away from it'
      : `${standing.by} rebuilt the registry from what AWS has, and that does not say which versions were good`;
    throw new UserError('usage', sentence, {
      why: `${why}; nobody can be asked whether users are to go back to it`,
      mend: [
        `mlreg rollback --to ${version} --environment ${config.name} --yes`,
        `mlreg versions --environment ${config.name}`,
      ],
    });
  }
  await mustAgree(context, `${sentence}\nMove everybody in ${config.name} back to it after its smoke test?`);
}

/** A rollback so soon after another is more likely a retry of the same order than a second one. */
const soonMs = 600_000;

/**
 * Whether a rollback that names no version would repeat one that has just been made, and nobody confirms that it is meant.
 * @returns the first one; null where this one may go on
 */
export async function repeats(context: Caller, at: Session): Promise<RolloutState | null> {
  const { world } = context;
  const [newest] = await at.connection.store.rollouts();
  const first = newest === undefined ? null : await stateOf(at, newest);
  if (first === null || !movedBack(first)) return null;
  const ago = Math.abs(world.clock.now() - (first.endedAt ?? first.startedAt));
  if (ago >= soonMs) return null;
  if (!world.streams.stderrIsTerminal) return first;
  if (context.options.yes !== true) {
    const question = `${firstText(first, world.clock.now())}. Move everybody one version further back?`;
    await mustAgree(context, question);
  }
  return null;
}

/** `v2.2.0 was rolled back to 40 s ago by ana (r-1)`. */
export function firstText(first: RolloutState, now: Instant): string {
  const { plan, outcome, endedAt, startedAt, owner, id } = first;
  const ago = formatDuration(Math.max(0, Math.round((now - (endedAt ?? startedAt)) / 1_000)) * 1_000);
  const what =
    outcome?.kind === 'rolled-back'
      ? `${plan.challenger} was rolled back, and ${plan.champion ?? 'no version'} serves since`
      : `everybody was moved back to ${plan.challenger}`;
  return `${what}, ${ago} ago by ${owner.name} (${id})`;
}

/** Users were brought back, or somebody asked for it; where nobody had been moved a rollback is still to be made. */
function movedBack({ plan, outcome, step }: RolloutState): boolean {
  if (outcome?.kind === 'succeeded') return plan.strategy === 'rollback';
  if (outcome?.kind !== 'rolled-back') return false;
  if (outcome.cause.kind === 'abort' || plan.strategy === 'watch') return true;
  if (plan.strategy === 'shadow') return false;
  return plan.steps.slice(0, step + 1).some(({ kind }) => kind === 'route' || kind === 'promote');
}

async function mustAgree({ world }: Caller, question: string): Promise<void> {
  const answer = await world.ask(`${question} [y/N] `);
  if (!/^y(es)?$/i.test(answer?.trim() ?? ''))
    throw new UserError('usage', 'not confirmed; nothing was changed');
}
