import type { VersionRecord } from '../domain/registry.ts';
import { targetText } from '../domain/route.ts';
import { unreachable } from '../domain/units.ts';
import { PlatformError } from '../ports/platform.ts';
import { aliasesIn, type NamedAlias } from '../runner/environment-view.ts';
import { behindText, type Claimed, type Look, lookAround } from '../runner/look.ts';
import { isBlind } from '../engine/marker.ts';
import { rolledBackByOwner } from '../runner/repair.ts';
import type { RolloutState } from '../engine/state.ts';
import { unknownServingText } from '../runner/unknown-serving.ts';
import type { Session } from './session.ts';

/** What the environment's ownership markers say that the store, or what serves, does not. */
export interface MarkerNote {
  /** The store at hand is older than what serves, or is not the one in use: nothing that it says about versions holds. */
  readonly isBehind: boolean;
  readonly detail: string;
  readonly why?: string;
  /** What to type, or to do, next. */
  readonly mend: string;
}

/**
 * For whoever finds the store empty: null where the alias says nothing else, or can't be read.
 * @returns the note, and what to say instead of "none yet"
 */
export async function lostNote(
  at: Session,
): Promise<{ readonly marker: MarkerNote; readonly text: string } | null> {
  const look = await lookAround(at.connection, at.config.lambda).catch((error: unknown) => {
    if (error instanceof PlatformError) return null;
    throw error;
  });
  const marker = look === null ? null : (markerNote(at, look) ?? unknownNote(at, look));
  if (marker?.isBehind !== true) return null;
  const { name } = at.config;
  const text = `${name}: ${marker.detail}, so what was registered and rolled out is unknown here\nnext: ${marker.mend}`;
  return { marker, text };
}

/** What status, doctor and audit verify tell alike: a store that is behind before an alias that was moved by hand. */
export const aliasNote = (at: Session, look: Look, known: Known): MarkerNote | null =>
  markerNote(at, look) ?? unknownNote(at, look) ?? movedNote(at, look, known);

export interface Known {
  readonly champion: VersionRecord | null;
  /** The rollout that is not over. */
  readonly running: RolloutState | null;
}

/** Users reach what neither the registry nor a marker explains. */
function unknownNote({ config }: Session, { unknown }: Look): MarkerNote | null {
  if (unknown === null) return null;
  const { what, why, mend } = unknownServingText(unknown, config.name);
  return { isBehind: true, detail: what, why, mend: mend[0] };
}

/** Something other than mlreg moved an alias: its marker names another Lambda version than it serves. */
function movedNote({ config }: Session, look: Claimed, { champion, running }: Known): MarkerNote | null {
  const moved = aliasesIn(look).flatMap(({ name, view }) => {
    const text = movedText({ name, view }, running !== null);
    return text === null ? [] : [{ name, text }];
  });
  const [first] = moved;
  if (first === undefined) return null;
  const { name } = config;
  const mendMain =
    running === null
      ? `mlreg rollback --to ${champion?.version ?? 'VERSION'} --environment ${name}`
      : `mlreg rollback --environment ${name}, or to go on from what serves: mlreg resume --adopt --environment ${name}`;
  const isMain = first.name === look.main.name;
  const mend = isMain || running !== null ? mendMain : `mlreg gc --environment ${name}`;
  return { isBehind: false, detail: moved.map(({ text }) => text).join('; '), mend };
}

function movedText({ name, view: { stamp, target } }: NamedAlias, isUnderWay: boolean): string | null {
  const named = stamp?.detail?.target;
  if (stamp === undefined || named === undefined) return null;
  const serves = `alias ${name} serves ${targetText(target)}`;
  if (named !== target.functionVersion)
    return `${serves}, but ${stamp.rollout} pointed it at Lambda version ${named} last, so something other than mlreg moved it`;
  const isSplit = Object.keys(target.weights).length > 0;
  return isSplit && !isUnderWay ? `${serves}, though no rollout is under way` : null;
}

/** Compares the markers with the store. Null where they agree, or where mlreg has marked no alias. */
function markerNote({ config }: Session, { claim }: Claimed): MarkerNote | null {
  const { meaning, where, description, stamp } = claim;
  const isByOwner = stamp !== undefined && !isBlind(stamp);
  switch (meaning.kind) {
    case 'unmarked':
    case 'own':
    case 'superseded':
      return null;
    case 'unknown-rollback':
      return {
        isBehind: false,
        detail: isByOwner
          ? `Lambda version ${meaning.target} serves: ${meaning.rollout} was ${rolledBackByOwner}. The registry does not know yet`
          : `users were brought back to Lambda version ${meaning.target} while the store was out of reach, and the registry does not know yet`,
        mend: `mlreg resume --environment ${config.name}`,
      };
    case 'drift':
      return {
        isBehind: false,
        detail: `${where} carries an ownership marker that can't be read: ${description}`,
        why: 'something other than mlreg wrote it',
        mend: `mlreg rollback --to VERSION --environment ${config.name}  # writes it anew`,
      };
    case 'replaced':
    case 'twin':
    case 'put-back':
    case 'copied':
    case 'unrestored': {
      const text = behindText(meaning, { where, environment: config.name });
      if (text === null) throw new Error(`no words for ${meaning.kind}`);
      return { isBehind: true, detail: text.what, why: text.why, mend: text.mend };
    }
    default:
      return unreachable(meaning);
  }
}

/** An emulator that is not running can't say what it serves; that AWS can't be asked is said. */
export const unlessLocal =
  ({ config }: Session) =>
  (error: unknown): null => {
    if (config.kind === 'local') return null;
    throw error;
  };
