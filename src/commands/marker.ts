import type { AliasView } from '../ports/platform.ts';
import { behindText, lookAt } from '../rollout/look.ts';
import { unreachable } from '../domain/units.ts';
import { aliasOf } from './behind.ts';
import type { Target } from './context.ts';

/** What the alias's ownership marker says that the store does not. */
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
  at: Target,
): Promise<{ readonly marker: MarkerNote; readonly text: string } | null> {
  const view = await aliasOf(at);
  const marker = view === null ? null : await markerNote(at, view);
  if (marker?.isBehind !== true) return null;
  const { name } = at.config;
  const text = `${name}: ${marker.detail}, so what was registered and rolled out is unknown here\nnext: ${marker.mend}`;
  return { marker, text };
}

/** Compares the alias with the store. Null where they agree, or where mlreg has not marked the alias. */
export async function markerNote(
  { config, connection }: Target,
  view: AliasView,
): Promise<MarkerNote | null> {
  const { alias } = config.lambda;
  const meaning = await lookAt(connection.store, view);
  switch (meaning.kind) {
    case 'unmarked':
    case 'own':
    case 'superseded':
      return null;
    case 'unknown-rollback':
      return {
        isBehind: false,
        detail: `users were brought back to Lambda version ${meaning.target} while the store was out of reach, and the registry does not know yet`,
        mend: `mlreg resume --environment ${config.name}`,
      };
    case 'drift':
      return {
        isBehind: false,
        detail: `alias ${alias} carries an ownership marker that can't be read: ${view.description}`,
        why: 'something other than mlreg wrote it',
        mend: `mlreg rollback --to VERSION --environment ${config.name}  # writes it anew`,
      };
    case 'replaced':
    case 'twin':
    case 'put-back':
    case 'copied':
    case 'unrestored': {
      const text = behindText(meaning, { alias, environment: config.name });
      if (text === null) throw new Error(`no words for ${meaning.kind}`);
      return { isBehind: true, detail: text.what, why: text.why, mend: text.mend };
    }
    default:
      return unreachable(meaning);
  }
}
