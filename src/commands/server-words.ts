import { oneLine } from '../domain/one-line.ts';
import { PlatformError } from '../ports/platform.ts';
import type { RolloutState } from '../engine/state.ts';
import type { Session } from '../app/session.ts';
import type { Context } from './context.ts';

/** What the emulator writes into a model server's log for an answer of 400 or more. */
const refusal = /POST \/invocations answered \d{3}/;

/**
 * After a rollback: what the challenger's model server said. On this machine its first failing answer, or its last lines;
 * in an account only where to look, for what a model prints there may be about users, and job logs are read by many.
 */
export async function sayServerWords(
  { output }: Context,
  { config, connection }: Session,
  { outcome, plan, endpoints, startedAt }: RolloutState,
): Promise<void> {
  const endpoint = endpoints[plan.challenger]?.name;
  if (outcome?.kind !== 'rolled-back' || endpoint === undefined) return;
  const more = `mlreg logs ${plan.challenger} --environment ${config.name}`;
  if (config.kind !== 'local') {
    output.say(`what the model server of ${plan.challenger} printed: ${more}`);
    return;
  }
  const { lines } = await connection.serverLogs
    .read({ endpoint, from: startedAt, limit: 2_000 })
    .catch((error: unknown) => {
      // Users are safe already; a log that can't be read changes nothing of that.
      if (error instanceof PlatformError) return { lines: [] };
      throw error;
    });
  const failing = lines.find(({ text }) => refusal.test(text));
  const shown = failing === undefined ? lines.slice(-3) : [failing];
  if (shown.length === 0) return;
  output.say(
    [
      `  log     ${failing === undefined ? 'the last that' : 'the first failing answer of'} ${plan.challenger}'s model server${failing === undefined ? ' printed' : ''} (all: ${more})`,
      ...shown.map(({ text }) => `          ${oneLine(text, 400)}`),
    ].join('\n'),
  );
}
