import { type EnvironmentConfig, mistakeLine } from '../config/index.ts';
import { UserError } from '../domain/user-error.ts';
import { type Collect, type Collection, collect } from '../runner/collect.ts';
import type { RolloutPorts } from '../runner/ports.ts';

export type Tidied =
  /** Nothing's time is over: nobody was disturbed, no alias was written. */
  | { readonly kind: 'nothing' }
  /** A rollout is under way, or the alias isn't as the registry has it: the next time. */
  | { readonly kind: 'later'; readonly why: string }
  | { readonly kind: 'done'; readonly collection: Collection };

/** `mlreg gc` without a person: looks first, and takes the environment only where something is due. */
export async function tidy(
  ports: Pick<RolloutPorts, 'store' | 'platform' | 'clock'>,
  wanted: Omit<Collect, 'rehearse'>,
): Promise<Tidied> {
  try {
    const { retired, stale } = await collect(ports, { ...wanted, rehearse: true });
    if (retired.length === 0 && stale.functionVersions.length === 0) return { kind: 'nothing' };
    return { kind: 'done', collection: await collect(ports, { ...wanted, rehearse: false }) };
  } catch (error) {
    if (error instanceof UserError && error.fault === 'conflict')
      return { kind: 'later', why: error.message };
    throw error;
  }
}

/**
 * What can't be undone waits until mlreg.yaml is right: a mistyped keepPrevious must not delete the sooner.
 * @param config as the controller read it, leniently
 */
export const tidyUnlessMistaken =
  ({ overlooked }: Pick<EnvironmentConfig, 'overlooked'>, run: () => Promise<Tidied>) =>
  (): Promise<Tidied> => {
    const [first] = overlooked?.mistakes ?? [];
    if (first === undefined) return run();
    return Promise.resolve({ kind: 'later', why: mistakeLine(overlooked?.file ?? 'mlreg.yaml', first) });
  };

/** Mistakes of mlreg.yaml for the log, one a line: the controller goes on without these settings. */
export const overlookedLines = ({ overlooked }: Pick<EnvironmentConfig, 'overlooked'>): readonly string[] =>
  (overlooked?.mistakes ?? []).map(
    (mistake) =>
      `${mistakeLine(overlooked?.file ?? 'mlreg.yaml', mistake)}; rollouts go on by their plans, and nothing is retired until it is corrected`,
  );

/** What people want to know of it; null where all is as it was. */
export function tidiedLine(tidied: Tidied): string | null {
  switch (tidied.kind) {
    case 'nothing':
      return null;
    case 'later':
      return `retired nothing: ${tidied.why}`;
    case 'done': {
      const { retired, unfinished, stale } = tidied.collection;
      const gone = retired.map(({ endpoint }) => endpoint).join(', ');
      const left = unfinished.map(({ endpoint, why }) => `; ${endpoint} is not gone yet: ${why}`).join('');
      const { length } = stale.functionVersions;
      const versions =
        length === 0 ? '' : `; deleted ${length} Lambda ${length === 1 ? 'version' : 'versions'}`;
      return `retired ${gone === '' ? 'nothing' : gone}${left}${versions}`;
    }
  }
}
