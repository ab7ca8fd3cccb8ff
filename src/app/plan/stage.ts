import { UserError } from '../../domain/user-error.ts';
import { PlatformError, type StageView } from '../../ports/platform.ts';
import type { EnvironmentView } from '../../runner/environment-view.ts';
import type { Session } from '../session.ts';
import type { Words } from './words.ts';

/**
 * The gateway's stage, at rest. Null where there is none: then only blue-green can't go on. What makes a swap fail is told
 * before anything is made.
 * @throws UserError conflict, where the stage names another alias than the one whose traffic is to be moved
 */
export async function stageFor(
  { config, connection }: Session,
  { stage, green: other }: EnvironmentView,
  strategy: Words['strategy'],
): Promise<StageView | null> {
  const { alias, green } = config.lambda;
  const swaps = strategy === 'blue-green';
  if (green === null) return null;
  if (stage instanceof PlatformError && swaps) throw stage;
  if (stage === null || stage instanceof PlatformError) return null;
  if (stage.alias !== undefined && stage.alias !== alias) {
    throw new UserError('conflict', `the stage of ${config.name} names alias ${stage.alias}, not ${alias}`, {
      why: `a rollout moves ${alias}, and users would not see it; a swap that came late, or a person, moved the stage`,
      mend: [`mlreg gc --environment ${config.name}`, `mlreg doctor --environment ${config.name}`],
    });
  }
  if (!swaps) return stage;
  if (stage.alias === undefined) {
    throw new UserError('usage', `the stage of ${config.name} names no alias that could be swapped`, {
      why: 'blue-green takes the alias from the stage variable alias',
      mend: `set the stage variable alias to ${alias}, and let the integration's URI end in :\${stageVariables.alias}`,
    });
  }
  if (other instanceof PlatformError) throw other;
  const [problem, ...more] = await connection.platform.swapProblems(green);
  if (problem === undefined) return stage;
  throw new UserError('usage', [problem, ...more].join('; '), {
    mend: `mlreg doctor --environment ${config.name}`,
  });
}
