import type { CommandRow } from './row.ts';

/** What was rolled out, and whether all is well. */
export const recordRows: readonly CommandRow[] = [
  {
    name: 'history',
    summary: 'list past rollouts',
    options: [['--limit <count>', 'how many rollouts', '20']],
    examples: ['mlreg history -e prod', 'mlreg history --limit 5 -o json'],
    load: async () => (await import('../commands/history.ts')).history,
  },
  {
    name: 'show [rollout]',
    summary: 'show one rollout in full, by default the newest: plan, steps, evidence, events',
    options: [['--observations', 'print its observations instead, one JSON object per line']],
    examples: [
      'mlreg show -e prod',
      'mlreg show r-1a2b3c4d',
      'mlreg show r-1a2b3c4d --observations > rollout.ndjson',
    ],
    load: async () => (await import('../commands/history.ts')).show,
  },
  {
    name: 'logs [version]',
    summary: "print what a version's model server printed",
    options: [
      ['--since <duration>', 'how far back', '1h'],
      ['--limit <count>', 'the newest lines, at most', '200'],
      ['--follow', 'print new lines as they come, until stopped'],
    ],
    examples: ['mlreg logs v2.3.0 -e prod', 'mlreg logs --follow', 'mlreg logs v2.3.0 --since 1d -o json'],
    load: async () => (await import('../commands/logs.ts')).logs,
  },
  {
    name: 'report [rollout]',
    summary: 'write one rollout, by default the newest, as a page with charts',
    options: [
      ['--html <file>', 'write the page to this file; by default ROLLOUT.html'],
      ['--md <file>', 'write Markdown without charts to this file; - is stdout'],
    ],
    examples: ['mlreg report --html report.html', 'mlreg report r-7f3a9c --md summary.md -e prod'],
    load: async () => (await import('../commands/report.ts')).report,
  },
  {
    name: 'dashboard',
    summary: 'serve a live page of the current rollout on this machine',
    options: [['--port <port>', 'port on 127.0.0.1; 0 takes any free one', '4580']],
    examples: ['mlreg dashboard -e local', 'mlreg dashboard --port 0 -e prod'],
    load: async () => (await import('../commands/dashboard.ts')).dashboard,
  },
  {
    name: 'replay <file>',
    summary: 'judge recorded observations again: print what would have been decided, at which tick, and why',
    options: [['--policy <file>', 'YAML or JSON with the sections judge and guardrails of mlreg.yaml']],
    examples: [
      'mlreg replay rollout.ndjson',
      'mlreg show r-1a2b3c4d --observations | mlreg replay - --policy stricter.yaml -o json',
    ],
    load: async () => (await import('../commands/replay.ts')).replay,
  },
  {
    name: 'policy test <file>',
    summary: 'test a policy against cases of traffic, each with its expected verdict; exit 1 if one differs',
    examples: ['mlreg policy test policy-test.yaml', 'mlreg policy test policy-test.yaml -e prod -o json'],
    load: async () => (await import('../commands/policy.ts')).policyTest,
  },
  {
    name: 'gc',
    summary: 'delete endpoints and Lambda versions that nothing uses any more',
    options: [['--dry-run', 'list what would be deleted and stop']],
    examples: ['mlreg gc --dry-run -e prod', 'mlreg gc -e prod'],
    load: async () => (await import('../commands/gc.ts')).gc,
  },
  {
    name: 'retire',
    summary:
      'delete endpoints before their time: of versions that were rolled back, or all of an environment',
    options: [
      [
        '--rolled-back',
        'delete the endpoints of versions that were rolled back, without waiting for keepPrevious',
      ],
      ['--all', 'delete every endpoint, also the one that serves: its users get errors (requires --reason)'],
      ['--reason <text>', 'why, for the record'],
      ['--dry-run', 'list what would be deleted and stop'],
    ],
    examples: [
      'mlreg retire --rolled-back -e prod',
      'mlreg retire --all --dry-run -e dev',
      "mlreg retire --all --reason 'environment is torn down' -e dev",
    ],
    load: async () => (await import('../commands/retire.ts')).retire,
  },
  {
    name: 'doctor',
    summary: 'check everything that a rollout and a rollback need',
    examples: ['mlreg doctor -e prod', 'mlreg doctor -o json'],
    load: async () => (await import('../commands/doctor.ts')).doctor,
  },
  {
    name: 'audit verify',
    summary: 'verify registry and journals by their hash chain; exit 5 if anything was altered or is missing',
    examples: ['mlreg audit verify -e prod', 'mlreg audit verify -o json'],
    load: async () => (await import('../commands/audit.ts')).auditVerify,
  },
  {
    name: 'backup',
    summary: 'back up registry and journals into a file, or verify such a backup',
    options: [
      ['--to <path>', 'the file to write, or the folder if --with-artifacts is given'],
      ['--with-artifacts', 'also copy the artifacts of all versions'],
      ['--verify <backup>', 'verify the records of a backup, and each artifact by its digest'],
    ],
    examples: [
      'mlreg backup --to prod.backup -e prod',
      'mlreg backup --to prod-backup --with-artifacts -e prod',
      'mlreg backup --verify prod.backup -e prod',
    ],
    load: async () => (await import('../commands/backup.ts')).backup,
  },
  {
    name: 'restore',
    summary: 'restore the store from a backup, or take a restored table into use; move no users',
    options: [
      ['--from <backup>', 'a file or folder that mlreg backup has written'],
      ['--apply', 'restore the store; without it, only show how the backup differs from what serves'],
      ['--table <name>', 'restore into this DynamoDB table instead of the store in mlreg.yaml'],
      ['--supersedes <table>', 'the table from which AWS restored the one that --table names'],
      ['--champion <version>', 'the version that serves, if its Lambda version does not name it'],
      ['--reason <text>', 'why, for the journal'],
      ['--force', 'restore although another store is in use, or is owned (requires --reason)'],
    ],
    examples: [
      'mlreg restore --from prod.backup -e prod',
      'mlreg restore --from prod.backup --apply -e prod',
      'mlreg restore --table mlreg-prod-2 --supersedes mlreg-prod --apply --yes -e prod',
    ],
    load: async () => (await import('../commands/restore.ts')).restoreStore,
  },
  {
    name: 'recover',
    summary: 'rebuild a lost, damaged or outdated registry from what AWS serves; move no users',
    options: [
      ['--champion <version>', 'the version that serves, if its Lambda version does not name it'],
      ['--reason <text>', 'why, for the journal'],
      ['--force', 'rebuild although another store took the place of this one (requires --reason)'],
    ],
    examples: [
      'mlreg recover -e prod',
      'mlreg recover --yes -e prod -o json',
      'mlreg recover --champion v2.2.0 --reason "table was deleted" -e prod',
    ],
    load: async () => (await import('../commands/recover.ts')).recover,
  },
  {
    name: 'config show',
    summary: 'print every setting of the environment',
    options: [['--origin', 'print where each value came from']],
    examples: ['mlreg config show -e prod', 'mlreg config show --origin -o json'],
    load: async () => (await import('../commands/config.ts')).showConfig,
  },
];
