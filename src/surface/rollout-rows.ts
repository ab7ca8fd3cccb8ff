import type { CommandRow } from './row.ts';

const rollout = [
  ['--strategy <name>', 'canary, blue-green, shadow or all-at-once', 'canary'],
  ['--model-version <version>', 'the registered model version to roll out'],
  ['--percent <share>', 'the share of traffic of the first step, in percent'],
  ['--steps <shares>', 'the shares of all steps, for example 10,50,100'],
  [
    '--hold-back <share>',
    'canary: keep this share of users on the champion until the last bake is over, for example 2%; or off',
  ],
  ['--bake <duration>', 'how long each step is observed, for example 15m'],
  ['--tick <duration>', 'time between two readings of the metrics, for example 10s'],
  ['--sample <share>', 'shadow: the share of requests to copy, in percent'],
  ['--keep', "shadow: keep the challenger's endpoint after a pass"],
  ['--with-latest', 'include changes of $LATEST in the rollout: code, variables and settings'],
  ['--approval-required', 'require approval by somebody else before any user is reached'],
] as const;
const reason = ['--reason <text>', 'why, for the journal'] as const;
/** Of a rollback that does without the store. */
const overOrder = [
  '--force',
  "override another person's rollback without the store (requires --reason)",
] as const;
const force = [
  '--force',
  'take over even if another mlreg process is still running this rollout (requires --reason)',
] as const;

/** Commands that start, steer and end a rollout. */
export const rolloutRows: readonly CommandRow[] = [
  {
    name: 'plan [version]',
    wordFor: 'model-version',
    summary: 'print every step of a rollout and its rollback; change nothing',
    options: rollout,
    examples: [
      'mlreg plan --strategy canary --model-version v2.3.0 -e prod',
      'mlreg plan --strategy shadow --model-version v2.3.0 -o json',
    ],
    load: async () => (await import('../commands/plan.ts')).plan,
  },
  {
    name: 'deploy [version]',
    wordFor: 'model-version',
    summary: 'roll out a model version; promote it or roll back automatically',
    options: [
      ...rollout,
      reason,
      [
        '--timeout <duration>',
        'stop after this time and leave the rollout to resume or the controller (exit 6)',
      ],
      ['--detach', 'hand the rollout to the controller and return'],
      ['--dry-run', 'show the plan and stop'],
      ['--queue <duration>', 'wait up to this long for the running rollout to end, in order of arrival'],
      ['--supersede', 'abort the running rollout first (requires --reason)'],
      ['--no-smoke', 'roll out without a smoke test where there are no smoke requests (requires --reason)'],
      force,
    ],
    examples: [
      'mlreg deploy --strategy canary --model-version v2.3.0 --environment prod',
      'mlreg deploy v2.3.0 --steps 5,25,100 --bake 30m -e prod',
      'mlreg deploy --strategy all-at-once --model-version v2.3.0 -e dev',
    ],
    load: async () => (await import('../commands/deploy.ts')).deploy,
  },
  {
    name: 'status [environment]',
    wordFor: 'environment',
    summary: 'show what serves now, and why',
    examples: ['mlreg status prod', 'mlreg status -e prod -o json'],
    load: async () => (await import('../commands/status.ts')).status,
  },
  {
    name: 'traffic [percent]',
    wordFor: 'percent',
    summary: "change the challenger's share of the running rollout: down to any share, up to the planned one",
    options: [['--percent <share>', "the challenger's share, in percent"], reason],
    examples: ['mlreg traffic --percent 50', 'mlreg traffic 1 --reason "looks odd" -e prod'],
    load: async () => (await import('../commands/steer.ts')).traffic,
  },
  {
    name: 'promote [rollout]',
    summary: 'end the current bake now and continue',
    options: [['--full', 'end all remaining bakes'], reason],
    examples: ['mlreg promote -e prod', 'mlreg promote --full --reason "hotfix"'],
    load: async () => (await import('../commands/steer.ts')).promote,
  },
  {
    name: 'approve [rollout]',
    summary: 'approve a waiting rollout that somebody else started',
    options: [
      ['--plan-hash <hash>', 'approve only this plan: the first characters of its hash, as shown'],
      reason,
    ],
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
    summary: 'keep the current share; metrics are still judged, and a breach still rolls back',
    options: [reason],
    examples: ['mlreg pause -e prod', 'mlreg pause --reason "incident elsewhere"'],
    load: async () => (await import('../commands/steer.ts')).pause,
  },
  {
    name: 'resume',
    summary: 'continue a paused or interrupted rollout',
    options: [
      reason,
      ['--adopt', 'continue from the alias as it is now, although something other than mlreg changed it'],
      ['--detach', 'hand the rollout to the controller and return'],
      force,
    ],
    examples: ['mlreg resume -e prod', 'mlreg resume --adopt -e prod'],
    load: async () => (await import('../commands/resume.ts')).resume,
  },
  {
    name: 'abort [rollout]',
    summary: 'end the running rollout now: the champion serves everybody',
    options: [reason, ['--if-running', 'exit 0 if no rollout is running'], overOrder],
    examples: ['mlreg abort -e prod', 'mlreg abort --if-running --yes'],
    load: async () => (await import('../commands/abort.ts')).abort,
  },
  {
    name: 'rollback [version]',
    wordFor: 'to',
    summary: 'move everybody back to a known good version, with or without a running rollout',
    options: [
      [
        '--to <version>',
        'the version to return to; by default the champion, or the one before it if the champion serves alone',
      ],
      reason,
      overOrder,
    ],
    examples: [
      'mlreg rollback --to v2.2.0',
      'mlreg rollback v2.2.0 -e prod',
      'mlreg rollback --reason "complaints" -e prod',
    ],
    load: async () => (await import('../commands/rollback.ts')).rollback,
  },
  {
    name: 'watch',
    alias: 'monitor',
    summary: 'monitor the serving version; roll back when a guardrail is breached',
    options: [['--duration <time>', 'seconds, or for example 15m; by default until stopped']],
    examples: ['mlreg watch --duration 900 -e prod', 'mlreg watch -e local'],
    load: async () => (await import('../commands/watch.ts')).watch,
  },
];
