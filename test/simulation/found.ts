import { readdirSync, readFileSync } from 'node:fs';

/** All JSON files of a folder beside this one, by name. */
export function readAll<T>(folder: string): [string, T][] {
  const from = new URL(folder, import.meta.url);
  return readdirSync(from).map((name) => [
    name.replace('.json', ''),
    JSON.parse(readFileSync(new URL(name, from), 'utf8')) as T,
  ]);
}
