import type { RolloutState } from './state.ts';

export type Held = RolloutState & { readonly breach: { readonly dismissedBy: null } };

/** The plan holds for a breach (`onBreach`), and nobody has gone on in spite of it. */
export const isHeldForBreach = (state: RolloutState): state is Held =>
  state.breach !== null && state.breach.dismissedBy === null && !state.committed;
