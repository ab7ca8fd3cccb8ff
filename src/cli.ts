import { Command, CommanderError, Option } from 'commander';
import { type ExitCode, exitCode, exitCodeOfFault } from './commands/exit-codes.ts';
import { peoplesWords, printable } from './domain/one-line.ts';
import { annotation } from './reporting/github.ts';
import { createOutput, type Output, type Streams } from './reporting/output.ts';
import { wrapTo } from './reporting/width.ts';
import { choices, globalOptions } from './surface/global-options.ts';
import { exitCodesText, groupSummaries } from './surface/help-words.ts';
import { rows } from './surface/index.ts';
import { refuseVersion, refuseVersionBesideWords, refuseWithoutEffect } from './surface/refused-options.ts';
import type { ErrorSummary } from './reporting/error-summary.ts';
import { insteadOf, takeWords } from './surface/typed-words.ts';
import type { World } from './host/world.ts';

/** The whole program but its process: words in, exit code out. */
export async function main(words: readonly string[], world: World): Promise<ExitCode> {
  let code: ExitCode = exitCode.done;
  const argv = helpBehindCommand(words);
  const [only] = argv;
  if (argv.length === 1 && (only === '--version' || only === '-V')) {
    world.streams.stdout(`${world.version}\n`);
    return code;
  }
  const program = build(world, argv, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCode.done;
      answerUsage(error, argv, world);
      return exitCode.usage;
    }
    return fail(
      error,
      createOutput(world.streams, world.env, {
        mode: modeIn(argv),
        quiet: false,
        color: !argv.includes('--no-color'),
      }),
      world,
    );
  }
}

/**
 * `mlreg --help deploy` asks for the page of deploy, not of mlreg. Behind the command's own words, never at the end: there
 * an option without its value would take it.
 */
function helpBehindCommand(argv: readonly string[]): readonly string[] {
  const [flag = '', first = '', second = '', ...more] = argv;
  if ((flag !== '--help' && flag !== '-h') || !/^[a-z]/.test(first)) return argv;
  return rows.some(({ name }) => name.split(' ').slice(0, 2).join(' ') === `${first} ${second}`)
    ? [first, second, flag, ...more]
    : [first, flag, ...argv.slice(2)];
}

function build(world: World, argv: readonly string[], done: (code: ExitCode) => void): Command {
  const program = new Command('mlreg');
  program
    .description('Canary, blue-green and shadow rollouts of ML models that roll back by themselves.')
    // What stands after a command is the command's: its flags, and the values of them.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.streams.stdout(fitted(text, world.streams, world.streams.stdoutIsTerminal)),
      // It repeats what was typed.
      writeErr: (text) =>
        world.streams.stderr(fitted(printable(text), world.streams, world.streams.stderrIsTerminal)),
      getOutHelpWidth: () => helpWidth(world.streams),
      getErrHelpWidth: () => helpWidth(world.streams),
    })
    // A word that looks alike is no help beside the command that was meant.
    .showSuggestionAfterError(insteadOf(argv.find((word) => !word.startsWith('-')) ?? '').length === 0)
    .addHelpText('after', `\n${exitCodesText()}`);
  refuseVersionBesideWords(program);
  globals(program);
  const groups = new Map<string, Command>();
  for (const row of rows) {
    const [first = '', second] = row.name.split(' ');
    const isGrouped = second !== undefined && !/^[<[]/.test(second);
    const parent = isGrouped ? (groups.get(first) ?? group(program, groups, first)) : program;
    const command = parent.command(isGrouped ? row.name.slice(first.length + 1) : row.name, {
      hidden: row.hidden === true,
    });
    command.summary(row.summary).description(row.summary).addHelpText('after', examplesText(row.examples));
    if (row.alias !== undefined) command.alias(row.alias);
    // The options of commands that nobody typed would take a sixth of the start; one makes help say that there are some.
    if (![first, row.alias].some((word) => word !== undefined && argv.includes(word))) {
      command.option('--no-color');
      continue;
    }
    for (const [flags, description, byDefault] of row.options ?? [])
      command.option(flags, description, byDefault);
    globals(command);
    refuseVersion(command, row);
    command.action(async (...given: unknown[]) => {
      const { options, typed } = optionsOf(command);
      // Words that may be left out and were are undefined.
      const words = (given.slice(0, -2) as (string | undefined)[]).filter((word) => word !== undefined);
      const args = takeWords(row, words, options, (name) => typed.has(name));
      refuseWithoutEffect(command, row, options, (name) => typed.has(name));
      if (typeof options.reason === 'string') options.reason = peoplesWords(options.reason);
      const run = await row.load();
      const { createContext } = await import('./commands/create-context.ts');
      done(await run(createContext(world, options, argv), options as never, ...args));
    });
  }
  return program;
}

