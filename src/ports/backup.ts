import type { StoreId } from '../domain/journal.ts';
import type { Instant, VersionTag } from '../domain/units.ts';
import type { Cut } from './history.ts';

/** An artifact whose bytes lie beside the backup. */
export interface CopiedArtifact {
  readonly version: VersionTag;
  /** Where the registry has it. */
  readonly uri: string;
  /** Hex SHA-256; also the name of the copy. */
  readonly digest: string;
}

/** What a backup says of itself. */
export interface BackupHeader {
  readonly environment: string;
  readonly model: string;
  readonly takenAt: Instant;
  readonly takenBy: string;
  /** The version of mlreg that wrote it. */
  readonly mlreg: string;
  /** The file or table that it was made of. */
  readonly from: string;
  /** null where the store never gave out a token under format 2. */
  readonly store: StoreId | null;
  /** The newest that the store had given out. */
  readonly token: number;
  readonly artifacts: readonly CopiedArtifact[];
}

export interface Backup {
  readonly header: BackupHeader;
  readonly cut: Cut;
}

/** A backup where it lies. */
export interface FoundBackup extends Backup {
  /** The file with the records. */
  readonly path: string;
  /** Where the copy of each artifact lies, by digest. Empty for a backup without artifacts. */
  readonly copies: ReadonlyMap<string, string>;
}

/** Backups on this machine. Paths are absolute. */
export interface Backups {
  /** @throws UserError where something is there already */
  refuseTaken(path: string): Promise<void>;
  /** Makes a file for this user alone, whole or not at all. @throws UserError where something is there already */
  write(path: string, backup: Backup): Promise<void>;
  /** The same as a folder. @param fill puts the artifacts into a folder, and says which it put there */
  writeWithArtifacts(
    path: string,
    backup: Backup,
    fill: (folder: string) => Promise<readonly CopiedArtifact[]>,
  ): Promise<void>;
  /**
   * Reads a file, or a folder with artifacts, and checks each record.
   * @throws UserError usage, where nothing is there or it is of another environment; conflict, where it is not what was written
   */
  read(path: string, place: { readonly environment: string; readonly model: string }): Promise<FoundBackup>;
}

/** Artifacts as files of this machine. */
export interface ArtifactCopies {
  /** Makes a file or folder that isn't there. @returns what it holds. @throws UserError where there is no such artifact */
  copy(uri: string, to: string): Promise<{ readonly digest: string; readonly bytes: number }>;
  /** Of a copy. @throws UserError where it is gone */
  digest(path: string): Promise<{ readonly digest: string; readonly bytes: number }>;
}
