import { mistakeLine } from '../config/index.ts';
import type { AccountFinding as Finding } from '../ports/account.ts';
import type { Session } from '../app/session.ts';
import { openSession } from '../app/open-session.ts';
import type { Context } from './context.ts';

/** @throws UserError with all mistakes of mlreg.yaml, where one of them lets nothing be looked at */
export async function targetOrAll(context: Context): Promise<Session> {
  try {
    return await openSession(context, 'lenient');
  } catch (error) {
    await context.environment();
    throw error;
  }
}

/** What a rollout would be refused for, and a rollback is not. */
export function settingsFindings({ config: { overlooked }, connection }: Session): readonly Finding[] {
  const { file = null, mistakes = [] } = overlooked ?? {};
  const name = file ?? 'mlreg.yaml';
  const found = mistakes.map((mistake): Finding => {
    return {
      check: 'settings',
      ok: false,
      detail: mistakeLine(name, mistake),
      mend: `correct it in ${name}`,
    };
  });
  const missing: readonly Finding[] =
    overlooked?.file === null
      ? [
          {
            check: 'settings',
            ok: false,
            detail: 'there is no mlreg.yaml',
            mend: 'git restore mlreg.yaml, or mlreg init',
          },
        ]
      : [];
  const { smokeTrouble } = connection;
  const smoke: readonly Finding[] =
    smokeTrouble === undefined || mistakes.length > 0
      ? []
      : [
          {
            check: 'settings',
            ok: false,
            detail: smokeTrouble.message,
            mend: smokeTrouble.mend[0] ?? 'correct requests.smoke',
          },
        ];
  return [...missing, ...found, ...smoke];
}
