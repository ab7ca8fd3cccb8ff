import type { VersionRecord } from '../domain/registry.ts';
import type { AccountFinding as Finding } from '../ports/account.ts';
import { PlatformError } from '../ports/platform.ts';
import { isUnread } from '../rollout/environment-view.ts';
import type { Look } from '../rollout/look.ts';
import type { RolloutState } from '../rollout/state.ts';
import type { Target } from './context.ts';

/** What a swap rests on: the stage at rest, the other alias along with the champion, and the way from one to the other. */
export async function stageCheck(
  { config, connection }: Target,
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
