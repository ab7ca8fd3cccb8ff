import { join, resolve } from 'node:path';
import type { VersionRecord } from '../domain/registry.ts';
import { UserError } from '../domain/user-error.ts';
import { replay } from '../engine/fold-journal.ts';
import type { Backup, CopiedArtifact, FoundBackup } from '../ports/backup.ts';
import type { Store } from '../ports/store.ts';
import { counted } from '../view/words.ts';
import type { Session } from '../app/session.ts';
import { openSession } from '../app/open-session.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';

export interface BackupOptions {
  readonly to?: string;
  readonly withArtifacts?: boolean;
  readonly verify?: string;
}

/** Copies the store's records into a file, or checks such a file. Changes nothing in the store and in AWS. */
export async function backup(context: Context, options: BackupOptions): Promise<ExitCode> {
  const { to, verify, withArtifacts = false } = options;
  if (verify !== undefined && (to !== undefined || withArtifacts))
    throw new UserError('usage', '--verify checks a backup that is there, and makes none', {
      mend: `mlreg backup --verify ${verify}`,
    });
  if (verify !== undefined) return verifyBackup(context, verify);
  if (to !== undefined) return make(context, to, withArtifacts);
  throw new UserError('usage', 'where to?', {
    mend: [
      'mlreg backup --to FILE',
      'mlreg backup --to FOLDER --with-artifacts',
      'mlreg backup --verify BACKUP',
    ],
  });
}

async function make(context: Context, to: string, withArtifacts: boolean): Promise<ExitCode> {
  const { world, actor, output } = context;
  const at = await openSession(context);
  const { config, connection } = at;
  const path = resolve(world.cwd, to);
  await world.backups.refuseTaken(path);
  const history = await connection.history();
  const cut = await history.read();
  if (cut.lines.length === 0) {
    throw new UserError('conflict', `the store of ${config.name} is empty: ${history.where}`, {
      why: 'nothing was ever registered or rolled out there; no backup was written',
      mend: 'name the store that is in use in mlreg.yaml, or run mlreg in the directory whose .mlreg holds it',
    });
  }
  const view = history.view(cut);
  const { token, store } = await view.lock();
  const made: Backup = {
    header: {
      ...{ environment: config.name, model: config.model, token, from: history.where },
      store: store === undefined ? null : { id: store.id, epoch: store.epoch },
      ...{ takenAt: world.clock.now(), takenBy: actor.name, mlreg: world.version, artifacts: [] },
    },
    cut,
  };
  const missing: Missing[] = [];
  let copied: readonly CopiedArtifact[] = [];
  if (withArtifacts)
    await world.backups.writeWithArtifacts(path, made, async (folder) => {
      copied = await copyArtifacts(at, await view.versions(), { folder, missing });
      return copied;
    });
  else await world.backups.write(path, made);
  const versions = await view.versions();
  const champion = championIn(versions);
  const rollouts = await view.rollouts();
  const open = await openIn(view);
  for (const { version, why } of missing) output.say(`not copied: the artifact of ${version}: ${why}`);
  output.answer(
    {
      ...{ kind: 'Backup', result: 'written', environment: config.name, path, from: history.where },
      ...{ records: cut.lines.length, head: cut.head, store: made.header.store, token, champion },
      ...{ versions: versions.length, rollouts: rollouts.length, underWay: open },
      artifacts: withArtifacts ? { copied: copied.length, missing } : null,
    },
    () =>
      [
        `${path}: ${counted(cut.lines.length, 'record')} of ${history.where}; ${counted(versions.length, 'version')}, ${counted(rollouts.length, 'rollout')}, champion ${champion ?? 'none'}`,
        ...(open.length === 0
          ? []
          : [`${open.join(', ')} was under way: a restore closes it, and leaves users where they are`]),
        ...(withArtifacts ? [`${counted(copied.length, 'artifact')} copied`] : []),
        `head ${cut.head}`,
      ].join('\n'),
  );
  return exitCode.done;
}

interface Missing {
  readonly version: string;
  readonly why: string;
}

