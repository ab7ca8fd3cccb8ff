/** Minutes since it began, and the percent of traffic on the new version from then on. */
export type Shift = readonly [minute: number, percent: number];

const named = /^CodeDeployDefault\.Lambda(?:(Canary|Linear)10Percent(?:Every)?(\d+)Minutes?|AllAtOnce)$/;

/** CodeDeploy's configurations for Lambda, by name; null: there is none. */
export function codeDeploySchedule(name: string): readonly Shift[] | null {
  const match = named.exec(name);
  if (!match) return null;
  const [, kind, minutes] = match;
  if (kind === undefined) return [[0, 100]];
  const pause = Number(minutes);
  if (kind === 'Canary') {
    return [
      [0, 10],
      [pause, 100],
    ];
  }
  return Array.from({ length: 10 }, (_, i) => [i * pause, 10 * (i + 1)] as const);
}

/** SageMaker's blue-green guardrail: any of its alarms, in any of the bakes, the one after the full shift included. */
export function sageMakerRollsBack(
  alarms: readonly { readonly at: 'bake of a step' | 'last bake' | null }[],
): boolean {
  return alarms.some(({ at }) => at !== null);
}

/** What SageMaker takes of a canary: its percent, and how long it bakes; null: nothing is wrong. */
export function sageMakerRefuses(canaryPercent: number, waitSeconds: number): string | null {
  if (!(canaryPercent > 0 && canaryPercent <= 50)) return `a canary of ${canaryPercent} %: at most 50 %`;
  if (!(waitSeconds >= 0 && waitSeconds <= 3600)) return `a bake of ${waitSeconds} s: 0 to 3600 s`;
  return null;
}
