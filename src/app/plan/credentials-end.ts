import { formatDuration } from '../../domain/parse.ts';
import type { Plan } from '../../domain/plan.ts';
import { type Instant, instant, later } from '../../domain/units.ts';
import { UserError } from '../../domain/user-error.ts';
import type { Caller } from '../session.ts';

/** Time that is kept for the way back: it needs credentials too. */
const reserveMs = 600_000;

/** When a rollout must leave the hands of these credentials; null where nothing says that they expire. */
export function credentialsEnd(env: Caller['world']['env']): Instant | null {
  // The SDK's own variable, which aws-actions/configure-aws-credentials knows as its output aws-expiration.
  const at = Date.parse(env.AWS_CREDENTIAL_EXPIRATION ?? '');
  return Number.isNaN(at) ? null : instant(at - reserveMs);
}

/**
 * Before anything is changed: a plan whose bakes alone outlast the credentials can only end badly.
 * @throws UserError
 */
export function refuseShortCredentials(plan: Plan, end: Instant | null, now: Instant): void {
  const bakes = plan.steps.reduce(
    (sum, step) => sum + (step.kind === 'bake' ? (step.durationMs ?? 0) : 0),
    0,
  );
  if (end === null || later(now, bakes) <= end) return;
  const left = Math.max(0, end - now + reserveMs);
  throw new UserError('credentials', `the credentials expire before ${plan.challenger} could be promoted`, {
    why: `its bakes take ${formatDuration(bakes)}, the credentials last ${formatDuration(Math.floor(left / 1_000) * 1_000)}, and ${formatDuration(reserveMs)} are kept for the way back`,
    mend: [
      "role-duration-seconds: 21600 of aws-actions/configure-aws-credentials, and as much in the role's max_session_duration",
      'or let the rollout controller drive: --detach',
    ],
  });
}

/** Never, where nothing says that they expire, or once the rollout has ended. */
export function whenCredentialsEnd(world: Caller['world'], ended: AbortSignal): Promise<'EXPIRY'> {
  const end = credentialsEnd(world.env);
  return new Promise((resolve) => {
    // What began within the reserve is on its way back, or was told.
    if (end === null || end <= world.clock.now()) return;
    void world.clock.sleepUntil(end, ended).then(() => {
      if (!ended.aborted) resolve('EXPIRY');
    });
  });
}
