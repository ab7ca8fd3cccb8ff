import { Command, CommanderError, Option } from 'commander';
import type { Context } from './commands/context.ts';
import { type ExitCode, exitCode, exitCodeOfFault } from './commands/exit-codes.ts';
import { peoplesWords, printable } from './domain/one-line.ts';
import { annotation } from './reporting/github.ts';
import { createOutput, type Output } from './reporting/output.ts';
import type { World } from './world.ts';

type Run = (context: Context, options: never, ...args: string[]) => Promise<ExitCode>;

interface CommandRow {
  readonly name: string;
  readonly alias?: string;
  readonly summary: string;
  readonly options?: readonly (readonly [flags: string, description: string, byDefault?: string])[];
  readonly examples: readonly string[];
  /** Loaded only when the command is typed. */
  readonly load: () => Promise<Run>;
}

const rollout = [
  ['--strategy <name>', 'canary, blue-green or shadow', 'canary'],
  ['--model-version <version>', 'the registered version to roll out'],
  ['--percent <share>', "the first step's share of traffic, in percent"],
  ['--steps <shares>', 'all steps, as 10,50,100'],
  ['--bake <duration>', 'how long each step is watched'],
  ['--tick <duration>', 'time between two looks'],
  ['--sample <share>', 'shadow: share of requests that are copied, in percent'],
  ['--keep', "shadow: the challenger's endpoint stays after a pass"],
  ['--approval-required', 'somebody else must approve before users are reached'],
] as const;
const reason = ['--reason <text>', 'why, for the journal'] as const;
const force = ['--force', 'take the environment from its owner, even a living one; needs --reason'] as const;

