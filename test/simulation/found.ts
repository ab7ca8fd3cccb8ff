import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { play, type RunOptions } from './simulate.ts';
import type { Story } from './story.ts';

/** A counterexample that was mended. */
export interface Found {
  readonly found: string;
  /** Situations without which it shows nothing. */
  readonly expects: readonly string[];
  readonly story: Story;
}

/** All JSON files of a folder beside this one, by name. */
export function readAll<T>(folder: string): [string, T][] {
  const from = new URL(folder, import.meta.url);
  return readdirSync(from).map((name) => [
    name.replace('.json', ''),
    JSON.parse(readFileSync(new URL(name, from), 'utf8')) as T,
  ]);
}

/** It breaks no invariant any more, and still comes to the situation that it was found in: each fault befalls its call. */
export async function expectMended(
  { found, expects, story }: Found,
  options: RunOptions = {},
): Promise<void> {
  const { violation, faults, situations } = await play(story, options);
  expect(violation?.message, found).toBeUndefined();
  const struck = new Set(faults.filter(({ isInert }) => !isInert).map(({ key }) => key));
  const missed = (story.faults ?? []).map(({ key }) => key).filter((key) => !struck.has(key));
  expect(missed, 'faults that befell no call: name another one').toEqual([]);
  const unseen = expects.filter((name) => !situations.has(name));
  expect(unseen, 'situations that were not reached').toEqual([]);
}
