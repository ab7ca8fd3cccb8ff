import { later } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { type Session, unfinished } from '../app/session.ts';
import type { Context } from './context.ts';

/** So long is waited for each of the others: whoever rolls back is in a hurry. */
const withinMs = 2_000;

/**
 * Of a rollback for which nobody named an environment: says first which one it acts on. The local one is never meant while
 * another one has a rollout under way, unless somebody says so.
 * @throws UserError where another one has, and nobody confirms
 */
export async function tellEnvironment(context: Context, { config: { name } }: Session): Promise<void> {
  const config = await context.config('lenient');
  const origin = config.origin('environment');
  if (origin?.kind === 'flag' || origin?.kind === 'variable') return;
  const source = origin?.kind === 'file' ? `${origin.file}:${origin.line}` : 'by default';
  context.output.say(`in ${name} (${source}; --environment NAME for another)`);
  if (name !== 'local') return;
  const others = config.environmentNames.filter((other) => other !== name);
  const running = await Promise.all(others.map((other) => runningIn(context, other)));
  const busy = others.filter((_, i) => running[i] === true);
  const [first] = busy;
  if (first === undefined || context.options.yes === true) return;
  if (context.world.streams.stderrIsTerminal) {
    const answer = await context.world.ask(
      `A rollout is under way in ${busy.join(', ')}. Roll back local all the same? [y/N] `,
    );
    if (/^y(es)?$/i.test(answer?.trim() ?? '')) return;
  }
  throw new UserError('usage', `a rollout is under way in ${busy.join(', ')}, and no environment was named`, {
    why: 'without --environment this rolls back local; nothing was changed',
    mend: [`mlreg rollback --environment ${first}`, 'mlreg rollback --environment local'],
  });
}

/** False where there is none, and where it can't be seen in time: what can't be asked stops no rollback. */
async function runningIn(context: Context, name: string): Promise<boolean> {
  const { world } = context;
  const limit = world.clock.sleepUntil(later(world.clock.now(), withinMs)).then(() => false);
  const look = async (): Promise<boolean> => {
    const other = (await context.config('lenient')).environment(name);
    const running = await unfinished({ config: other, connection: await world.connect(other) });
    return running !== null;
  };
  return Promise.race([look().catch(() => false), limit]);
}
