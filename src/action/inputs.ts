import { UserError } from '../domain/user-error.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Inputs that every command takes. */
const everywhere = ['environment', 'model', 'config', 'region', 'profile'] as const;
const ofPlans = [
  'strategy',
  'model-version',
  'percent',
  'steps',
  'bake',
  'tick',
  'sample',
  'hold-back',
  'keep',
  'with-latest',
  'approval-required',
] as const;

/**
 * What each command takes, by its flag's name. `rollout`, `version` and the like come without one. What the action
 * doesn't list it doesn't run: a workflow needs neither `local` nor a dashboard.
 */
const commands: Readonly<Record<string, { readonly flags: readonly string[]; readonly word?: string }>> = {
  deploy: { flags: [...ofPlans, 'reason', 'timeout', 'detach', 'dry-run', 'no-smoke', 'queue', 'supersede'] },
  plan: { flags: ofPlans },
  resume: { flags: ['reason', 'adopt'] },
  approve: { flags: ['plan-hash', 'reason'], word: 'rollout' },
  reject: { flags: ['reason'], word: 'rollout' },
  pause: { flags: ['reason'], word: 'rollout' },
  promote: { flags: ['full', 'reason'], word: 'rollout' },
  abort: { flags: ['if-running', 'reason'], word: 'rollout' },
  rollback: { flags: ['to', 'reason'] },
  traffic: { flags: ['percent', 'reason'] },
  watch: { flags: ['duration'] },
  status: { flags: [] },
  doctor: { flags: [] },
  validate: { flags: [], word: 'model-version' },
  register: { flags: ['artifact', 'metric'], word: 'model-version' },
};

/** Flags without a value: `true` sets them. */
const switches = new Set([
  'approval-required',
  'detach',
  'dry-run',
  'adopt',
  'full',
  'if-running',
  'keep',
  'with-latest',
  'no-smoke',
  'supersede',
]);
/** Given once a line. */
const repeated = new Set(['metric']);
/** Read by the action itself. */
const ownInputs = new Set(['command', 'working-directory']);

/**
 * The command line that the action's inputs come to; a value is never more than one word of it.
 * @throws UserError with the first input that doesn't fit its command
 */
export function argvOf(env: Env): readonly string[] {
  const given = inputsOf(env);
  const name = given.get('command') ?? 'deploy';
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    throw new UserError('usage', `input command: '${name}' is not a command of this action`, {
      mend: `one of ${Object.keys(commands).join(', ')}`,
    });
  }
  const argv = [name, '--yes'];
  for (const [input, value] of given) {
    if (ownInputs.has(input) || input === command.word) continue;
    if (!command.flags.includes(input) && !everywhere.some((flag) => flag === input)) {
      throw new UserError('usage', `input ${input}: ${name} does not take it`, {
        mend: `leave it out; ${name} takes ${[command.word, ...command.flags, ...everywhere].filter(Boolean).join(', ')}`,
      });
    }
    if (switches.has(input)) {
      if (isTrue(input, value)) argv.push(`--${input}`);
    } else {
      const values = repeated.has(input) ? value.split('\n').map((line) => line.trim()) : [value];
      for (const one of values.filter((text) => text !== '')) argv.push(`--${input}=${one}`);
    }
  }
  const word = command.word === undefined ? undefined : given.get(command.word);
  // After `--` a word that begins with a hyphen is no flag.
  return word === undefined ? argv : [...argv, '--', word];
}

/** Clean-up after a job that was cut off: only the rollout it began, and nothing where that is over. */
export function cleanUpOf(env: Env): readonly string[] | null {
  const rollout = env.STATE_rollout ?? '';
  if (rollout === '' || (env.STATE_over ?? '') !== '') return null;
  const flags = [...inputsOf(env)].filter(([input]) => everywhere.some((flag) => flag === input));
  return [
    'abort',
    '--yes',
    '--if-running',
    '--reason=the job that drove it was cancelled or lost',
    ...flags.map(([input, value]) => `--${input}=${value}`),
    '--',
    rollout,
  ];
}

/** The runner gives input `model-version` as INPUT_MODEL-VERSION, empty where it wasn't given. */
export function inputsOf(env: Env): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  for (const [name, value = ''] of Object.entries(env)) {
    if (name.startsWith('INPUT_') && value.trim() !== '')
      given.set(name.slice('INPUT_'.length).toLowerCase().replaceAll(' ', '-'), value.trim());
  }
  return given;
}

/** YAML 1.2's own words, as the runner has them. */
function isTrue(input: string, value: string): boolean {
  if (/^(true|True|TRUE)$/.test(value)) return true;
  if (/^(false|False|FALSE)$/.test(value)) return false;
  throw new UserError('usage', `input ${input}: '${value}' is neither true nor false`, {
    mend: `${input}: true`,
  });
}