/** The whole surface: one row a command. */
const rows: readonly CommandRow[] = [
  {
    name: 'init',
    summary: 'write mlreg.yaml and a GitHub workflow',
    options: [
      ['--model-name <name>', "the model's name; recommendation, or Terraform's"],
      ['--from-terraform <file...>', 'what `terraform output -json` prints, one an environment; - is stdin'],
    ],
    examples: [
      'mlreg init --model-name fraud',
      'terraform output -json | mlreg init --from-terraform -',
      'mlreg init --from-terraform staging.json prod.json',
    ],
    load: async () => (await import('./commands/init.ts')).init,
  },
  {
    name: 'register <version>',
    summary: "put a version into the registry, with its artifact's digest",
    options: [
      ['--artifact <uri>', 's3://bucket/key; in local also a file'],
      ['--metric <name=value...>', 'an offline metric; may be given often'],
    ],
    examples: [
      'mlreg register v2.3.0 --artifact s3://models/v2.3.0.tar.gz --metric auc=0.67',
      'mlreg register v2.3.0 --artifact ./v2.3.0.tar.gz -e local',
    ],
    load: async () => (await import('./commands/registry.ts')).register,
  },
  {
    name: 'versions',
    summary: 'list the registry',
    examples: ['mlreg versions -e prod', 'mlreg versions -o json'],
    load: async () => (await import('./commands/registry.ts')).versions,
  },
  {
    name: 'validate <version>',
    summary: 'check artifact, digest and acceptance criteria',
    examples: ['mlreg validate v2.3.0 -e prod', 'mlreg validate v2.3.0 -o json'],
    load: async () => (await import('./commands/registry.ts')).validate,
  },
  {
    name: 'plan',
    summary: 'print every step of a rollout, and what undo does; change nothing',
    options: rollout,
    examples: [
      'mlreg plan --strategy canary --model-version v2.3.0 -e prod',
      'mlreg plan --strategy shadow --model-version v2.3.0 -o json',
    ],
    load: async () => (await import('./commands/plan.ts')).plan,
  },
  {
    name: 'deploy',
    summary: 'roll a version out; promotes or rolls back by itself',
    options: [
      ...rollout,
      reason,
      ['--timeout <duration>', 'stop driving after this time (exit 6)'],
      ['--detach', 'let the rollout controller drive'],
      ['--dry-run', 'as mlreg plan'],
      force,
    ],
    examples: [
      'mlreg deploy --strategy canary --model-version v2.3.0 --environment prod',
      'mlreg deploy --model-version v2.3.0 --steps 5,25,100 --bake 30m -e prod',
    ],
    load: async () => (await import('./commands/deploy.ts')).deploy,
  },
  {
    name: 'status',
    summary: 'what serves now, and why',
    examples: ['mlreg status -e prod', 'mlreg status -o json'],
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    name: 'traffic',
    summary: "move the running rollout's share by hand: up to what was planned, down always",
    options: [['--percent <share>', "the challenger's share, in percent"], reason],
    examples: ['mlreg traffic --percent 50', 'mlreg traffic --percent 1 --reason "looks odd" -e prod'],
    load: async () => (await import('./commands/steer.ts')).traffic,
  },
  {
    name: 'promote [rollout]',
    summary: 'end the present bake now and go on',
    options: [['--full', 'end all that are left'], reason],
    examples: ['mlreg promote -e prod', 'mlreg promote --full --reason "hotfix"'],
    load: async () => (await import('./commands/steer.ts')).promote,
  },
  {
    name: 'approve [rollout]',
    summary: 'approve a rollout that waits for it, as somebody else than who started it',
    options: [['--plan-hash <hash>', 'approve this plan only: its first characters, as shown'], reason],
    examples: [
      'mlreg approve -e prod',
      'mlreg approve r-1a2b3c4d --plan-hash 3fa9c1d2e4b5 --reason "saw the report" -e prod',
    ],
    load: async () => (await import('./commands/approve.ts')).approve,
  },
  {
    name: 'reject [rollout]',
    summary: 'reject a rollout that waits for approval',
    options: [reason],
    examples: ['mlreg reject -e prod', 'mlreg reject --reason "wrong data"'],
    load: async () => (await import('./commands/steer.ts')).reject,
  },
  {
    name: 'pause [rollout]',
    summary: 'stop advancing; judging goes on, and the right to roll back',
    options: [reason],
    examples: ['mlreg pause -e prod', 'mlreg pause --reason "incident elsewhere"'],
    load: async () => (await import('./commands/steer.ts')).pause,
  },
  {
    name: 'resume',
    summary: 'take up whatever stopped: a paused rollout, or an interrupted one',
    options: [
      reason,
      ['--adopt', 'accept what somebody else made of the alias'],
      ['--detach', 'let the rollout controller drive on'],
      force,
    ],
    examples: ['mlreg resume -e prod', 'mlreg resume --adopt -e prod'],
    load: async () => (await import('./commands/resume.ts')).resume,
  },
  {
    name: 'abort [rollout]',
    summary: 'end the running rollout now; the champion serves everybody',
    options: [reason, ['--if-running', 'exit 0 where no rollout is under way']],
    examples: ['mlreg abort -e prod', 'mlreg abort --if-running --yes'],
    load: async () => (await import('./commands/abort.ts')).abort,
  },
  {
    name: 'rollback',
    summary: 'move everybody back to a version known good, rollout or not',
    options: [['--to <version>', 'which; by default the one before'], reason],
    examples: ['mlreg rollback --to v2.2.0', 'mlreg rollback --reason "complaints" -e prod'],
    load: async () => (await import('./commands/rollback.ts')).rollback,
  },
  {
    name: 'watch',
    alias: 'monitor',
    summary: 'guard what serves now; rolls back when a guardrail is breached',
    options: [['--duration <time>', 'seconds, or 15m; by default until stopped']],
    examples: ['mlreg watch --duration 900 -e prod', 'mlreg watch -e local'],
    load: async () => (await import('./commands/watch.ts')).watch,
  },
  {
    name: 'history',
    summary: 'past rollouts',
    options: [['--limit <count>', 'how many', '20']],
    examples: ['mlreg history -e prod', 'mlreg history --limit 5 -o json'],
    load: async () => (await import('./commands/history.ts')).history,
  },
  {
    name: 'show <rollout>',
    summary: 'one rollout whole: plan, steps, evidence, events',
    options: [['--observations', 'print its observations, one JSON object a line']],
    examples: ['mlreg show r-1a2b3c4d', 'mlreg show r-1a2b3c4d --observations > rollout.ndjson'],
    load: async () => (await import('./commands/history.ts')).show,
  },
  {
    name: 'report [rollout]',
    summary: 'one rollout as a page with charts, the newest if none is named',
    options: [
      ['--html <file>', 'where to; ROLLOUT.html, unless --md is given'],
      ['--md <file>', 'as Markdown, without charts'],
    ],
    examples: ['mlreg report --html report.html', 'mlreg report r-7f3a9c --md summary.md -e prod'],
    load: async () => (await import('./commands/report.ts')).report,
  },
  {
    name: 'replay <file>',
    summary: 'judge recorded observations again: what would have been decided, at which tick, and why',
    options: [['--policy <file>', 'YAML or JSON with the sections judge and guardrails of mlreg.yaml']],
    examples: [
      'mlreg replay rollout.ndjson',
      'mlreg show r-1a2b3c4d --observations | mlreg replay - --policy stricter.yaml -o json',
    ],
    load: async () => (await import('./commands/replay.ts')).replay,
  },
  {
    name: 'policy test <file>',
    summary:
      'run cases against a policy: what each must come to, and by which tick; exit 1 where one does not',
    examples: ['mlreg policy test policy-test.yaml', 'mlreg policy test policy-test.yaml -e prod -o json'],
    load: async () => (await import('./commands/policy.ts')).policyTest,
  },
  {
    name: 'gc',
    summary: 'take down the endpoints of versions that nobody needs or reaches any more',
    options: [['--dry-run', 'only say what would go']],
    examples: ['mlreg gc --dry-run -e prod', 'mlreg gc -e prod'],
    load: async () => (await import('./commands/gc.ts')).gc,
  },
  {
    name: 'doctor',
    summary: 'check what a rollout needs, and that a rollback would work',
    examples: ['mlreg doctor -e prod', 'mlreg doctor -o json'],
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    name: 'audit verify',
    summary: 'walk registry and journals by their hash chain; exit 5 where something was changed or is gone',
    examples: ['mlreg audit verify -e prod', 'mlreg audit verify -o json'],
    load: async () => (await import('./commands/audit.ts')).auditVerify,
  },
  {
    name: 'config show',
    summary: 'every setting of the environment',
    options: [['--origin', 'and where its value came from']],
    examples: ['mlreg config show -e prod', 'mlreg config show --origin -o json'],
    load: async () => (await import('./commands/config.ts')).showConfig,
  },
  {
    name: 'local up',
    summary: 'start AWS on this machine',
    options: [
      ['--detach', 'in the background'],
      ['--control-port <port>', 'for the AWS API', '4566'],
      ['--gateway-port <port>', "for users' requests", '8080'],
      ['--no-controller', 'leave rollouts whose process is gone to people'],
    ],
    examples: ['mlreg local up', 'mlreg local up --detach --gateway-port 9090'],
    load: async () => (await import('./commands/local.ts')).up,
  },
  {
    name: 'local down',
    summary: 'stop it; its state stays',
    examples: ['mlreg local down', 'mlreg local down -o json'],
    load: async () => (await import('./commands/local.ts')).down,
  },
  {
    name: 'local status',
    summary: 'endpoints, function versions, addresses',
    examples: ['mlreg local status', 'mlreg local status -o json'],
    load: async () => (await import('./commands/local.ts')).localStatus,
  },
  {
    name: 'local env',
    summary: 'print the variables by which the AWS CLI reaches it',
    examples: [
      'eval "$(mlreg local env)" && aws lambda get-alias --function-name recommendation-inference-local --name live',
      'mlreg local env -o json',
    ],
    load: async () => (await import('./commands/local.ts')).localEnv,
  },
  {
    name: 'local traffic',
    summary: 'send real requests to it',
    options: [
      ['--rate <count>', 'requests a second', '50'],
      ['--for <duration>', 'how long', '1m'],
      ['--requests <file>', 'one JSON body a line'],
    ],
    examples: ['mlreg local traffic --rate 50 --for 2m', 'mlreg local traffic --rate 200 --for 30s -o json'],
    load: async () => (await import('./commands/local.ts')).localTraffic,
  },
];

