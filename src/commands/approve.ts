import { UserError } from '../domain/user-error.ts';
import { planSummary } from '../reporting/plan-view.ts';
import { shortHash } from '../engine/approvals.ts';
import { planHash } from '../engine/plan-hash.ts';
import { currentStep, type RolloutState } from '../engine/state.ts';
import type { Session } from '../app/session.ts';
import { openSession } from '../app/open-session.ts';
import { confirm } from '../app/confirm.ts';
import type { Context } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { mustRun, type SteerOptions, steerRunning } from './steer.ts';
import { whoActs } from '../app/who.ts';

export interface ApproveOptions extends SteerOptions {
  readonly planHash?: string;
}

/** Approves what it shows: the hash is computed from the plan and the artifact as they are found, and goes with it. */
export async function approve(
  context: Context,
  options: ApproveOptions,
  rollout?: string,
): Promise<ExitCode> {
  const wanted = options.planHash?.toLowerCase();
  if (wanted !== undefined && !/^[0-9a-f]{8,64}$/.test(wanted)) {
    throw new UserError('usage', `--plan-hash: '${options.planHash}' is not the beginning of a plan's hash`, {
      why: 'at least 8 of its hexadecimal digits',
      mend: 'mlreg status shows it',
    });
  }
  const at = await openSession(context);
  const running = await mustRun(at, rollout);
  const found = await hashOf(at, running);
  if (wanted !== undefined && !found.planHash.startsWith(wanted)) {
    throw new UserError(
      'conflict',
      `${running.id} has plan ${shortHash(found.planHash)}, not ${wanted}; nothing was approved`,
      {
        why: 'what waits now is not what you were shown',
        mend: `mlreg status --environment ${at.config.name}`,
      },
    );
  }
  const { actor, token } = await whoActs(context, at, { kind: 'approve', planHash: found.planHash });
  const { output } = context;
  output.say(planSummary(running.plan, output.paintTalk));
  output.say(
    `  artifact ${found.artifactDigest.slice(0, 12)}, plan ${shortHash(found.planHash)}, as ${actor.name}`,
  );
  const step = currentStep(running);
  if (step?.kind === 'approve' && step.approvers === undefined)
    output.say(`nothing proves that this is ${actor.name}: ${at.config.name} goes by names`);
  await confirm(context, at.config, `approve ${running.id}`);
  const proof = token === undefined ? {} : { token };
  const wish = { kind: 'approve', planHash: found.planHash, ...proof } as const;
  return steerRunning({ ...context, actor }, at, running, wish, options);
}

async function hashOf(
  { connection, config }: Session,
  running: RolloutState,
): Promise<{ readonly planHash: string; readonly artifactDigest: string }> {
  const { id, plan } = running;
  const artifactDigest = (await connection.store.version(plan.challenger))?.artifact.digest ?? '';
  const found = planHash({ rollout: id, plan, artifactDigest });
  if (found === running.planHash) return { planHash: found, artifactDigest };
  throw new UserError(
    'conflict',
    `what ${id} would roll out is not what it began with; nothing was approved`,
    {
      why: `plan and artifact of ${plan.challenger} have hash ${shortHash(found)} now, and had ${shortHash(running.planHash ?? 'none')} when it began`,
      mend: [
        `mlreg reject ${id} --environment ${config.name}`,
        `mlreg audit verify --environment ${config.name}`,
      ],
    },
  );
}
