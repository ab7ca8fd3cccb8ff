import type { OptionRow } from './row.ts';

/** Flags that may stand before or after any command. */
export const globalOptions: readonly OptionRow[] = [
  ['-e, --environment <name>', 'dev, staging, prod, local or your own (MLREG_ENVIRONMENT)'],
  ['--model <name>', "the model's name (MLREG_MODEL)"],
  ['-c, --config <file>', 'the configuration file, by default mlreg.yaml (MLREG_CONFIG)'],
  ['-o, --output <format>', 'format of stdout'],
  ['-y, --yes', 'answer yes to every prompt'],
  ['-q, --quiet', 'suppress progress output'],
  ['--no-color', 'print without colours'],
  ['--region <region>', 'AWS Region'],
  ['--profile <profile>', 'AWS profile'],
];

/** Options that take one of a few words. */
export const choices: Readonly<Record<string, readonly string[]>> = {
  output: ['text', 'json', 'ndjson'],
  template: ['python', 'node'],
  strategy: ['canary', 'blue-green', 'shadow', 'all-at-once'],
};
