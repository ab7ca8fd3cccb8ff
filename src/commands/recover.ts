import { parseArmTag } from '../domain/arm.ts';
import { UserError } from '../domain/user-error.ts';
import type { Session } from '../app/session.ts';
import { openSession } from '../app/open-session.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { forceOf } from '../app/owner.ts';
import { lookFor, whyOf } from './recover-look.ts';
import { rebuiltFrom, restoreAs, unfinishedIn } from './recover-registry.ts';
import { foundText, nextText, stageData } from './recover-text.ts';

export interface RecoverOptions {
  readonly champion?: string;
  readonly reason?: string;
  readonly force?: boolean;
}

/**
 * Rebuilds the registry from the alias, the Lambda versions and the endpoints, where the store was lost, damaged, cut or put
 * back from an older copy. Shows what it found and asks. Moves no users.
 */
export async function recover(context: Context, options: RecoverOptions): Promise<ExitCode> {
  const champion = options.champion === undefined ? undefined : parseArmTag(options.champion, '--champion');
  const forced = forceOf(options);
  const at = await openSession(context);
  const { config, connection } = at;
  const found = await lookFor(at);
  const why = whyOf(at, found, forced !== undefined);
  if (why === null) {
    context.output.answer(
      { kind: 'Recover', result: 'nothing-to-recover', environment: config.name },
      () =>
        `${config.name}: the store is whole and agrees with alias ${config.lambda.alias}; nothing was changed`,
    );
    return exitCode.done;
  }
  const rollout = context.world.ids.rolloutId();
  const { main } = found.look;
  const command = 'mlreg recover';
  const rebuilt = await rebuiltFrom(context, at, found, { rollout, champion, command });
  const closes = await unfinishedIn(found.store);
  const data = {
    environment: config.name,
    why,
    alias: { name: main.name, ...main.view.target },
    stage: stageData(found.look),
    champion: rebuilt.champion,
    previous: rebuilt.previous,
    onTrial: rebuilt.onTrial,
    registered: rebuilt.register.map(({ version }) => version),
    changed: rebuilt.changes.map(({ version, set }) => ({ version, status: set.status ?? null })),
    lost: rebuilt.lost,
    closed: closes,
  };
  await agree(context, at, foundText(at, found, why, rebuilt, closes));
  const aside = found.damage === null ? null : await connection.recovery.salvage();
  const { champion: serving } = rebuilt;
  const lock = await restoreAs(
    context,
    at,
    { store: connection.store, look: found.look },
    {
      command,
      reason: options.reason ?? '',
      ...{ rollout, rebuilt, closes },
    },
  );
  context.output.answer(
    { kind: 'Recover', result: 'recovered', ...data, store: lock.store ?? null, setAside: aside },
    () =>
      [
        `${config.name}: the registry was rebuilt. ${serving.version} is the champion; users stayed where they were`,
        ...(aside === null ? [] : [`the damaged records are kept in ${aside}`]),
        ...(rebuilt.lost.length === 0
          ? []
          : [
              `not rebuilt, because their models are gone: ${rebuilt.lost.join(', ')}; next: mlreg register VERSION --artifact URI`,
            ]),
        ...nextText(at, found, rebuilt),
      ].join('\n'),
  );
  return exitCode.done;
}

/** @throws UserError usage, where nobody agrees */
async function agree({ world, output, options }: Context, { config }: Session, text: string): Promise<void> {
  output.say(text);
  if (options.yes === true) return;
  if (!world.streams.stderrIsTerminal) {
    throw new UserError('usage', 'the registry is rebuilt only where somebody agrees; nothing was changed', {
      why: 'what the store said since its last sound record is lost with it: journals, approvals, offline metrics',
      mend: `mlreg recover --yes --environment ${config.name}`,
    });
  }
  const answer = await world.ask(`Rebuild the registry of ${config.name} from this? [y/N] `);
  if (!/^y(es)?$/i.test(answer?.trim() ?? ''))
    throw new UserError('usage', 'not confirmed; nothing was changed');
}
