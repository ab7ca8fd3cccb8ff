/**
 * Tempering of the test of non-inferiority: 1 where the champion's errors look independent (phi up to 1.3), else
 * twice its dispersion; 2 where history can't tell. Source: section 6.1 of the method.
 */
export function promoteTempering(phi: number | null): number {
  if (phi === null) return 2;
  return phi <= 1.3 ? 1 : 2 * phi;
}

export interface PromoteCase {
  readonly alphaPromote: number;
  readonly minimumReached: boolean;
  /** log E against "inferior" for errors and each required quantile of the latency. */
  readonly notWorse: readonly number[];
  /** Lane 1: the combined evidence against the challenger. */
  readonly logTotal: number;
  readonly guardrails: readonly number[];
}

/** With this much combined evidence against it (log E), the challenger neither advances nor is promoted. */
export const mostAgainst = Math.log(10);

/**
 * Promote when the minimum bake is over, every metric is shown to be no worse than its margin (intersection-union: no
 * correction), and nothing speaks against the challenger. Source: section 6.2 of the method.
 */
export function mayPromote(it: PromoteCase): boolean {
  const enough = Math.log(1 / it.alphaPromote);
  return (
    it.minimumReached &&
    it.notWorse.length > 0 &&
    it.notWorse.every((logE) => logE >= enough) &&
    it.logTotal < mostAgainst &&
    it.guardrails.every((logE) => logE <= enough)
  );
}
