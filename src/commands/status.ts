import { astrayStage } from '../app/doctor/stage.ts';
import type { MarkerNote } from '../app/marker.ts';
import { openSession } from '../app/open-session.ts';
import { silentText } from '../app/owner.ts';
import { otherwiseText, rolloutOf } from '../app/serving-settings.ts';
import type { Session } from '../app/session.ts';
import { lookAtStatus, type StageNow } from '../app/status.ts';
import { isController } from '../domain/controller.ts';
import type { Actor } from '../domain/journal.ts';
import { formatDuration } from '../domain/parse.ts';
import type { VersionRecord } from '../domain/registry.ts';
import { rolledBack } from '../domain/rolled-back.ts';
import { targetText } from '../domain/route.ts';
import type { RolloutState } from '../engine/state.ts';
import { type AliasView, PlatformError } from '../ports/platform.ts';
import type { LockRecord } from '../ports/store.ts';
import { failedIn, shortVerdict } from '../reporting/evidence.ts';
import { rolloutData, stepsText } from '../reporting/rollout-view.ts';
import { rebuiltIn } from '../view/rebuilt.ts';
import { counted } from '../view/words.ts';
import { windowData, windowLines } from '../app/plan/window.ts';
import type { BroughtBack } from '../app/brought-back.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { waitersNow, waiterText } from './make-way.ts';

/** What serves now, and why: the registry's word beside what the alias really does. Takes no lock. */
export async function status(context: Context): Promise<ExitCode> {
  const at = await openSession(context, 'lenient');
  const found = await lookAtStatus(context, at);
  const {
    champion,
    running,
    view,
    serves,
    settings,
    denied,
    owner,
    last,
    alias,
    marker: note,
    stage,
    lock,
  } = found;
  const { config, connection } = at;
  const now = context.world.clock.now();
  const verdict = view?.verdict ?? null;
  const { back } = found;
  const isBack = back !== null && back.rollout === running?.id;
  const window = windowData(at, now);
  const waiters = await waitersNow(context, at);
  const data = {
    kind: 'Status',
    environment: config.name,
    place: connection.place,
    serves: serves === null ? null : { ...serves, readAt: new Date(serves.readAt).toISOString() },
    champion: champion?.version ?? null,
    ...(settings.length === 0 ? {} : { settings }),
    alias:
      alias instanceof PlatformError
        ? { error: alias.message }
        : { name: config.lambda.alias, ...alias.target, stamp: alias.stamp ?? null },
    ...(note === null ? {} : { marker: note }),
    ...(back === null ? {} : { broughtBack: broughtBackData(back) }),
    stage:
      stage === null || running === null || astrayStage(config, running, stage.alias) === null
        ? stage
        : { ...stage, astray: astrayStage(config, running, stage.alias) },
    owner,
    ...(window === null ? {} : { window }),
    ...(waiters.length === 0 ? {} : { waiting: waiters }),
    drivenBy: lock.owner === null ? null : isController(lock.owner) ? 'controller' : 'process',
    controller: connection.controller?.name ?? null,
    rollout:
      view === null
        ? null
        : {
            ...rolloutData(view),
            verdict,
            ...(denied && { denied }),
            ...(isBack && { headline: back.sentence }),
          },
    last: last === null ? null : { rollout: last.id, outcome: last.outcome, sentence: endedText(last) },
  };
  const { paint } = context.output;
  context.output.answer(data, () => {
    const unread = alias instanceof PlatformError ? alias.message : 'unknown';
    const lines = [
      ...(back === null
        ? []
        : [paint.bold(`${back.sentence}; next: mlreg resume --environment ${config.name}`)]),
      paint.bold(serves?.sentence ?? `what users get can't be read: ${unread}`),
      // What the journal says of the rollout was true until then.
      ...(view === null || isBack ? [] : [view.headline]),
      `${paint.bold(`${config.model} / ${config.name}`)}  ${connection.place}`,
      `champion  ${championText(champion, config.name, note)}`,
      ...(champion === null || settings.length === 0
        ? []
        : [
            `settings  ${otherwiseText(champion.version, settings)}${running === null ? `; next: ${rolloutOf(champion, config.name)}` : ''}`,
          ]),
      `alias     ${alias instanceof PlatformError ? paint.red(alias.message) : aliasText(config.lambda.alias, alias)}`,
      ...(note === null || back !== null ? [] : [`marker    ${paint.red(note.detail)}; next: ${note.mend}`]),
      ...stageLines(at, stage, running),
      ...windowLines(at, now),
      ...waiters.map(
        (waiter, index) => `${index === 0 ? 'waiting' : ''}`.padEnd(10) + waiterText(waiter, now),
      ),
    ];
    if (running === null || view === null) {
      lines.push('rollout   none');
      if (lock.owner !== null) lines.push(`owner     ${placeText(lock.owner, now - lock.takenAt)}`);
      if (last !== null) lines.push(`last      ${last.id}: ${endedText(last)}`);
    } else {
      lines.push(
        `rollout   ${running.id}: ${running.plan.strategy} ${running.plan.champion ?? 'nothing'} -> ${running.plan.challenger}, ${isBack ? 'rolled back, and its journal does not know yet' : view.condition.word}`,
        `owner     ${drivenBy(lock, owner, running, { now, next: nextFor(at, note, running) })}`,
        ...(isBack ? [] : [stepsText(view, paint)]),
      );
      if (denied !== null)
        lines.push(
          `denied    ${paint.red(`${deniedWhat(running)} is denied to ${running.owner.name}: ${denied.error}`)}; next: mlreg rollback --environment ${config.name}, by somebody whom AWS lets move the alias`,
        );
      if (running.outcome?.kind === 'stuck')
        lines.push(
          ...running.outcome.mend.map(
            (command, index) => `${index === 0 ? 'next' : ''}`.padEnd(10) + command,
          ),
        );
      lines.push(...running.notes.map((text) => `metrics   ${text}`));
      if (verdict !== null) {
        // A snapshot saved the reading of a long bake, and with it the judging.
        const ticks = running.summary === undefined ? 0 : running.observations.length - 1;
        const age = ticks === 0 ? '' : ` (${counted(ticks, 'tick')} ago)`;
        lines.push(
          `verdict   ${shortVerdict(verdict, { action: null, failed: failedIn(running.observations) })}${age}`,
        );
      }
    }
    return lines.join('\n');
  });
  return exitCode.done;
}

