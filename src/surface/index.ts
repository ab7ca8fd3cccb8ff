import { localRows } from './local-rows.ts';
import { recordRows } from './record-rows.ts';
import { registryRows } from './registry-rows.ts';
import { rolloutRows } from './rollout-rows.ts';
import type { CommandRow } from './row.ts';
import { shellRows } from './shell-rows.ts';

export type { CommandRow } from './row.ts';

/** The whole surface in the order in which help lists it, under the titles of the reference. */
export const sections: readonly { readonly title: string; readonly rows: readonly CommandRow[] }[] = [
  { title: 'Versions', rows: registryRows },
  { title: 'Rollouts', rows: rolloutRows },
  { title: 'Records and checks', rows: recordRows },
  { title: 'Shell completion', rows: shellRows(() => rows) },
  { title: 'Local AWS', rows: localRows },
];

/** One row a command. */
export const rows: readonly CommandRow[] = sections.flatMap((section) => section.rows);