const exitCodes = `
Exit codes: 0 done or already so, 1 unexpected (state safe), 2 usage or configuration, 3 rolled back (the champion
serves), 4 credentials or permission, 5 conflict, 6 not finished, 7 stuck (page someone), 9 aborted by a person,
130/143 interrupted.`;

/** The whole program but its process: words in, exit code out. */
export async function main(argv: readonly string[], world: World): Promise<ExitCode> {
  let code: ExitCode = exitCode.done;
  const program = build(world, argv, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? exitCode.done : exitCode.usage;
    }
    return fail(
      error,
      createOutput(world.streams, world.env, {
        mode: modeIn(argv),
        quiet: false,
        color: !argv.includes('--no-color'),
      }),
      (world.env.MLREG_DEBUG ?? '') !== '',
    );
  }
}

function build(world: World, argv: readonly string[], done: (code: ExitCode) => void): Command {
  const program = new Command('mlreg');
  program
    .description('Canary, blue-green and shadow rollouts of ML models that roll back by themselves.')
    .version(world.version, '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: world.streams.stdout,
      // It repeats what was typed.
      writeErr: (text) => world.streams.stderr(printable(text)),
      getOutHelpWidth: () => 110,
      getErrHelpWidth: () => 110,
    })
    .showSuggestionAfterError(true)
    .addHelpText('after', exitCodes);
  globals(program);
  const groups = new Map<string, Command>();
  for (const row of rows) {
    const [first = '', second] = row.name.split(' ');
    const isGrouped = second !== undefined && !/^[<[]/.test(second);
    const parent = isGrouped ? (groups.get(first) ?? group(program, groups, first)) : program;
    const command = parent.command(isGrouped ? row.name.slice(first.length + 1) : row.name);
    command
      .summary(row.summary)
      .description(row.summary)
      .addHelpText('after', `\nExamples:\n${row.examples.map((line) => `  ${line}`).join('\n')}`);
    if (row.alias !== undefined) command.alias(row.alias);
    // The options of commands that nobody typed would take a sixth of the start; one makes help say that there are some.
    if (![first, row.alias].some((word) => word !== undefined && argv.includes(word))) {
      command.option('--no-color');
      continue;
    }
    for (const [flags, description, byDefault] of row.options ?? [])
      command.option(flags, description, byDefault);
    globals(command);
    command.action(async (...given: unknown[]) => {
      const args = given.slice(0, -2) as string[];
      const options = command.optsWithGlobals();
      if (typeof options.reason === 'string') options.reason = peoplesWords(options.reason);
      const run = await row.load();
      const { createContext } = await import('./commands/create-context.ts');
      done(await run(createContext(world, options, argv), options as never, ...args));
    });
  }
  return program;
}

