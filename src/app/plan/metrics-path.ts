import { formatDuration } from '../../domain/parse.ts';
import type { Plan } from '../../domain/plan.ts';
import type { VersionRecord } from '../../domain/registry.ts';
import { UserError } from '../../domain/user-error.ts';
import { proveSource, settleFor, type SourceProof } from '../../monitor/prove-source.ts';
import type { AccountFinding } from '../../ports/account.ts';
import type { Session, Caller } from '../session.ts';

/** Longer than settle, for the first point of a new metric takes longer than those after it. */
const extraMs = 60_000;

/** null: the champion has no endpoint, or the metrics are AWS's own. */
export async function pathOfMetrics(
  { world }: Caller,
  { config, connection }: Session,
  champion: VersionRecord | null,
): Promise<SourceProof | null> {
  if (champion?.endpoint === undefined || connection.metrics.probe === undefined) return null;
  const arm = {
    version: champion.version,
    endpoint: champion.endpoint.name,
    functionVersion: champion.functionVersion,
  };
  const withinMs = config.kind === 'local' ? 5_000 : config.settleMs + extraMs;
  return proveSource(connection.metrics, arm, world.clock, withinMs);
}

/** What doctor says of the path; undefined where there is nothing to say. */
export function pathFinding(proof: SourceProof | null, { config }: Session): AccountFinding | undefined {
  const check = 'metrics path';
  switch (proof?.kind) {
    case undefined:
      return undefined;
    case 'proven':
      return {
        check,
        ok: true,
        detail: `a test request showed in the metrics after ${formatDuration(proof.lagMs)}`,
      };
    case 'unknown':
      return {
        check,
        ok: true,
        unchecked: true,
        detail: `the router of ${config.lambda.function} is older and answers no test requests`,
        mend: 'update the function’s code to the router of this mlreg',
      };
    case 'failed':
      return {
        check,
        ok: proof.denied,
        ...(proof.denied ? { unchecked: true as const } : {}),
        detail: `a test request failed: ${proof.why}`,
        mend: proof.denied ? 'allow lambda:InvokeFunction' : 'try again',
      };
    case 'not-seen':
      return {
        check,
        ok: false,
        detail: `a test request did not show in the metrics within ${formatDuration(proof.afterMs)}`,
        mend: `check that ${config.lambda.function} may write logs, that its log format is Text or its router is this mlreg's, and that MLREG_ENVIRONMENT and MLREG_MODEL are ${config.name} and ${config.model}`,
      };
  }
}

/**
 * The plan, with `settle` as long as the measured lag asks for.
 * @throws UserError where a test request does not reach the metrics: the rollout would be judged on nothing
 */
export async function proveMetrics(
  context: Caller,
  at: Session,
  { plan, champion }: { readonly plan: Plan; readonly champion: VersionRecord | null },
): Promise<Plan> {
  const isJudged = plan.steps.some(({ kind }) => kind === 'bake');
  const proof = isJudged ? await pathOfMetrics(context, at, champion) : null;
  const finding = pathFinding(proof, at);
  if (finding?.ok === false) {
    throw new UserError(
      'usage',
      `${plan.challenger} could not be judged in ${at.config.name}: ${finding.detail}`,
      {
        why: 'found before anything was made',
        mend: [finding.mend ?? [], `mlreg doctor --environment ${at.config.name}`].flat(),
      },
    );
  }
  if (finding?.unchecked === true) context.output.say(`preflight, ${finding.check}: ${finding.detail}`);
  if (proof?.kind !== 'proven') return plan;
  const settleMs = settleFor(plan.settleMs, plan.horizonMs ?? 0, proof.lagMs);
  if (settleMs > plan.settleMs)
    context.output.say(
      `metrics arrive after ${formatDuration(proof.lagMs)}: a tick is final when it has not changed for ${formatDuration(settleMs)}`,
    );
  return settleMs > plan.settleMs ? { ...plan, settleMs } : plan;
}
