import type { Finding } from '../../domain/verdict.ts';
import type { Rule } from './rule.ts';

export interface GuardrailRule extends Rule {
  /** The limit that both arms breach at present: an incident, not the challenger's fault. */
  incident(threshold: number): Finding | null;
  /** In words, where the challenger is over the limit as far as counted at this share, beyond chance or not. */
  breach(): string | null;
}

export interface GuardrailOptions {
  readonly weight: number;
  readonly capAlpha: number;
  /** Tempering by the champion's dispersion, asked when the first tick is judged. */
  readonly tempering: () => number;
  readonly attributable: boolean;
}
