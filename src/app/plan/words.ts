import { formatDuration, parseDuration, parsePercent, parseVersion } from '../../domain/parse.ts';
import { type Percent, percent, type VersionTag } from '../../domain/units.ts';
import { UserError } from '../../domain/user-error.ts';
import { parseHoldBack } from './hold-back.ts';

const strategies = ['canary', 'blue-green', 'shadow', 'all-at-once'] as const;

export interface RolloutOptions {
  readonly strategy?: string;
  readonly modelVersion?: string;
  readonly percent?: string;
  readonly steps?: string;
  readonly bake?: string;
  readonly tick?: string;
  readonly approvalRequired?: boolean;
  readonly sample?: string;
  readonly keep?: boolean;
  readonly withLatest?: boolean;
  readonly holdBack?: string;
}

/** What the words of the command line come to, before anything is asked of anybody. */
export interface Words {
  readonly strategy: (typeof strategies)[number];
  readonly version: VersionTag;
  readonly steps: readonly Percent[] | undefined;
  readonly bakeMs: number | undefined;
  readonly tickMs: number | undefined;
  readonly sample: Percent | undefined;
  readonly keep: boolean;
  /** Null: nobody, whatever is configured; undefined: as configured. */
  readonly holdBack: Percent | null | undefined;
}

export function wordsOf(options: RolloutOptions): Words {
  const strategy = strategies.find((name) => name === (options.strategy ?? 'canary'));
  if (strategy === undefined) {
    throw new UserError('usage', `--strategy: '${options.strategy}' is not a strategy`, {
      mend: strategies.map((name) => `--strategy ${name}`),
    });
  }
  if (options.modelVersion === undefined) {
    throw new UserError('usage', 'which version?', { mend: ['mlreg versions', '--model-version v2.3.0'] });
  }
  if (options.percent !== undefined && options.steps !== undefined) {
    throw new UserError('usage', '--percent and --steps exclude each other', { mend: '--steps 10,50,100' });
  }
  refuseOthers(strategy, options);
  const first = options.percent === undefined ? undefined : parsePercent(options.percent, '--percent');
  return {
    strategy,
    version: versionOf(options.modelVersion),
    steps:
      options.steps === undefined ? (first === undefined ? undefined : [first]) : parseSteps(options.steps),
    bakeMs: options.bake === undefined ? undefined : parseDuration(options.bake, '--bake'),
    tickMs: options.tick === undefined ? undefined : parseTick(options.tick),
    // A shadow's share is of copies: whoever says --percent means the same.
    sample: options.sample === undefined ? first : parsePercent(options.sample, '--sample'),
    keep: options.keep === true,
    holdBack: options.holdBack === undefined ? undefined : parseHoldBack(options.holdBack),
  };
}

/** @throws UserError for a generation: which one is rolled out follows from mlreg.yaml */
function versionOf(text: string): VersionTag {
  const [version = '', generation] = text.split('#');
  if (generation === undefined) return parseVersion(text, '--model-version');
  throw new UserError('usage', `--model-version: '${text}' names a generation`, {
    why: 'which generation of a version is rolled out follows from the serving settings in mlreg.yaml',
    mend: [`--model-version ${version}`, `mlreg rollback --to ${text}  # to a generation that served before`],
  });
}

/** A flag that would do nothing is a mistake. */
function refuseOthers(strategy: string, options: RolloutOptions): void {
  const { percent, bake, tick, steps, sample, keep } = options;
  if (options.holdBack !== undefined && strategy !== 'canary') {
    throw new UserError('usage', `--hold-back means nothing to ${strategy}`, {
      why:
        strategy === 'blue-green'
          ? 'after the swap of the stage everybody is on green: nobody is left to be held back'
          : 'it is for a canary, which leaves some users with the champion until its last bake is over',
      mend: 'leave it out, or use --strategy canary',
    });
  }
  if (strategy === 'all-at-once') {
    const all = Object.entries({ percent, steps, bake, tick, sample, keep });
    const [none] = all.find(([, value]) => value !== undefined) ?? [];
    if (none === undefined) return;
    throw new UserError('usage', `--${none} means nothing to all-at-once`, {
      why: 'everybody moves at once after the smoke requests, and nothing is watched before',
      mend: 'leave it out, or use --strategy canary',
    });
  }
  const given = Object.entries({ steps, sample, keep }).filter(([, value]) => value !== undefined);
  const isShadows = (name: string): boolean => name === 'sample' || name === 'keep';
  const stray = given.find(([name]) => isShadows(name) !== (strategy === 'shadow'));
  if (stray === undefined) return;
  const [name] = stray;
  throw new UserError('usage', `--${name} means nothing to ${strategy}`, {
    why: isShadows(name)
      ? 'it is for --strategy shadow'
      : 'a shadow moves no users: the champion answers everybody',
    mend: isShadows(name) ? `leave it out, or add --strategy shadow` : '--sample 25',
  });
}

function parseTick(text: string): number {
  const ms = parseDuration(text, '--tick');
  const allowed = [1_000, 5_000, 10_000, 30_000];
  if (!allowed.includes(ms) && !(ms > 0 && ms % 60_000 === 0)) {
    throw new UserError('usage', `--tick: CloudWatch has no periods of ${formatDuration(ms)}`, {
      mend: '--tick 1s, 5s, 10s, 30s or whole minutes',
    });
  }
  return ms;
}

function parseSteps(text: string): readonly Percent[] {
  // Nobody but testers, before anybody else.
  const steps = text
    .split(',')
    .map((part, index) =>
      index === 0 && part.trim() === '0' ? percent(0) : parsePercent(part.trim(), '--steps'),
    );
  const falls = steps.findIndex((share, index) => index > 0 && share <= (steps[index - 1] ?? 0));
  if (falls > 0) {
    throw new UserError('usage', `--steps: ${steps[falls]} % does not grow on ${steps[falls - 1]} %`, {
      mend: '--steps 10,50,100',
    });
  }
  return steps;
}
