import type { CommandRow } from './row.ts';

const rollout = [
  ['--strategy <name>', 'canary, blue-green, shadow or all-at-once', 'canary'],
  ['--model-version <version>', 'the registered version to roll out'],
  ['--percent <share>', "the first step's share of traffic, in percent"],
  ['--steps <shares>', 'all steps, as 10,50,100'],
  ['--hold-back <share>', 'canary: users who keep the champion until the last bake is over, as 2%, or off'],
  ['--bake <duration>', 'how long each step is watched'],
  ['--tick <duration>', 'time between two looks'],
  ['--sample <share>', 'shadow: share of requests that are copied, in percent'],
  ['--keep', "shadow: the challenger's endpoint stays after a pass"],
  ['--with-latest', 'put changes of $LATEST on trial, too: its code, variables and settings'],
  ['--approval-required', 'somebody else must approve before users are reached'],
] as const;
const reason = ['--reason <text>', 'why, for the journal'] as const;
/** Of a rollback that does without the store. */
const overOrder = [
  '--force',
  "override another person's rollback without the store (requires --reason)",
] as const;
const force = ['--force', 'take the environment from its owner, even a living one; needs --reason'] as const;

/** Commands that start, steer and end a rollout. */
export const rolloutRows: readonly CommandRow[] = [
  {
    name: 'plan',
    summary: 'print every step of a rollout, and what undo does; change nothing',
    options: rollout,
    examples: [
      'mlreg plan --strategy canary --model-version v2.3.0 -e prod',
      'mlreg plan --strategy shadow --model-version v2.3.0 -o json',
    ],
    load: async () => (await import('../commands/plan.ts')).plan,
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
      ['--no-smoke', 'roll out without a smoke test where there are no smoke requests (requires --reason)'],
      force,
    ],
    examples: [
      'mlreg deploy --strategy canary --model-version v2.3.0 --environment prod',
      'mlreg deploy --model-version v2.3.0 --steps 5,25,100 --bake 30m -e prod',
      'mlreg deploy --strategy all-at-once --model-version v2.3.0 -e dev',
    ],
    load: async () => (await import('../commands/deploy.ts')).deploy,
  },
  {
    name: 'status',
    summary: 'what serves now, and why',
    examples: ['mlreg status -e prod', 'mlreg status -o json'],
    load: async () => (await import('../commands/status.ts')).status,
  },
  {
    name: 'traffic',
    summary: "move the running rollout's share by hand: up to what was planned, down always",
    options: [['--percent <share>', "the challenger's share, in percent"], reason],
    examples: ['mlreg traffic --percent 50', 'mlreg traffic --percent 1 --reason "looks odd" -e prod'],
    load: async () => (await import('../commands/steer.ts')).traffic,
  },
  {
    name: 'promote [rollout]',
    summary: 'end the present bake now and go on',
    options: [['--full', 'end all that are left'], reason],
    examples: ['mlreg promote -e prod', 'mlreg promote --full --reason "hotfix"'],
    load: async () => (await import('../commands/steer.ts')).promote,
  },
  {
    name: 'approve [rollout]',
    summary: 'approve a rollout that waits for it, as somebody else than who started it',
    options: [['--plan-hash <hash>', 'approve this plan only: its first characters, as shown'], reason],
    examples: [
      'mlreg approve -e prod',
      'mlreg approve r-1a2b3c4d --plan-hash 3fa9c1d2e4b5 --reason "saw the report" -e prod',
    ],
    load: async () => (await import('../commands/approve.ts')).approve,
  },
  {
    name: 'reject [rollout]',
    summary: 'reject a rollout that waits for approval',
    options: [reason],
    examples: ['mlreg reject -e prod', 'mlreg reject --reason "wrong data"'],
    load: async () => (await import('../commands/steer.ts')).reject,
  },
  {
    name: 'pause [rollout]',
    summary: 'stop advancing; judging goes on, and the right to roll back',
    options: [reason],
    examples: ['mlreg pause -e prod', 'mlreg pause --reason "incident elsewhere"'],
    load: async () => (await import('../commands/steer.ts')).pause,
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
    load: async () => (await import('../commands/resume.ts')).resume,
  },
  {
    name: 'abort [rollout]',
    summary: 'end the running rollout now; the champion serves everybody',
    options: [reason, ['--if-running', 'exit 0 where no rollout is under way'], overOrder],
    examples: ['mlreg abort -e prod', 'mlreg abort --if-running --yes'],
    load: async () => (await import('../commands/abort.ts')).abort,
  },
  {
    name: 'rollback',
    summary: 'move everybody back to a version known good, rollout or not',
    options: [
      ['--to <version>', 'the version; by default the champion, or if it serves alone the one before it'],
      reason,
      overOrder,
    ],
    examples: ['mlreg rollback --to v2.2.0', 'mlreg rollback --reason "complaints" -e prod'],
    load: async () => (await import('../commands/rollback.ts')).rollback,
  },
  {
    name: 'watch',
    alias: 'monitor',
    summary: 'guard what serves now; rolls back when a guardrail is breached',
    options: [['--duration <time>', 'seconds, or 15m; by default until stopped']],
    examples: ['mlreg watch --duration 900 -e prod', 'mlreg watch -e local'],
    load: async () => (await import('../commands/watch.ts')).watch,
  },
];