const broughtBackData = ({ rollout, byHand, functionVersion, version, after, sentence }: BroughtBack) => ({
  rollout,
  byHand,
  functionVersion,
  version,
  after: after === null ? null : new Date(after).toISOString(),
  sentence,
});

function championText(champion: VersionRecord | null, environment: string, note: MarkerNote | null): string {
  if (champion !== null)
    return `${champion.version}  since ${new Date(champion.statusAt).toISOString()}, ${champion.statusReason}`;
  // What serves was rolled out by another store, or by this one before it lost its records.
  return note?.isBehind === true
    ? 'unknown: this store knows nothing of what the alias serves'
    : `none yet; next: mlreg deploy --model-version VERSION --environment ${environment}`;
}

const deniedWhat = ({ rollback, plan }: RolloutState): string =>
  rollback !== null || plan.strategy === 'rollback' ? 'the rollback' : 'the next step';

/** A stage that names what it should needs no line at rest. */
function stageLines(
  { config }: Session,
  stage: StageNow | null,
  running: RolloutState | null,
): readonly string[] {
  if (stage === null) return [];
  const astray = running === null ? null : astrayStage(config, running, stage.alias);
  const isAtRest = stage.alias === config.lambda.alias;
  if (isAtRest && astray === null) return [];
  const tidy = running === null ? `; next: mlreg gc --environment ${config.name}` : '';
  const names = isAtRest
    ? `names ${stage.alias}`
    : `names ${stage.alias} -> Lambda version ${stage.functionVersion ?? 'unknown'}${tidy}`;
  return [
    `stage     ${names}`,
    ...(astray === null ? [] : [`          ${astray.detail}; next: ${astray.mend}`]),
  ];
}

/** A store that is older than what serves refuses a resume, and the controller makes none of it either. */
function nextFor(
  { connection: { controller } }: Session,
  note: MarkerNote | null,
  { outcome }: RolloutState,
): string {
  if (note?.isBehind === true) return note.mend;
  if (outcome?.kind === 'stuck') return 'choose one of the commands below';
  return controller === null ? 'mlreg resume' : `${controller.name} takes it up; or: mlreg resume`;
}

/** Who drives, and what to type where nobody does, or nobody will go on by themselves. */
function drivenBy(
  { owner, takenAt }: LockRecord,
  standing: { readonly process: string; readonly silentForMs: number | null } | null,
  running: RolloutState,
  { now, next }: { readonly now: number; readonly next: string },
): string {
  const paused = running.pausedAt === null ? '' : ', paused: mlreg resume';
  if (owner === null) return `nobody drives it: ${next}`;
  const place = placeText(owner, now - takenAt);
  if (standing?.process === 'dead') return `${place}; dead: ${next}`;
  if (standing === null || standing.silentForMs === null) return `${place}${paused}`;
  return `${place}; ${silentText(standing.silentForMs)}: ${next}`;
}

/** Who, where, for how long, and by which command. */
function placeText(owner: Actor, ageMs: number): string {
  const { name, host, pid, command } = owner;
  const who = isController(owner) ? 'the rollout controller' : name;
  const age = formatDuration(Math.max(0, Math.round(ageMs / 1_000) * 1_000));
  return `${who} (pid ${pid} on ${host}) for ${age}${isController(owner) ? '' : `: ${command}`}`;
}

/** How the rollout before ended, and where a verdict ended it what that rested on. */
function endedText(state: RolloutState): string {
  const { plan, outcome, lastVerdict, observations } = state;
  const rebuilt = rebuiltIn(state) !== null;
  const what = `${plan.strategy} ${plan.champion ?? 'nothing'} -> ${plan.challenger}`;
  if (outcome === null) return what;
  if (outcome.kind === 'restored' && rebuilt) return outcome.sentence;
  if (outcome.kind !== 'rolled-back') return `${what}: ${outcome.sentence}`;
  if (outcome.cause.kind !== 'verdict' || lastVerdict?.kind !== 'fail') {
    return `${what}: ${rolledBack(outcome.cause.sentence, ', ')}`;
  }
  return `${what}: ${shortVerdict(lastVerdict, { action: 'roll back', failed: failedIn(observations) })}`;
}

function aliasText(name: string, view: AliasView): string {
  const by =
    view.stamp === undefined
      ? 'not written by mlreg'
      : `written by ${view.stamp.rollout}, token ${view.stamp.token}`;
  return `${name} -> ${targetText(view.target)} (${by})`;
}
