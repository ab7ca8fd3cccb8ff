import { UserError } from '../domain/user-error.ts';
import { retireAll } from '../runner/retire-all.ts';
import { counted } from '../view/words.ts';
import { confirm } from '../app/confirm.ts';
import { openSession } from '../app/open-session.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { collectNow } from './gc.ts';

export interface RetireOptions {
  readonly rolledBack?: boolean;
  readonly all?: boolean;
  readonly reason?: string;
  readonly dryRun?: boolean;
}

/** Takes endpoints down before their time. With --all the environment serves nobody afterwards. */
export async function retire(context: Context, options: RetireOptions): Promise<ExitCode> {
  const { all = false, rolledBack = false, reason, dryRun: rehearse = false } = options;
  if (all === rolledBack) {
    throw new UserError('usage', all ? 'say either --all or --rolled-back' : 'retire what?', {
      mend: ['mlreg retire --rolled-back', 'mlreg retire --all --reason WHY  # also what serves'],
    });
  }
  if (rolledBack) return collectNow(context, { dryRun: rehearse }, true);
  if (!rehearse && (reason ?? '').trim() === '') {
    throw new UserError('usage', '--all needs --reason', {
      why: 'the users of this environment get errors afterwards',
      mend: 'mlreg retire --all --reason WHY',
    });
  }
  const { config, connection } = await openSession(context);
  const { name: environment, lambda } = config;
  const ports = { store: connection.store, platform: connection.platform, clock: context.world.clock };
  const place = { environment, alias: lambda.alias, green: lambda.green };
  const wanted = { ...place, actor: context.actor, reason: reason ?? '' };
  const would = await retireAll(ports, { ...wanted, rehearse: true });
  const list = would.retired.map(({ version, endpoint }) => `would go   ${version}  ${endpoint}`);
  if (!rehearse) {
    for (const line of list) context.output.say(line);
    await confirm(
      context,
      config,
      `Delete all endpoints of ${environment}? Its users get errors from then on.`,
    );
  }
  const done = rehearse ? would : await retireAll(ports, { ...wanted, rehearse });
  context.output.answer(
    { kind: 'Retire', environment, dryRun: rehearse, reason: reason ?? null, ...done },
    () =>
      [
        ...(rehearse
          ? list
          : done.retired.map(({ version, endpoint }) => `retired    ${version}  ${endpoint}`)),
        ...done.unfinished.map(
          ({ version, endpoint, why }) =>
            `unfinished ${version}  ${endpoint}  ${why}; the same command goes on`,
        ),
        `${counted(done.retired.length, 'endpoint')} ${rehearse ? 'would be retired' : 'retired'} in ${environment}`,
      ].join('\n'),
  );
  return done.unfinished.length === 0 ? exitCode.done : exitCode.unexpected;
}
