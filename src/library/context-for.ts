import type { Context } from '../commands/context.ts';
import { createContext } from '../commands/create-context.ts';
import { type ExitCode, exitCode } from '../commands/exit-codes.ts';
import { peoplesWords } from '../domain/one-line.ts';
import type { World } from '../host/world.ts';
import type { Event } from '../view/progress.ts';
import type { Answer, ConnectOptions, MoveResult, RolloutEvent } from './types.ts';

interface Calling extends ConnectOptions {
  readonly onEvent?: ((event: RolloutEvent) => void) | undefined;
}

/** What the command line's handlers get, without streams: nothing is printed, and nobody is asked. */
export function contextFor(
  world: World,
  { environment, directory, config, actor, onRemark }: ConnectOptions,
  { confirmed = false }: { readonly confirmed?: boolean } = {},
  onAnswer: (data: Answer) => void = () => undefined,
  onLine: (line: string) => void = () => undefined,
): Context {
  const silent: World = {
    ...world,
    cwd: directory ?? world.cwd,
    // The variables by which a job's runner reads along are the program's own business.
    env: {
      ...world.env,
      GITHUB_OUTPUT: '',
      GITHUB_STATE: '',
      GITHUB_STEP_SUMMARY: '',
      MLREG_OUTPUT_FILE: '',
      ...(actor === undefined ? {} : { MLREG_ACTOR: actor }),
    },
    streams: {
      stdout: onLine,
      stderr: () => undefined,
      stdoutIsTerminal: false,
      stderrIsTerminal: false,
      columns: 80,
    },
    // Signals are the program's; it has its AbortSignal.
    onSignal: () => () => undefined,
    ask: () => Promise.resolve(null),
    askKey: () => Promise.resolve(null),
  };
  const context = createContext(
    silent,
    {
      output: 'ndjson',
      yes: confirmed,
      ...(environment === undefined ? {} : { environment }),
      ...(config === undefined ? {} : { config }),
    },
    [],
  );
  return {
    ...context,
    actor: {
      ...context.actor,
      command: "import 'mlreg'",
      ...(actor === undefined ? {} : { name: peoplesWords(actor, 100) }),
    },
    output: { ...context.output, say: (text) => onRemark?.(text), answer: (data) => onAnswer(data) },
  };
}

/** Calls a command's handler, and returns what it answers. */
export async function commandOf(
  world: World,
  { onEvent, confirmed = false, ...options }: Calling & { readonly confirmed?: boolean },
  run: (context: Context) => Promise<ExitCode>,
): Promise<MoveResult> {
  let answer: Answer = {};
  const tell = guarded(onEvent, { say: (text) => options.onRemark?.(text) });
  const onAnswer = (data: Answer): void => {
    answer = data;
  };
  const onLine = (line: string): void => {
    const { at, type, rollout, text, ...fields } = JSON.parse(line) as Omit<RolloutEvent, 'fields'> &
      RolloutEvent['fields'];
    tell({ at, type, rollout, text, fields });
  };
  const code = await run(contextFor(world, options, { confirmed }, onAnswer, onLine));
  return { done: code === exitCode.done, exitCode: code, answer };
}

export const eventData = ({ at, type, rollout, text, fields }: Event): RolloutEvent => ({
  at: new Date(at).toISOString(),
  type,
  rollout,
  text,
  fields,
});

/** Whoever listens must not stop a rollout by an exception. */
export function guarded(
  onEvent: ((event: RolloutEvent) => void) | undefined,
  output: { say(text: string): void },
): (event: RolloutEvent) => void {
  return (event) => {
    try {
      onEvent?.(event);
    } catch (error) {
      output.say(`onEvent threw: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
}
