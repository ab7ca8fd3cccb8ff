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
