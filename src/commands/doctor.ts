import { deprecatedSettings, selfApprovals } from '../config/index.ts';
import { UserError } from '../domain/user-error.ts';
import { PlatformError } from '../ports/platform.ts';
import type { AccountFinding } from '../ports/account.ts';
import { lookAround } from '../runner/look.ts';
import { type Session, unfinished } from '../app/session.ts';
import type { Context } from './context.ts';
import { nextRollout } from '../app/doctor/account.ts';
import { clockCheck, metricsCheck, pathCheck } from '../app/doctor/metrics.ts';
import { rolloutFinding } from '../app/doctor/rollout.ts';
import { type Check, type Finding, one, type Scene } from '../app/doctor/scene.ts';
import { servingChecks } from '../app/doctor/serving.ts';
import { settingsFindings, targetOrAll } from './doctor-settings.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { imageTrouble } from '../app/plan/model-server.ts';
import { championOf } from '../app/plan/prepare.ts';
import { refusedBefore } from '../app/plan/preflight.ts';

/** In the order in which their findings are printed. */
const checks: readonly Check[] = [
  { name: 'settings', look: ({ at }) => Promise.resolve(settingsFindings(at)) },
  {
    name: 'approvals',
    look: ({ at: { config } }) =>
      Promise.resolve(selfApprovals(config).map((finding) => ({ ok: true, warning: true, ...finding }))),
  },
  ...servingChecks,
  {
    name: 'model server',
    look: async ({ context, at }) => {
      const trouble = await imageTrouble(context, at.config);
      return one(trouble && { ok: false, detail: trouble.what, mend: trouble.mend });
    },
  },
  metricsCheck,
  {
    name: 'settings',
    look: ({ at: { config } }) =>
      Promise.resolve(
        deprecatedSettings(config)
          .slice(0, 1)
          .map((deprecated) => ({ ok: true, ...deprecated })),
      ),
  },
  pathCheck,
  {
    name: 'way back',
    look: ({ champion, unread, isBehind }) =>
      Promise.resolve(
        one(
          champion === null && unread === null && !isBehind
            ? { ok: true, detail: 'no champion yet: a first deploy has nothing to go back to' }
            : null,
        ),
      ),
  },
  clockCheck,
  {
    name: 'rollout',
    // What a store that is behind takes for under way is over: it has to be recovered first.
    look: async ({ context, at, running, isBehind }) =>
      one(isBehind ? null : await rolloutFinding(context, at, running)),
  },
  {
    name: 'controller',
    look({ at: { connection } }) {
      const { controllerTrouble: trouble } = connection;
      return Promise.resolve(one(trouble && { ok: false, detail: trouble.what, mend: trouble.mend }));
    },
  },
  {
    name: 'account',
    look: async ({ at, champion }) =>
      at.connection.account.examine({
        ...nextRollout(at, champion),
        ...(await refusedBefore(at.connection.store)),
      }),
  },
];

/** What must be true before a rollout, and that a rollback would work. Changes nothing. One line each, with the fix. */
export async function doctor(context: Context): Promise<ExitCode> {
  const at = await targetOrAll(context);
  const scene = await sceneOf(context, at);
  const findings: AccountFinding[] = [];
  for (const check of checks) {
    const { name } = check;
    const found = await check.look(scene).catch((error: unknown) => [failureOf(error)]);
    findings.push(...found.map((finding) => ({ ...finding, check: finding.check ?? name })));
  }
  const isWell = findings.every((finding) => finding.ok);
  const { paint } = context.output;
  context.output.answer({ kind: 'Doctor', environment: at.config.name, well: isWell, findings }, () =>
    findings
      .filter((finding, index) => scene.unread === null || !isTold(finding, index, findings))
      .map((finding) => {
        const { check: name, detail, mend } = finding;
        const hint = mend === undefined ? '' : `\n             try: ${mend}`;
        return `${markOf(finding, paint)} ${name.padEnd(10)} ${detail}${hint}`;
      })
      .join('\n'),
  );
  return isWell ? exitCode.done : exitCode.unexpected;
}

/** A store that can't be read fails several checks: a person is told by the one that says most. */
function isTold({ ok, detail }: AccountFinding, index: number, all: readonly AccountFinding[]): boolean {
  return all.some((other, place) => {
    if (ok || other.ok || place === index || !other.detail.startsWith(detail)) return false;
    return other.detail.length > detail.length || place < index;
  });
}

async function sceneOf(context: Context, at: Session): Promise<Scene> {
  const looked = lookAround(at.connection, at.config.lambda);
  looked.catch(() => undefined);
  const common = { context, at, looked, isBehind: false };
  try {
    return { ...common, champion: await championOf(at), running: await unfinished(at), unread: null };
  } catch (error) {
    // What does not need the store is checked all the same.
    const found = failureOf(error);
    const why = error instanceof UserError && error.why !== undefined ? `: ${error.why}` : '';
    const unread = { ...found, detail: `${found.detail}${why}` };
    return { ...common, champion: null, running: null, unread };
  }
}

/** @throws what is a mistake of mlreg's own */
function failureOf(error: unknown): Finding {
  if (error instanceof PlatformError) {
    const { failure } = error;
    const mend = failure.kind === 'denied' ? { mend: `allow ${failure.action}` } : {};
    return { ok: false, detail: error.message, ...mend };
  }
  if (error instanceof UserError) {
    const [mend] = error.mend;
    return { ok: false, detail: error.message, ...(mend === undefined ? {} : { mend }) };
  }
  throw error;
}

function markOf(
  { ok, unchecked, warning }: Omit<AccountFinding, 'check'>,
  paint: Context['output']['paint'],
): string {
  if (!ok) return paint.red('✖');
  if (warning === true) return paint.yellow('!');
  return unchecked === true ? paint.yellow('?') : paint.green('✔');
}
