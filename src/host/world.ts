import { typedAs } from '../domain/typed-command.ts';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { connect } from './connect.ts';
import type { Connection, Needs } from '../app/connection.ts';
import type { EnvironmentConfig } from '../config/index.ts';
import type { Actor } from '../domain/journal.ts';
import { mustBeUtf8 } from '../domain/utf8.ts';
import type { LocalAws } from './local-host.ts';
import { localAws } from './local-world.ts';
import { packagedText } from './package-root.ts';
import { ask, askKey, isAlive, randomIds, systemClock, userName } from './machine.ts';
import type { Pages, PagesOptions } from './page-server.ts';
import type { Backups } from '../ports/backup.ts';
import type { ReadStack } from '../ports/existing-stack.ts';
import type { Clock, Ids } from '../ports/index.ts';
import type { Streams } from '../reporting/output.ts';

export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** The machine as commands see it: what tests replace. */
export interface World {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly streams: Streams;
  readonly clock: Clock;
  readonly ids: Ids;
  actor(command: string): Actor;
  /** Whether the process still runs; `unknown` where this machine can't tell. */
  isAlive(actor: Actor): 'alive' | 'dead' | 'unknown';
  connect(environment: EnvironmentConfig, needs?: Needs): Promise<Connection>;
  readonly files: Files;
  readonly backups: Backups;
  /** Calls back for each signal until undone. */
  onSignal(listener: (signal: SignalName) => void): () => void;
  /** A line from the terminal; null when nobody can be asked, at end of input, or when the signal aborts. */
  ask(question: string, signal?: AbortSignal): Promise<string | null>;
  /** As ask, answered by one key. */
  askKey(question: string, signal?: AbortSignal): Promise<string | null>;
  /** @throws UserError where the port is taken */
  servePages(options: PagesOptions): Promise<Pages>;
  readonly local: LocalAws;
  readonly readStack: ReadStack;
}

export interface Files {
  read(path: string): string;
  /** A file that comes with mlreg, by its path in the package. */
  packaged(path: string): string;
  exists(path: string): boolean;
  /** Refuses to replace a file that is there. */
  create(path: string, text: string): void;
  /** Whole or not at all. */
  replace(path: string, text: string): void;
  append(path: string, text: string): void;
}

/**
 * The composition root: the only place that picks adapters. Each is loaded when an environment is connected to, so that
 * `--help` loads none.
 */
export function createWorld(version: string): World {
  return {
    version,
    env: process.env,
    cwd: process.cwd(),
    streams: {
      stdout: (text) => void process.stdout.write(text),
      stderr: (text) => void process.stderr.write(text),
      stdoutIsTerminal: process.stdout.isTTY === true,
      stderrIsTerminal: process.stderr.isTTY === true && (process.env.CI ?? '') === '',
      // A terminal may be resized.
      get columns() {
        return process.stderr.columns || process.stdout.columns || 80;
      },
      typedAs: typedAs(process.argv[1] ?? '', process.env.npm_config_user_agent),
      get rows() {
        return process.stderr.rows || 24;
      },
    },
    clock: systemClock,
    ids: randomIds,
    actor: (command) => ({ name: userName(), host: hostname(), pid: process.pid, command }),
    isAlive,
    connect,
    files: {
      read: (path) => mustBeUtf8(readFileSync(path, 'utf8'), path),
      packaged: packagedText,
      exists: existsSync,
      create: (path, text) => {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text, { flag: 'wx' });
      },
      replace: (path, text) => {
        const beside = `${path}.${process.pid}.tmp`;
        try {
          writeFileSync(beside, text);
          renameSync(beside, path);
        } catch (error) {
          rmSync(beside, { force: true });
          throw error;
        }
      },
      append: (path, text) => appendFileSync(path, text),
    },
    backups: {
      refuseTaken: async (...given) => (await backups()).refuseTaken(...given),
      write: async (...given) => (await backups()).write(...given),
      writeWithArtifacts: async (...given) => (await backups()).writeWithArtifacts(...given),
      read: async (...given) => (await backups()).read(...given),
    },
    onSignal: (listener) => {
      const names: readonly SignalName[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
      for (const name of names) process.on(name, listener);
      return () => {
        for (const name of names) process.off(name, listener);
      };
    },
    ask,
    askKey,
    servePages: async (options) => (await import('./page-server.ts')).servePages(options),
    local: localAws,
    readStack: async (place) => (await import('./read-stack.ts')).readStack(place),
  };
}

/** Only backup and restore need them. */
const backups = async (): Promise<Backups> => (await import('../store/backup-files.ts')).backupFiles;
