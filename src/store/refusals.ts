import { keepsWhatIsSound, rebuildCommand } from '../domain/rebuild-command.ts';
import { UserError } from '../domain/user-error.ts';
import { StoreDamaged } from '../ports/store.ts';
import type { Problem } from './rules/chain.ts';

const mend = [
  rebuildCommand(undefined, keepsWhatIsSound),
  'mlreg rollback  # where users suffer: moves the alias alone, and needs no store',
];

/** Somebody, or the disk, changed what was written: nothing in the file is acted upon any more. */
export function damaged(path: string, { line, sentence }: Problem): StoreDamaged {
  return new StoreDamaged('conflict', `${path}:${line}: ${sentence}`, {
    why: 'the records are chained by their hashes, and mlreg acts on nothing that the chain does not vouch for',
    mend,
  });
}

/** Also where it was removed. Whoever acted upon it can't act upon what is there now. */
export function differentFile(path: string): StoreDamaged {
  return new StoreDamaged('conflict', `${path} was removed, replaced or cut while mlreg was using it`, {
    why: 'records that counted are gone',
    mend: ['mlreg status  # reads it afresh', ...mend],
  });
}

export function newerFormat(path: string, line: number, cause: unknown): UserError {
  return new UserError(
    'conflict',
    `${path}:${line}: this record is of a kind that this mlreg does not know`,
    {
      why: 'a newer mlreg has written it',
      mend: 'update mlreg here',
      cause,
    },
  );
}