/** Each artifact once, under its digest. @throws UserError conflict, where one is not what was registered */
async function copyArtifacts(
  { connection }: Session,
  versions: readonly VersionRecord[],
  { folder, missing }: { readonly folder: string; readonly missing: Missing[] },
): Promise<readonly CopiedArtifact[]> {
  const copies = await connection.artifactCopies();
  const done = new Map<string, Missing | null>();
  const copied: CopiedArtifact[] = [];
  for (const { version, artifact } of versions) {
    const { uri, digest } = artifact;
    if (!done.has(digest)) done.set(digest, await copyOne(uri, digest));
    const why = done.get(digest) ?? null;
    if (why === null) copied.push({ version, uri, digest });
    else missing.push({ ...why, version });
  }
  return copied;

  async function copyOne(uri: string, digest: string): Promise<Missing | null> {
    // What a recovery could not find out is no address.
    if (!/^[0-9a-f]{64}$/.test(digest)) return { version: '', why: 'the registry does not know its digest' };
    try {
      const found = await copies.copy(uri, join(folder, digest));
      if (found.digest === digest) return null;
    } catch (error) {
      if (error instanceof UserError && error.fault === 'usage') return { version: '', why: error.message };
      throw error;
    }
    throw new UserError('conflict', `${uri} is not the artifact that was registered`, {
      why: `its SHA-256 is not ${digest}; no backup was written`,
      mend: 'put the registered artifact back, or make the backup without --with-artifacts',
    });
  }
}

/** Reads a backup as a restore would, and each artifact by its digest: the copies, or where the registry has them. */
async function verifyBackup(context: Context, from: string): Promise<ExitCode> {
  const at = await openSession(context);
  const { config, connection } = at;
  const found = await readBackup(context, at, from);
  const { cut, copies, header } = found;
  const view = (await connection.history()).view(cut);
  const versions = await view.versions();
  const wrong = await wrongArtifacts(at, versions, found);
  const rollouts = await view.rollouts();
  const [first] = wrong;
  if (first !== undefined) {
    throw new UserError('conflict', `the records are whole, but ${first.why}`, {
      why:
        wrong.length === 1
          ? undefined
          : `so it is with ${counted(wrong.length, 'version')}: ${wrong.map(({ version }) => version).join(', ')}`,
      mend: 'a version whose artifact is gone serves on, and can never be deployed again: put the artifact back',
    });
  }
  context.output.answer(
    {
      ...{ kind: 'Backup', result: 'sound', environment: config.name, path: found.path, from: header.from },
      ...{ takenAt: new Date(header.takenAt).toISOString(), records: cut.lines.length, head: cut.head },
      ...{ versions: versions.length, rollouts: rollouts.length, champion: championIn(versions) },
      artifacts: { checked: versions.length, copies: copies.size },
    },
    () =>
      [
        `sound: ${counted(cut.lines.length, 'record')}, ${counted(versions.length, 'version')}, ${counted(rollouts.length, 'rollout')} in ${found.path}`,
        `${counted(versions.length, 'artifact')} ${copies.size > 0 ? 'of the backup' : 'at their addresses'}: as registered`,
        `head ${cut.head}`,
      ].join('\n'),
  );
  return exitCode.done;
}

async function wrongArtifacts(
  { connection }: Session,
  versions: readonly VersionRecord[],
  { copies }: FoundBackup,
): Promise<readonly Missing[]> {
  const kept = await connection.artifactCopies();
  const wrong: Missing[] = [];
  for (const { version, artifact } of versions) {
    const copy = copies.get(artifact.digest);
    try {
      const { digest } =
        copy === undefined ? await connection.artifacts.digest(artifact.uri) : await kept.digest(copy);
      if (digest !== artifact.digest)
        wrong.push({
          version,
          why: `${copy ?? artifact.uri} is not the artifact of ${version} that was registered`,
        });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      wrong.push({ version, why: `the artifact of ${version} can't be read: ${error.message}` });
    }
  }
  return wrong;
}

/** @throws UserError where there is none, or it can't be believed: its journals must make sense as well */
export async function readBackup(
  context: Context,
  { config, connection }: Session,
  from: string,
): Promise<FoundBackup> {
  const { world } = context;
  const place = { environment: config.name, model: config.model };
  const found = await world.backups.read(resolve(world.cwd, from), place);
  const view = (await connection.history()).view(found.cut);
  for (const id of await view.rollouts()) replay(id, await view.journal(id));
  return found;
}

export const championIn = (versions: readonly VersionRecord[]): string | null =>
  versions.find(({ status }) => status === 'champion')?.version ?? null;

async function openIn(store: Store): Promise<readonly string[]> {
  const [newest] = await store.rollouts();
  if (newest === undefined) return [];
  return replay(newest, await store.journal(newest)).phase === 'ended' ? [] : [newest];
}
