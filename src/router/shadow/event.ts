import type { AnswerContract } from '../../domain/answer-contract.ts';
import type { AnswerComparison } from '../../domain/shadow.ts';
import type { FailureReason } from '../invoke.ts';
import type { Arm } from '../route.ts';

/** What the router sends of one request, and the shadow function reads. */
export interface ShadowEvent {
  readonly mlreg: 'shadow';
  readonly rollout: string;
  readonly requestId: string;
  readonly challenger: Arm;
  /** The request's body: JSON text unless `contentType` says otherwise. */
  readonly body: string;
  readonly isBase64Encoded?: true;
  readonly contentType?: string;
  readonly champion: ChampionAnswer;
  readonly comparison: AnswerComparison;
  /** What answers must hold, where the request is one to which that applies. */
  readonly answers?: AnswerContract;
}

export type ChampionAnswer =
  /** Base64. */
  { readonly answer: string; readonly latencyMs: number } | { readonly failure: FailureReason | 'contract' };

/** Lambda's limit of an asynchronous invocation's event. */
export const mostEventBytes = 1024 * 1024;

/** By its mark alone: only the router may invoke the function, so what it holds is what the router wrote. */
export function isShadowEvent(event: unknown): event is ShadowEvent {
  const { mlreg, rollout, requestId } = (event ?? {}) as Partial<ShadowEvent>;
  return mlreg === 'shadow' && typeof rollout === 'string' && typeof requestId === 'string';
}