const mostHelpWidth = 110;
/** Below this commander's own columns leave no room for a word. */
const leastHelpWidth = 60;

const helpWidth = ({ columns, stdoutIsTerminal }: Streams): number =>
  stdoutIsTerminal ? Math.min(mostHelpWidth, Math.max(leastHelpWidth, columns)) : mostHelpWidth;

const fitted = (text: string, { columns }: Streams, isTerminal: boolean): string =>
  isTerminal ? wrapTo(text, columns) : text;

const examplesText = (examples: readonly string[]): string =>
  `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`;

function group(program: Command, groups: Map<string, Command>, name: string): Command {
  const command = program
    .command(name)
    .description(groupSummaries[name] ?? name)
    .addHelpText(
      'after',
      examplesText(rows.filter((row) => row.name.startsWith(`${name} `)).flatMap(({ examples }) => examples)),
    )
    .enablePositionalOptions();
  for (const option of globalFlags()) command.addOption(option.hideHelp());
  refuseVersion(command, null);
  groups.set(name, command);
  return command;
}

/** Flags may stand before or after the command. */
function globals(command: Command): void {
  for (const option of globalFlags()) command.addOption(option);
  command.addOption(new Option('--env <name>').hideHelp());
}

function globalFlags(): readonly Option[] {
  return globalOptions.map(([flags, description]) => {
    const option = new Option(flags, description);
    const words = choices[option.attributeName()];
    return words === undefined ? option : option.choices(words);
  });
}

/** Of a flag typed before and after the command the later counts; a default never replaces what was typed. */
function optionsOf(command: Command): {
  readonly options: Record<string, unknown>;
  readonly typed: ReadonlySet<string>;
} {
  const options: Record<string, unknown> = {};
  const typed = new Set<string>();
  const path: Command[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) path.unshift(at);
  for (const at of path) {
    for (const [name, value] of Object.entries(at.opts())) {
      const isTyped = at.getOptionValueSource(name) === 'cli';
      if (isTyped || !typed.has(name)) options[name] = value;
      if (isTyped) typed.add(name);
    }
  }
  return { options, typed };
}

function modeIn(argv: readonly string[]): 'text' | 'json' | 'ndjson' {
  const at = argv.findIndex((word) => word === '-o' || word === '--output');
  const word =
    at >= 0 ? argv[at + 1] : argv.find((other) => other.startsWith('--output='))?.slice('--output='.length);
  return word === 'json' || word === 'ndjson' ? word : 'text';
}

/** People have read it on stderr already; whoever asked for JSON gets an answer as of any other error. */
function answerUsage({ message }: CommanderError, argv: readonly string[], world: World): void {
  const mode = modeIn(argv);
  // Without a word commander prints the help, and calls that an error.
  if (message === '(outputHelp)') return;
  const mend = insteadOf(/^error: unknown command '(\w+)'/.exec(message)?.[1] ?? '');
  const output = createOutput(world.streams, world.env, { mode, quiet: false, color: false });
  if (mode === 'text') return mend.forEach((line) => output.say(`  try  ${line}`));
  const error = printable(message.replace(/^error: /, '').split('\n')[0] ?? '');
  output.answer({ kind: 'Error', error, why: null, mend, exitCode: exitCode.usage }, () => error);
}

/** A job's page says what stopped it as well, where its runner has one: `docs.github.com`, "Adding a job summary". */
async function summarize(world: World, error: ErrorSummary): Promise<void> {
  const { GITHUB_STEP_SUMMARY: path = '' } = world.env;
  if (path === '') return;
  const { gitHubErrorSummary } = await import('./reporting/error-summary.ts');
  try {
    world.files.append(path, gitHubErrorSummary(error, world.env));
  } catch {
    // The log has it, and no summary is worth another error.
  }
}

/** What happened, why, and the next command to type. A stack only for bugs of ours, and only when asked for. */
async function fail(error: unknown, output: Output, world: World): Promise<ExitCode> {
  const { env } = world;
  const { explain } = await import('./commands/explain.ts');
  const { what, why, mend, code, stack = [] } = explain(error, exitCodeOfFault, env);
  await summarize(world, { what, why, mend, isBefore: code === exitCode.usage });
  if (output.mode !== 'text') {
    output.answer({ kind: 'Error', error: what, why: why ?? null, mend, exitCode: code }, () => what);
    return code;
  }
  const { paintTalk } = output;
  output.say(`${paintTalk.red('✖')} ${what}`);
  output.command(annotation('error', 'mlreg', [what, ...(why === undefined ? [] : [why])].join('\n')));
  if (why !== undefined) output.say(`  why  ${why}`);
  for (const line of mend) output.say(`  try  ${line}`);
  if ((env.MLREG_DEBUG ?? '') !== '') for (const line of stack) output.say(line);
  return code;
}
