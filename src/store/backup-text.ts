import * as z from 'zod';
import { instant, versionTag } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import type { Backup } from '../ports/backup.ts';
import { bytesOf, readCut } from './rules/cut.ts';
import { sha256 } from './rules/record.ts';

/*
 * A backup is one JSON object a line: a header, and then the store's records as they were written, whatever the store is kept
 * in. Each record names the hash of the one before it, and the header names the last.
 */

/** Raised when a header changes so that an older mlreg would misread it. */
const format = 1;

const count = z.int().min(0);
const hex = z.string().regex(/^[0-9a-f]{64}$/);
const headerLine = z.object({
  kind: z.literal('mlreg-backup'),
  format: z.literal(format),
  mlreg: z.string(),
  environment: z.string().min(1),
  model: z.string().min(1),
  takenAt: count,
  takenBy: z.string(),
  from: z.string(),
  store: z.object({ id: z.string().regex(/^[0-9a-f]{8}$/), epoch: z.int().min(1) }).nullable(),
  token: count,
  records: count,
  /** Hash of the newest record. */
  head: hex,
  /** SHA-256 of all bytes after this line. */
  digest: hex,
  artifacts: z.array(z.object({ version: z.string(), uri: z.string(), digest: hex })),
});

export function backupText({ header, cut }: Backup): string {
  const records = bytesOf(cut);
  const { environment, model } = cut;
  const line: z.input<typeof headerLine> = {
    ...{ kind: 'mlreg-backup', format, mlreg: header.mlreg, environment, model },
    ...{ takenAt: header.takenAt, takenBy: header.takenBy, from: header.from },
    ...{ store: header.store, token: header.token },
    ...{ records: cut.lines.length, head: cut.head, digest: sha256(records) },
    artifacts: [...header.artifacts],
  };
  return `${JSON.stringify(line)}\n${records.toString('utf8')}`;
}

/** @throws UserError usage, where it is no backup of this environment and model; conflict, where it was changed or cut */
export function parseBackup(
  path: string,
  text: string,
  place: { readonly environment: string; readonly model: string },
): Backup {
  const end = text.indexOf('\n');
  const found = headerOf(path, end === -1 ? text : text.slice(0, end));
  if (found.environment !== place.environment || found.model !== place.model) {
    throw new UserError(
      'usage',
      `${path} is a backup of ${found.model} in ${found.environment}, not of ${place.model} in ${place.environment}`,
      { mend: `mlreg restore --from ${path} --environment ${found.environment} --model ${found.model}` },
    );
  }
  const bytes = Buffer.from(end === -1 ? '' : text.slice(end + 1));
  if (sha256(bytes) !== found.digest)
    throw changed(path, 'its records are not those that it was written with');
  const { cut, state, problem } = readRecords(path, place, bytes);
  if (problem !== null) throw changed(path, `record ${problem.line}: ${problem.sentence}`);
  if (cut.lines.length !== found.records || cut.head !== found.head)
    throw changed(path, `its records end elsewhere than its first line says`);
  const { token, store } = state.holder;
  if (token !== found.token || store?.id !== found.store?.id || store?.epoch !== found.store?.epoch)
    throw changed(path, 'its first line names another store or token than its records');
  const { takenAt, takenBy, mlreg, from, environment, model } = found;
  const artifacts = found.artifacts.map(({ version, ...one }) => ({ version: versionTag(version), ...one }));
  return {
    header: {
      ...{ environment, model, takenAt: instant(takenAt), takenBy, mlreg, from, token, artifacts },
      store: found.store,
    },
    cut,
  };
}

function headerOf(path: string, line: string): z.output<typeof headerLine> {
  const json = jsonOf(line);
  const named = z.object({ kind: z.literal('mlreg-backup'), format: z.number() }).safeParse(json);
  if (!named.success)
    throw new UserError('usage', `${path} is no backup of mlreg`, { mend: 'mlreg backup --to FILE' });
  if (named.data.format > format) {
    throw new UserError(
      'usage',
      `${path} is a backup of format ${named.data.format}; this mlreg reads format ${format}`,
      {
        why: 'a newer mlreg has written it',
        mend: 'update mlreg here',
      },
    );
  }
  const header = headerLine.safeParse(json);
  if (header.success) return header.data;
  const [issue] = header.error.issues;
  throw changed(path, `its first line: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function readRecords(
  path: string,
  place: Parameters<typeof readCut>[0],
  bytes: Buffer,
): ReturnType<typeof readCut> {
  try {
    return readCut(place, bytes);
  } catch (cause) {
    throw new UserError('usage', `${path} has a record of a kind that this mlreg does not know`, {
      why: 'a newer mlreg has written it',
      mend: 'update mlreg here',
      cause,
    });
  }
}

const changed = (path: string, why: string): UserError =>
  new UserError('conflict', `${path} is not the backup that was written`, {
    why,
    mend: 'use another backup; of a damaged one mlreg restores nothing',
  });
