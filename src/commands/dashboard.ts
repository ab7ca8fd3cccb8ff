import { UserError } from '../domain/user-error.ts';
import { openSession } from '../app/open-session.ts';
import type { Context } from './context.ts';
import { createDashboardPages } from './dashboard-pages.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { listen } from './signals.ts';

export interface DashboardOptions {
  readonly port?: string;
}

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
      ...createDashboardPages(context, at),
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
