import type { EffectOutcome } from '../domain/journal.ts';
import type { Unknown } from './repair.ts';

/** What carrying out one effect came to. */
export type Performed =
  | { readonly kind: 'done'; readonly outcome: EffectOutcome }
  /** `final`: trying again can't help. */
  | {
      readonly kind: 'failed';
      readonly error: string;
      readonly final: boolean;
      readonly credentials?: true;
      /** Of an alias alone. */
      readonly denied?: true;
    }
  | { readonly kind: 'fenced'; readonly token: number }
  | { readonly kind: 'foreign'; readonly sentence: string }
  /** Somebody has rolled back and could not tell the journal: the marker stays until it knows. */
  | {
      readonly kind: 'went-back';
      readonly unknown: Unknown;
      /** From another rollout, while this one had moved nobody. */
      readonly elsewhere: boolean;
    };
