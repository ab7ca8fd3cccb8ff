import type { CommandRow } from './row.ts';

/** What was rolled out, and whether all is well. */
export const recordRows: readonly CommandRow[] = [
  {
    name: 'history',
    summary: 'past rollouts',
    options: [['--limit <count>', 'how many', '20']],
    examples: ['mlreg history -e prod', 'mlreg history --limit 5 -o json'],
    load: async () => (await import('../commands/history.ts')).history,
  },
  {
    name: 'show <rollout>',
    summary: 'one rollout whole: plan, steps, evidence, events',
    options: [['--observations', 'print its observations, one JSON object a line']],
    examples: ['mlreg show r-1a2b3c4d', 'mlreg show r-1a2b3c4d --observations > rollout.ndjson'],
    load: async () => (await import('../commands/history.ts')).show,
  },
  {
    name: 'report [rollout]',
    summary: 'one rollout as a page with charts, the newest if none is named',
    options: [
      ['--html <file>', 'where to; ROLLOUT.html, unless --md is given'],
      ['--md <file>', 'as Markdown, without charts'],
    ],
    examples: ['mlreg report --html report.html', 'mlreg report r-7f3a9c --md summary.md -e prod'],
    load: async () => (await import('../commands/report.ts')).report,
  },
  {
    name: 'dashboard',
    summary: 'the same as a page on this machine that follows what happens; changes nothing',
    options: [['--port <port>', 'on 127.0.0.1; 0: any that is free', '4580']],
    examples: ['mlreg dashboard -e local', 'mlreg dashboard --port 0 -e prod'],
    load: async () => (await import('../commands/dashboard.ts')).dashboard,
  },
  {
    name: 'replay <file>',
    summary: 'judge recorded observations again: what would have been decided, at which tick, and why',
    options: [['--policy <file>', 'YAML or JSON with the sections judge and guardrails of mlreg.yaml']],
    examples: [
      'mlreg replay rollout.ndjson',
      'mlreg show r-1a2b3c4d --observations | mlreg replay - --policy stricter.yaml -o json',
    ],
    load: async () => (await import('../commands/replay.ts')).replay,
  },
  {
    name: 'policy test <file>',
    summary:
      'run cases against a policy: what each must come to, and by which tick; exit 1 where one does not',
    examples: ['mlreg policy test policy-test.yaml', 'mlreg policy test policy-test.yaml -e prod -o json'],
    load: async () => (await import('../commands/policy.ts')).policyTest,
  },
  {
    name: 'gc',
    summary: 'take down the endpoints of versions that nobody needs or reaches any more',
    options: [['--dry-run', 'only say what would go']],
    examples: ['mlreg gc --dry-run -e prod', 'mlreg gc -e prod'],
    load: async () => (await import('../commands/gc.ts')).gc,
  },
  {
    name: 'doctor',
    summary: 'check what a rollout needs, and that a rollback would work',
    examples: ['mlreg doctor -e prod', 'mlreg doctor -o json'],
    load: async () => (await import('../commands/doctor.ts')).doctor,
  },
  {
    name: 'audit verify',
    summary: 'walk registry and journals by their hash chain; exit 5 where something was changed or is gone',
    examples: ['mlreg audit verify -e prod', 'mlreg audit verify -o json'],
    load: async () => (await import('../commands/audit.ts')).auditVerify,
  },
  {
    name: 'backup',
    summary: 'copy registry and journals into a file, or check such a copy',
    options: [
      ['--to <path>', 'the file to write; with --with-artifacts a folder'],
      ['--with-artifacts', 'copy the artifacts of all versions as well'],
      ['--verify <backup>', 'check the records of a backup, and each artifact by its digest'],
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
    summary: 'put a backup into the store, or take a restored table into use; moves no users',
    options: [
      ['--from <backup>', 'what mlreg backup has written'],
      ['--apply', 'restore; without it, only show how the backup differs from what serves'],
      ['--table <name>', 'restore into this DynamoDB table instead of the store in mlreg.yaml'],
      ['--supersedes <table>', 'the table that AWS restored --table from'],
      ['--champion <version>', 'the version that serves, where its Lambda version does not say so'],
      ['--reason <text>', 'why, for the journal'],
      ['--force', 'restore although another store is in use or owned (requires --reason)'],
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
    summary: 'rebuild a lost, damaged or outdated registry from what AWS serves; moves no users',
    options: [
      ['--champion <version>', 'the version that serves, where its Lambda version does not say so'],
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
    summary: 'every setting of the environment',
    options: [['--origin', 'and where its value came from']],
    examples: ['mlreg config show -e prod', 'mlreg config show --origin -o json'],
    load: async () => (await import('../commands/config.ts')).showConfig,
  },
];
