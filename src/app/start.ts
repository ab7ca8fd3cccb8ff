import type { Actor } from '../domain/journal.ts';
import type { VersionTag } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import type { RolloutState } from '../engine/state.ts';
import type { JournalWriter } from '../runner/journal-writer.ts';
import { start } from '../runner/own.ts';
import type { RolloutPorts } from '../runner/ports.ts';
import { refuseWhereUnknown } from './behind.ts';
import { refuseLostEndpoint } from './lost-endpoint.ts';
import { credentialsEnd, refuseShortCredentials } from './plan/credentials-end.ts';
import { proveMetrics } from './plan/metrics-path.ts';
import { preflight } from './plan/preflight.ts';
import { generationFor, type Prepared, prepare } from './plan/prepare.ts';
import { acceptSmoke } from './plan/smoke.ts';
import { refuseOutsideWindow } from './plan/window.ts';
import type { RolloutOptions } from './plan/words.ts';
import { type Caller, type Session, unfinished } from './session.ts';
import { refuseNamelessStart, whoActs } from './who.ts';

export interface StartOptions extends RolloutOptions {
  readonly reason?: string;
  /** false: begin without a smoke test where there are no smoke requests; needs a reason. */
  readonly smoke?: boolean;
  /** The controller is to drive it. */
  readonly detach?: boolean;
}

/** A rollout that may begin. Nothing has been changed. */
export type Ready =
  | { readonly kind: 'already-serving'; readonly version: VersionTag }
  | { readonly kind: 'ready'; readonly prepared: Prepared };

/**
 * Finds out whether this rollout may begin, and how.
 * @param begins whether it is to begin now, or only shown: then no rollout that is under way stands in its way
 * @throws UserError
 */
export async function readyToStart(
  caller: Caller,
  at: Session,
  options: StartOptions,
  { begins }: { readonly begins: boolean },
): Promise<Ready> {
  await refuseWhereUnknown(at);
  const running = await unfinished(at);
  if (running !== null && begins) throw notOver(caller, at, running);
  const serving = (await at.connection.store.versions()).find(({ status }) => status === 'champion');
  const choice = await generationFor(caller, at, options);
  const { version } = choice.record;
  if (serving?.version === version) {
    await refuseLostEndpoint(at, serving);
    return { kind: 'already-serving', version };
  }
  if (begins) refuseOutsideWindow(at, options, caller.world.clock.now());
  acceptSmoke(caller, at, { noSmoke: options.smoke === false, reason: options.reason });
  return { kind: 'ready', prepared: await prepare(caller, at, options, { choice, begins }) };
}

/**
 * Asks the account for what would stop this rollout halfway, and measures how late its metrics are.
 * @returns the same with `settle` as the metrics need it, and who begins it
 * @throws UserError
 */
export async function checkBeforeStart(
  caller: Caller,
  at: Session,
  prepared: Prepared,
  { detach = false }: Pick<StartOptions, 'detach'>,
): Promise<{ readonly prepared: Prepared; readonly actor: Actor }> {
  const { plan: planned, endpoints, champion } = prepared;
  const { env, clock } = caller.world;
  if (!detach) refuseShortCredentials(planned, credentialsEnd(env), clock.now());
  await preflight(caller, at, { plan: planned, endpoints, isDetached: detach });
  const plan = await proveMetrics(caller, at, { plan: planned, champion });
  // Who may approve depends on who began it; without approvals a rollout doesn't wait for STS to say so.
  const isApproved = plan.steps.some(({ kind }) => kind === 'approve');
  const { actor } = await whoActs(caller, at, { kind: 'begin' }).catch((error: unknown) => {
    if (isApproved) throw error;
    return { actor: caller.actor };
  });
  if (isApproved) refuseNamelessStart(at, actor);
  return { prepared: { ...prepared, plan }, actor };
}

/** Writes the rollout down: from here on the journal holds it, and whoever has the writer drives it. @throws UserError */
export async function beginRollout(
  { world }: Pick<Caller, 'world'>,
  at: Session,
  ports: RolloutPorts,
  {
    prepared,
    actor,
    reason = '',
    force = false,
  }: {
    readonly prepared: Prepared;
    readonly actor: Actor;
    readonly reason?: string | undefined;
    readonly force?: boolean;
  },
): Promise<JournalWriter> {
  if (prepared.isNew) await at.connection.store.register(prepared.record);
  return start(ports, world.ids.rolloutId(), { ...prepared, actor, reason, force });
}

function notOver({ world }: Caller, { config }: Session, running: RolloutState): UserError {
  const { id, plan, by, owner, startedAt } = running;
  const agoS = Math.round((world.clock.now() - startedAt) / 1_000);
  return new UserError('conflict', `rollout ${id} of ${plan.challenger} is not over in ${config.name}`, {
    why: `${by.name} on ${by.host} (pid ${owner.pid}) began it ${agoS} s ago with '${by.command}'`,
    mend: [
      `mlreg status --environment ${config.name}`,
      `mlreg resume --environment ${config.name}`,
      `mlreg abort --environment ${config.name}`,
      'or add --queue 1h to wait for its end',
    ],
  });
}
