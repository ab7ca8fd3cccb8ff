import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type CliWorld, cliWorld, serving } from './cli-world.ts';
import { type KeptStore, keptInFile, keptInTable } from './kept-stores.ts';
import { named, under } from './recovered.ts';

export type Kind = 'file' | 'table';

export const kept = (kind: Kind): KeptStore => (kind === 'file' ? keptInFile() : keptInTable('mlreg-dev'));

/** mlreg.yaml names this store; options may name other tables. */
export function using(
  cli: CliWorld,
  own: KeptStore,
  tables: Readonly<Record<string, KeptStore>> = {},
): CliWorld {
  cli.connectTo = ({ store }) => {
    const found = store.kind === 'dynamodb' ? (tables[store.table] ?? own) : own;
    return { ...(found === own ? {} : { store: found.store }), history: found.history };
  };
  return cli;
}

/** v2.2.0 serves everybody from such a store, v2.3.0 is a candidate. */
export async function servingFrom(own: KeptStore, config?: string): Promise<CliWorld> {
  const cli = using(await serving(config, own.store), own);
  cli.model.publishAs('7', named('v2.2.0'));
  return cli;
}

/** The same AWS, looked at from where another store is in use. */
export const seenFrom = (
  own: KeptStore,
  aws: CliWorld,
  tables: Readonly<Record<string, KeptStore>> = {},
  config?: string,
): CliWorld => {
  const cli = under(using(cliWorld(config, own.store), own, tables), aws);
  cli.clock.advance(aws.clock.now() - cli.clock.now());
  return cli;
};

export const place = (name: string): string => join(mkdtempSync(join(tmpdir(), 'mlreg-backup-')), name);

export async function runs(cli: CliWorld, words: string): Promise<string> {
  const ran = await cli.run(words);
  expect([words, ran.code, ran.code === 0 ? '' : ran.stderr]).toEqual([words, 0, '']);
  return ran.stdout;
}

/** Everybody and everything that a restore must leave alone. */
export const users = (cli: CliWorld) => [
  cli.model.alias('live').target,
  cli.model.alias('green').target,
  cli.model.stage().alias,
];
