import { parseArmTag } from '../domain/arm.ts';
import { endpointOf } from '../domain/names.ts';
import { oneLine } from '../domain/one-line.ts';
import { formatDuration, parseDuration } from '../domain/parse.ts';
import type { VersionRecord } from '../domain/registry.ts';
import { instant } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import type { LogLine } from '../ports/server-logs.ts';
import { stateOf, type Session } from '../app/session.ts';
import { openSession } from '../app/open-session.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { championOf, registered } from '../app/plan/prepare.ts';

export interface LogsOptions {
  readonly since?: string;
  readonly limit?: string;
  readonly follow?: boolean;
}

const everyMs = 2_000;
/** CloudWatch takes some seconds to show a line: each look begins so long before the last line that was shown. */
const overlapMs = 15_000;

/** What a version's model server printed: the named one, or the newest rollout's. Changes nothing. */
export async function logs(context: Context, options: LogsOptions, text?: string): Promise<ExitCode> {
  const { world, output } = context;
  const sinceMs = parseDuration(options.since ?? '1h', '--since');
  const limit = Number(options.limit ?? '200');
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= 10_000))
    throw new UserError('usage', `--limit: '${options.limit}' is not a number from 1 to 10,000`, {
      mend: '--limit 200',
    });
  if (options.follow === true && output.mode === 'json') {
    throw new UserError('usage', '--follow has no end that one JSON document could be written at', {
      mend: 'use -o ndjson: one line, one object',
    });
  }
  const named = text === undefined ? undefined : parseArmTag(text, 'VERSION');
  const at = await openSession(context);
  const record = named === undefined ? await newest(at) : await registered(at, named);
  const { version } = record;
  const endpoint = endpointOf({ model: at.config.model, environment: at.config.name }, record).name;
  const from = instant(world.clock.now() - sinceMs);
  const { lines, isCut } = await at.connection.serverLogs.read({ endpoint, from, limit });
  const data = { kind: 'Logs', environment: at.config.name, version, endpoint };
  if (options.follow === true) return follow(context, at, { endpoint, lines });
  if (lines.length === 0)
    output.say(
      `the model server of ${version} (endpoint ${endpoint}) has printed nothing in the last ${formatDuration(sinceMs)}; --since looks further back`,
    );
  else
    output.say(
      `${version}, endpoint ${endpoint}${isCut ? `: the newest ${lines.length} lines; --limit shows more` : ''}`,
    );
  if (output.mode === 'text') for (const line of lines) output.streams.stdout(`${textOf(line)}\n`);
  else output.answer({ ...data, isCut, lines: lines.map(dataOf) }, () => '');
  return exitCode.done;
}

/** Of no version in particular: the one that the newest rollout was about, for that is what people ask about. */
async function newest(at: Session): Promise<VersionRecord> {
  const [rollout] = await at.connection.store.rollouts();
  const challenger = rollout === undefined ? undefined : (await stateOf(at, rollout)).plan.challenger;
  const found =
    challenger === undefined ? await championOf(at) : await at.connection.store.version(challenger);
  if (found !== undefined && found !== null) return found;
  throw new UserError('usage', `which version's log? nothing was rolled out in ${at.config.name}`, {
    mend: `mlreg logs VERSION --environment ${at.config.name}`,
  });
}

/** Until a signal comes. */
async function follow(
  { world, output }: Context,
  at: Session,
  { endpoint, lines: first }: { readonly endpoint: string; readonly lines: readonly LogLine[] },
): Promise<ExitCode> {
  const stop = new AbortController();
  const undo = world.onSignal(() => stop.abort());
  /** How often each line that may be read again was shown. */
  let shown = new Map<string, number>();
  const print = (lines: readonly LogLine[]): void => {
    const read = new Map<string, number>();
    for (const line of lines) {
      const key = `${line.at} ${line.text}`;
      const times = (read.get(key) ?? 0) + 1;
      read.set(key, times);
      if (times <= (shown.get(key) ?? 0)) continue;
      output.streams.stdout(
        `${output.mode === 'text' ? textOf(line) : JSON.stringify({ apiVersion: 'mlreg/v1', kind: 'LogLine', ...dataOf(line) })}\n`,
      );
    }
    shown = read;
  };
  try {
    print(first);
    let last = first.at(-1)?.at ?? world.clock.now();
    for (;;) {
      await world.clock.sleepUntil(instant(world.clock.now() + everyMs), stop.signal);
      if (stop.signal.aborted) return exitCode.done;
      const from = instant(last - overlapMs);
      const { lines } = await at.connection.serverLogs.read({ endpoint, from, limit: 10_000 });
      print(lines);
      last = instant(Math.max(last, lines.at(-1)?.at ?? 0));
    }
  } finally {
    undo();
  }
}

const timeOf = ({ at }: LogLine): string => new Date(at).toISOString();
/** A stranger's text: one line, and no control character. */
const textOf = (line: LogLine): string => `${timeOf(line).slice(11, 23)}Z  ${oneLine(line.text, 16_000)}`;
const dataOf = (line: LogLine) => ({ at: timeOf(line), text: line.text });
