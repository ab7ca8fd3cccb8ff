import type { RolloutId } from '../domain/units.ts';
import { instant, rolloutId } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { dashboard as dashboardMarkup, liveScript } from '../reporting/report/dashboard-page.ts';
import { html } from '../reporting/report/html.ts';
import { page } from '../reporting/report/page.ts';
import { rolloutReport } from '../reporting/report/rollout-report.ts';
import { viewOf } from '../view/view.ts';
import { stateOf, storyOf, type Session } from '../app/session.ts';
import { openSession } from '../app/open-session.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { championOf } from '../app/plan/prepare.ts';
import { listen } from './signals.ts';

export interface DashboardOptions {
  readonly port?: string;
}

const lookMs = 1_000;
const mostRollouts = 20;

/** Pages on this machine, for reading only: the rollout that runs, as it runs, and those before. Until Ctrl-C. */
export async function dashboard(context: Context, options: DashboardOptions): Promise<ExitCode> {
  const { world, output } = context;
  const port = Number(options.port ?? '4580');
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new UserError('usage', `--port: '${options.port}' is no port`, { mend: '--port 4580' });
  }
  const at = await openSession(context, 'lenient');
  const signals = listen(context);
  try {
    const served = await world.servePages({
      port,
      page: (path, nonce) => pageAt(context, at, path, nonce),
      changed: (signal) => changed(context, at, signal),
    });
    output.answer(
      { kind: 'Dashboard', environment: at.config.name, url: served.url },
      () => `${at.config.name} is shown at ${served.url}\n  end     Ctrl-C`,
    );
    await signals.next();
    await served.close();
    return exitCode.done;
  } finally {
    signals.stop();
  }
}

async function pageAt(context: Context, at: Session, path: string, nonce: string): Promise<string | null> {
  const { store } = at.connection;
  const ids = await store.rollouts();
  const shown = path === '/' ? (ids[0] ?? null) : named(path, ids);
  if (path !== '/' && shown === null) return null;
  const rollouts = await Promise.all(ids.slice(0, mostRollouts).map((id) => stateOf(at, id)));
  const story = shown === null ? null : await storyOf(at, shown);
  const view = {
    model: at.config.model,
    environment: at.config.name,
    champion: await championOf(at),
    rollouts: rollouts.map((state) => viewOf(state, [], context.world.clock.now())),
    report: story === null ? null : rolloutReport(story.state, story.entries, context.world.clock.now()),
  };
  return page(
    `${at.config.model} in ${at.config.name}`,
    html`${dashboardMarkup(view)}\n${liveScript(nonce)}`,
    html``,
  );
}

function named(path: string, ids: readonly RolloutId[]): RolloutId | null {
  const text = /^\/rollout\/([\w-]+)$/.exec(path)?.[1];
  return text === undefined ? null : (ids.find((id) => id === rolloutId(text)) ?? null);
}

/** Somebody else drives, so the store is asked, and only while somebody looks. */
async function changed({ world }: Context, at: Session, signal: AbortSignal): Promise<void> {
  const before = await fingerprint(at);
  while (!signal.aborted) {
    await world.clock.sleepUntil(instant(world.clock.now() + lookMs), signal);
    if (!signal.aborted && (await fingerprint(at)) !== before) return;
  }
}

async function fingerprint({ connection: { store } }: Session): Promise<string> {
  const [newest] = await store.rollouts();
  return newest === undefined ? '' : `${newest} ${(await store.journal(newest)).length}`;
}
