import type { AliasView } from '../ports/platform.ts';
import { PlatformError } from '../ports/platform.ts';
import { rolloutData, stepsText, verdictText } from '../reporting/rollout-view.ts';
import { challengerShare } from '../rollout/state.ts';
import { verdictOn } from '../rollout/tick.ts';
import { type Context, target, unfinished } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { championOf } from './prepare.ts';

/** What serves now, and why: the registry's word beside what the alias really does. Takes no lock. */
export async function status(context: Context): Promise<ExitCode> {
  const at = await target(context);
  const { config, connection } = at;
  const [champion, lock, running] = [
    await championOf(at),
    await connection.store.lock(),
    await unfinished(at),
  ];
  const alias = await connection.platform.readAlias(config.lambda.alias).catch((error: unknown) => {
    if (error instanceof PlatformError) return error;
    throw error;
  });
  const now = context.world.clock.now();
  const verdict = running === null ? null : (verdictOn(running) ?? running.lastVerdict);
  const owner =
    lock.owner === null
      ? null
      : {
          ...lock.owner,
          process: context.world.isAlive(lock.owner),
          since: new Date(lock.takenAt).toISOString(),
        };
  const data = {
    kind: 'Status',
    environment: config.name,
    place: connection.place,
    champion: champion?.version ?? null,
    alias:
      alias instanceof PlatformError
        ? { error: alias.message }
        : { name: config.lambda.alias, ...alias.target, stamp: alias.stamp ?? null },
    owner,
    rollout: running === null ? null : { ...rolloutData(running), verdict },
  };
  const { paint } = context.output;
  context.output.answer(data, () => {
    const lines = [
      `${paint.bold(`${config.model} / ${config.name}`)}  ${connection.place}`,
      `champion  ${champion === null ? 'none yet' : `${champion.version}  since ${new Date(champion.statusAt).toISOString()}, ${champion.statusReason}`}`,
      `alias     ${alias instanceof PlatformError ? paint.red(alias.message) : aliasText(config.lambda.alias, alias)}`,
    ];
    if (running === null) {
      lines.push('rollout   none');
    } else {
      const who =
        owner === null
          ? 'nobody drives it: mlreg resume'
          : `${owner.name} (pid ${owner.pid} on ${owner.host}${owner.process === 'dead' ? ', dead: mlreg resume' : ''})`;
      lines.push(
        `rollout   ${running.id}: ${running.plan.strategy} ${running.plan.champion ?? 'nothing'} -> ${running.plan.challenger} at ${challengerShare(running)} %, ${running.outcome?.kind ?? running.phase}`,
        `owner     ${who}`,
        stepsText(running, now, paint),
      );
      if (running.outcome?.kind === 'stuck')
        lines.push(
          paint.red(running.outcome.sentence),
          ...running.outcome.mend.map((command) => `  ${command}`),
        );
      if (verdict !== null) lines.push(`verdict   ${verdictText(verdict)}`);
    }
    return lines.join('\n');
  });
  return exitCode.done;
}

function aliasText(name: string, view: AliasView): string {
  const weights = Object.entries(view.target.weights).map(
    ([version, weight]) => ` + ${weight * 100} % to ${version}`,
  );
  const by =
    view.stamp === undefined
      ? 'not written by mlreg'
      : `written by ${view.stamp.rollout}, token ${view.stamp.token}`;
  return `${name} -> Lambda version ${view.target.functionVersion}${weights.join('')} (${by})`;
}
