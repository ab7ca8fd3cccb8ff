import type { OptionRow } from './row.ts';

/** Flags that may stand before or after any command. */
export const globalOptions: readonly OptionRow[] = [
  ['-e, --environment <name>', 'dev, staging, prod, local or your own; MLREG_ENVIRONMENT'],
  ['--model <name>', "the model's name"],
  ['-c, --config <file>', 'mlreg.yaml'],
  ['-o, --output <format>', 'what stdout carries'],
  ['-y, --yes', 'confirm what would be asked'],
  ['-q, --quiet', 'only the answer'],
  ['--no-color', 'no colour'],
  ['--region <region>', 'AWS Region'],
  ['--profile <profile>', 'AWS profile'],
];

/** Options that take one of a few words. */
export const choices: Readonly<Record<string, readonly string[]>> = {
  output: ['text', 'json', 'ndjson'],
  strategy: ['canary', 'blue-green', 'shadow', 'all-at-once'],
};
