import type { EnvironmentConfig } from '../config/index.ts';
import type { RolloutId } from '../domain/units.ts';
import { unreachable } from '../domain/units.ts';
import type { FoundBackup } from '../ports/backup.ts';
import type { Comparison } from '../ports/history.ts';
import type { Rebuilt } from '../registry/rebuild.ts';
import { counted } from '../view/words.ts';
import { behindText } from '../runner/look.ts';
import type { Session } from '../app/session.ts';
import type { Found } from './recover-look.ts';
import { foundText, stageData } from './recover-text.ts';

/** What is restored. */
export type Source =
  | { readonly kind: 'backup'; readonly backup: FoundBackup; readonly comparison: Comparison }
  /** A table that AWS restored: its records are there. */
  | { readonly kind: 'table'; readonly where: string };

/** What a person is shown, and decides upon. */
export interface Shown {
  readonly source: Source;
  /** File or table. */
  readonly target: string;
  readonly found: Found;
  readonly rebuilt: Rebuilt;
  readonly closes: readonly RolloutId[];
  /** The backup knows all that happened to the aliases. */
  readonly isComplete: boolean;
  /** There is nothing left to do. */
  readonly isDone: boolean;
}

/** The differences between the backup and what serves, and what is lost. */
export function restoreText(at: Session, shown: Shown): string {
  const { source, found, rebuilt, closes } = shown;
  const row = (name: string, text: string): string => `  ${name.padEnd(9)} ${text}`;
  const lost = lostRollouts(shown);
  const unknown = unknownTo(at, shown);
  return [
    foundText(at, found, whatText(source), rebuilt, closes, shown.isComplete),
    row('into', targetText(shown)),
    ...(unknown === null ? [] : [row('behind', unknown)]),
    row(
      'lost',
      lost.length > 0 ? `${lost.join(', ')}: their journals, and approvals given in them` : lossText(shown),
    ),
    row('told', 'notifications of restored rollouts may be sent once more'),
  ].join('\n');
}

function whatText(source: Source): string {
  if (source.kind === 'table') return `the store in ${source.where}`;
  const { header, cut, path } = source.backup;
  const { takenAt, from, store, token } = header;
  const identity = store === null ? 'without an id' : `${store.id}, epoch ${store.epoch}`;
  return `${path}, made of ${from} on ${new Date(takenAt).toISOString()}: ${counted(cut.lines.length, 'record')}, store ${identity}, token ${token}`;
}

function targetText({ source, target }: Shown): string {
  if (source.kind === 'table') return `${target}, which keeps its records`;
  const { comparison } = source;
  switch (comparison.kind) {
    case 'empty':
      return `${target}, which is empty`;
    case 'part':
      return `${target}, which holds nothing else`;
    case 'begun':
      return `${target}, into which an earlier restore of this backup was cut off`;
    case 'done':
      return `${target}, into which this backup was restored`;
    case 'other':
      return `${target}, which holds ${comparison.isLater ? 'later' : 'other'} records: they are set aside`;
    case 'damaged':
      return `${target}, which is damaged and is set aside: ${comparison.problem}`;
    default:
      return unreachable(comparison);
  }
}

/** Rollouts of which something was written after the backup was made, as far as anything says. */
function lostRollouts({ source, found }: Shown): readonly string[] {
  if (source.kind === 'backup' && source.comparison.kind === 'other') return source.comparison.rollouts;
  const { meaning, stamp } = found.look.claim;
  return meaning.kind === 'put-back' && stamp !== undefined ? [`${stamp.rollout} at least`] : [];
}

function lossText({ isComplete, found }: Shown): string {
  if (isComplete) return 'no rollout';
  return found.isCutOff ? 'what was lost is not known any more' : 'nothing that the aliases tell of';
}

/** Why the alias knows more than the backup; null where it does not. */
function unknownTo({ config }: Session, { found, isComplete }: Shown): string | null {
  if (isComplete) return null;
  const { meaning, where } = found.look.claim;
  return behindText(meaning, { where, environment: config.name })?.what ?? null;
}

/** The same for programs. */
export function restoreData(
  { name }: EnvironmentConfig,
  shown: Shown,
  rest: { readonly result: 'differences' | 'restored' | 'nothing-to-restore' } & Readonly<
    Record<string, unknown>
  >,
): Readonly<Record<string, unknown>> & { readonly kind: string } {
  const { source, target, found, rebuilt, closes, isComplete } = shown;
  const { main } = found.look;
  return {
    kind: 'Restore',
    ...rest,
    environment: name,
    from:
      source.kind === 'table'
        ? { table: source.where }
        : {
            path: source.backup.path,
            takenAt: new Date(source.backup.header.takenAt).toISOString(),
            records: source.backup.cut.lines.length,
            head: source.backup.cut.head,
          },
    into: { where: target, holds: source.kind === 'table' ? 'part' : source.comparison.kind },
    alias: { name: main.name, ...main.view.target },
    stage: stageData(found.look),
    champion: rebuilt.champion,
    previous: rebuilt.previous,
    onTrial: rebuilt.onTrial,
    registered: rebuilt.register.map(({ version }) => version),
    changed: rebuilt.changes.map(({ version, set }) => ({ version, status: set.status ?? null })),
    lostVersions: rebuilt.lost,
    lostRollouts: lostRollouts(shown),
    closed: closes,
    isComplete,
  };
}
