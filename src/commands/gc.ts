import { collect, type Collection } from '../runner/collect.ts';
import { counted } from '../view/words.ts';
import { refuseUnknownServing, refuseWhereBehind } from '../app/behind.ts';
import { openSession } from '../app/open-session.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { championOf } from '../app/plan/prepare.ts';

export interface GcOptions {
  readonly dryRun?: boolean;
}

/** Takes down what nobody needs any more, and nothing that anybody can reach. */
export function gc(context: Context, options: GcOptions): Promise<ExitCode> {
  return collectNow(context, options, false);
}

/** @param rolledBackAtOnce also what is kept only because it was rolled back a short time ago */
export async function collectNow(
  context: Context,
  options: GcOptions,
  rolledBackAtOnce: boolean,
): Promise<ExitCode> {
  const at = await openSession(context);
  const { config, connection } = at;
  const { store, platform } = connection;
  const rehearse = options.dryRun === true;
  // What would be retired is asked of a store that must be the one in use.
  if (rehearse) await refuseWhereBehind(at);
  if ((await championOf(at)) === null) await refuseUnknownServing(at);
  const done = await collect(
    { store, platform, clock: context.world.clock },
    {
      environment: config.name,
      alias: config.lambda.alias,
      green: config.lambda.green,
      keepMs: config.keepPreviousMs,
      keepVersions: config.lambda.keepVersions,
      mostVersions: Infinity,
      actor: context.actor,
      rehearse,
      rolledBackAtOnce,
    },
  );
  context.output.answer({ kind: 'Gc', environment: config.name, dryRun: rehearse, ...done }, () =>
    collectionText(done, config.name, rehearse),
  );
  return done.unfinished.length === 0 ? exitCode.done : exitCode.unexpected;
}

function collectionText(done: Collection, environment: string, rehearse: boolean): string {
  const { retired, kept, unfinished, tidied, stale } = done;
  const line = (what: string, { version, endpoint }: Collection['retired'][number], why = ''): string =>
    `${what.padEnd(10)} ${version}  ${endpoint}${why === '' ? '' : `  ${why}`}`;
  const sum = `${counted(retired.length, 'endpoint')} ${rehearse ? 'would be retired' : 'retired'} in ${environment}`;
  return [
    ...tidied.map((what) => `tidied     ${what}`),
    ...retired.map((one) => line(rehearse ? 'would go' : 'retired', one)),
    ...kept.map((one) => line('kept', one, one.why)),
    ...unfinished.map((one) => line('unfinished', one, `${one.why}; the next mlreg gc goes on`)),
    ...staleLines(stale, rehearse),
    sum,
  ].join('\n');
}

/** `would go   Lambda versions 12 to 14, 17`: they cost nothing but room, so nobody reads hundreds of lines. */
function staleLines({ functionVersions, left }: Collection['stale'], rehearse: boolean): readonly string[] {
  const gone =
    functionVersions.length === 0
      ? []
      : [
          `${(rehearse ? 'would go' : 'deleted').padEnd(10)} ${counted(functionVersions.length, 'Lambda version')}  ${rangesOf(functionVersions)}`,
        ];
  return left === undefined ? gone : [...gone, `left       Lambda versions  ${left}`];
}

function rangesOf(functionVersions: readonly string[]): string {
  const ranges: { readonly from: number; to: number }[] = [];
  for (const number of functionVersions.map(Number)) {
    const last = ranges.at(-1);
    if (last !== undefined && last.to === number - 1) last.to = number;
    else ranges.push({ from: number, to: number });
  }
  return ranges.map(({ from, to }) => (from === to ? String(from) : `${from} to ${to}`)).join(', ');
}
