import { localRows } from './local-rows.ts';
import { recordRows } from './record-rows.ts';
import { registryRows } from './registry-rows.ts';
import { rolloutRows } from './rollout-rows.ts';
import type { CommandRow } from './row.ts';
import { shellRows } from './shell-rows.ts';

export type { CommandRow } from './row.ts';

/** The whole surface: one row a command, in the order in which help lists them. */
export const rows: readonly CommandRow[] = [
  ...registryRows,
  ...rolloutRows,
  ...recordRows,
  ...shellRows(() => rows),
  ...localRows,
];
