import type { VersionRecord } from '../../domain/registry.ts';
import type { AccountFinding as Finding } from '../../ports/account.ts';
import { PlatformError } from '../../ports/platform.ts';
import { isUnread } from '../../runner/environment-view.ts';
import type { Look } from '../../runner/look.ts';
import { stageElsewhere } from '../../runner/stage-watch.ts';
import type { RolloutState } from '../../engine/state.ts';
import type { Session } from '../session.ts';

/**
 * Users are on another alias than a rollout which is under way has them on.
 * @returns null where they are where it has them
 */
export function astrayStage(
  { name, lambda }: Session['config'],
  running: RolloutState,
  found: string | undefined,
): { readonly detail: string; readonly mend: string } | null {
  const detail = running.outcome === null ? stageElsewhere(running, found) : null;
  if (detail === null) return null;
  const back = `mlreg rollback --environment ${name}  # both aliases serve the champion then`;
  const tidy = running.serving === lambda.alias ? `; then: mlreg gc --environment ${name}` : '';
  return { detail, mend: `point the stage back at alias ${running.serving}, or: ${back}${tidy}` };
}

/** What a swap rests on: the stage at rest, the other alias along with the champion, and the way from one to the other. */
export async function stageCheck(
  { config, connection }: Session,
  { stage, green: other }: Look,
  {
    own,
    green,
    champion,
    running,
  }: {
    readonly own: string;
    readonly green: string;
    readonly champion: VersionRecord | null;
    readonly running: RolloutState | null;
  },
): Promise<Omit<Finding, 'check'>> {
  const { platform } = connection;
  if (isUnread(stage)) throw stage;
  if (stage === null || stage instanceof PlatformError) {
    const mend = `set environments.${config.name}.lambda.green: off in mlreg.yaml where nothing is swapped`;
    return { ok: false, detail: stage?.message ?? 'none is configured', mend };
  }
  const astray = running === null ? null : astrayStage(config, running, stage.alias);
  if (astray !== null) return { ok: false, ...astray };
  const swaps = running?.outcome === null && running.plan.strategy === 'blue-green';
  if (swaps)
    return {
      ok: true,
      detail: `names ${stage.alias ?? 'no alias'}: rollout ${running.id} swaps ${own} and ${green}`,
    };
  if (stage.alias !== own) {
    const detail = `the stage names ${stage.alias ?? 'no alias'}, not ${own}: rollouts of ${own} reach nobody`;
    return { ok: false, detail, mend: `mlreg gc --environment ${config.name}` };
  }
  const [problem] = await platform.swapProblems(green);
  if (problem !== undefined) return { ok: false, detail: problem };
  if (other instanceof PlatformError) throw other;
  if (other === null) return { ok: true, detail: `names ${own}` };
  const { functionVersion } = other.view.target;
  const follows = champion?.functionVersion === undefined || champion.functionVersion === functionVersion;
  return follows
    ? { ok: true, detail: `names ${own}; a swap to ${green} would be answered` }
    : {
        ok: false,
        detail: `alias ${green} serves Lambda version ${functionVersion}, champion ${champion.version} is ${champion.functionVersion}`,
        mend: `mlreg gc --environment ${config.name}`,
      };
}
