import type { RolloutOptions } from '../app/plan/words.ts';
import type { RolloutRequest } from './types.ts';

/** The command line's words for the same, so that both are checked by the same rules. */
export function optionsOf(request: RolloutRequest): RolloutOptions {
  const {
    modelVersion,
    strategy,
    steps,
    percent,
    bake,
    tick,
    sample,
    keep,
    holdBack,
    withLatest,
    approvalRequired,
  } = request;
  const given = {
    modelVersion,
    strategy,
    bake,
    tick,
    steps: steps?.join(','),
    percent: percent?.toString(),
    sample: sample?.toString(),
    holdBack: holdBack?.toString(),
    // A flag is given or left out.
    keep: keep === true ? true : undefined,
    withLatest: withLatest === true ? true : undefined,
    approvalRequired: approvalRequired === true ? true : undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
