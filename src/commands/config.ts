import { deprecatedSettings, formatOrigin } from '../config/index.ts';
import { table } from '../reporting/output.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';

export interface ShowConfigOptions {
  readonly origin?: boolean;
}

/** Every setting of the environment, and with `--origin` where its value came from. */
export async function showConfig(context: Context, options: ShowConfigOptions): Promise<ExitCode> {
  const loaded = await context.config();
  const settings = loaded
    .settings()
    .map(({ path, value, origin }) => ({ setting: path, value, origin: formatOrigin(origin) }));
  const deprecated = deprecatedSettings(loaded.environment());
  for (const { detail, mend } of deprecated) context.output.say(`${detail}; ${mend}`);
  const answer = {
    kind: 'Config',
    environment: loaded.chosen,
    file: loaded.file,
    settings,
    deprecated,
  } as const;
  context.output.answer(answer, () =>
    table(
      options.origin === true ? ['SETTING', 'VALUE', 'FROM'] : ['SETTING', 'VALUE'],
      settings.map(({ setting, value, origin }) =>
        options.origin === true ? [setting, value, origin] : [setting, value],
      ),
      context.output.paint,
      context.output.columns,
    ),
  );
  return exitCode.done;
}