const groupSummaries: Readonly<Record<string, string>> = {
  local: 'AWS on this machine: the same commands without an account',
  config: 'mlreg.yaml as mlreg understands it',
  audit: 'what the records themselves vouch for',
  policy: 'try a policy before users do',
};

function group(program: Command, groups: Map<string, Command>, name: string): Command {
  const command = program.command(name).description(groupSummaries[name] ?? name);
  groups.set(name, command);
  return command;
}

/** Flags may stand before or after the command. */
function globals(command: Command): void {
  command
    .option('-e, --environment <name>', 'dev, staging, prod, local or your own; MLREG_ENVIRONMENT')
    .option('--model <name>', "the model's name")
    .option('-c, --config <file>', 'mlreg.yaml')
    .addOption(new Option('-o, --output <format>', 'what stdout carries').choices(['text', 'json', 'ndjson']))
    .option('-y, --yes', 'confirm what would be asked')
    .option('-q, --quiet', 'only the answer')
    .option('--no-color', 'no colour')
    .option('--region <region>', 'AWS Region')
    .option('--profile <profile>', 'AWS profile');
}

function modeIn(argv: readonly string[]): 'text' | 'json' | 'ndjson' {
  const at = argv.findIndex((word) => word === '-o' || word === '--output');
  const word =
    at >= 0 ? argv[at + 1] : argv.find((other) => other.startsWith('--output='))?.slice('--output='.length);
  return word === 'json' || word === 'ndjson' ? word : 'text';
}

/** What happened, why, and the next command to type. A stack only for bugs of ours, and only when asked for. */
async function fail(error: unknown, output: Output, isDebugged: boolean): Promise<ExitCode> {
  const { explain } = await import('./commands/explain.ts');
  const { what, why, mend, code, stack = [] } = explain(error, exitCodeOfFault);
  if (output.mode !== 'text') {
    output.answer({ kind: 'Error', error: what, why: why ?? null, mend, exitCode: code }, () => what);
    return code;
  }
  const { paintTalk } = output;
  output.say(`${paintTalk.red('✖')} ${what}`);
  output.command(annotation('error', 'mlreg', [what, ...(why === undefined ? [] : [why])].join('\n')));
  if (why !== undefined) output.say(`  why  ${why}`);
  for (const line of mend) output.say(`  try  ${line}`);
  if (isDebugged) for (const line of stack) output.say(line);
  return code;
}
