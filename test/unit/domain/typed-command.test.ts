import { expect, it } from 'vitest';
import { createOutput } from '../../../src/reporting/output.ts';
import { typedAs, withTyped } from '../../../src/domain/typed-command.ts';

it.each([
  ['/usr/local/bin/mlreg', '', 'mlreg'],
  ['/home/ana/mlreg/bin/mlreg.js', 'npm/10.8.2 node/v20.20.2 linux x64', 'mlreg'],
  ['/shop/node_modules/.bin/mlreg', 'npm/10.8.2 node/v20.20.2 linux x64', 'npx mlreg'],
  ['/home/ana/.npm/_npx/1a2b/node_modules/.bin/mlreg', '', 'npx mlreg'],
  ['C:\\shop\\node_modules\\.bin\\mlreg', '', 'npx mlreg'],
  ['/shop/node_modules/.bin/mlreg', 'pnpm/9.1.0 npm/? node/v22.1.0 linux x64', 'pnpm exec mlreg'],
  ['/shop/node_modules/.bin/mlreg', 'yarn/4.5.0 npm/? node/v22.1.0 linux x64', 'yarn mlreg'],
  ['/shop/node_modules/.bin/mlreg', 'bun/1.2.0 npm/? node/v22.1.0 linux x64', 'bunx mlreg'],
  ['', '', 'mlreg'],
])('%s, started by %j, is typed %s', (script, agent, as) => {
  expect(typedAs(script, agent)).toBe(as);
});

it.each([
  ['  try  mlreg init', '  try  npx mlreg init'],
  ['next      mlreg rollback --environment prod', 'next      npx mlreg rollback --environment prod'],
  ['          mlreg doctor --environment prod', '          npx mlreg doctor --environment prod'],
  [
    'holds: no requests; or at once with: mlreg promote',
    'holds: no requests; or at once with: npx mlreg promote',
  ],
  ['it is owned by ana; next: mlreg status', 'it is owned by ana; next: npx mlreg status'],
  ['run `mlreg doctor` first', 'run `npx mlreg doctor` first'],
  ['npx mlreg init', 'npx mlreg init'],
  ['mlreg.yaml:2: unknown key', 'mlreg.yaml:2: unknown key'],
  ['the alias is what mlreg wrote', 'the alias is what mlreg wrote'],
  ['mlreg-alerts-prod', 'mlreg-alerts-prod'],
])('%j reads %j', (text, expected) => {
  expect(withTyped(text, 'npx mlreg')).toBe(expected);
  expect(withTyped(text, 'mlreg')).toBe(text);
});

it('is used by all that people read, and by nothing that programs read', () => {
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  const streams = {
    stdout: write,
    stderr: write,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    columns: 80,
    typedAs: 'npx mlreg',
  };
  const options = { quiet: false, color: false } as const;
  const people = createOutput(streams, {}, { ...options, mode: 'text' });
  people.say('  try  mlreg init');
  people.answer({}, () => 'next  mlreg status');
  createOutput(streams, {}, { ...options, mode: 'json' }).answer({ mend: 'mlreg init' }, () => '');
  expect(written.slice(0, 2)).toEqual(['  try  npx mlreg init\n', 'next  npx mlreg status\n']);
  expect(written[2]).toContain('"mlreg init"');
});
