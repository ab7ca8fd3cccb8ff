import type { Phase } from './argo.ts';

export interface ArgoStep {
  readonly setWeight?: number;
  readonly pause?: { readonly duration?: number };
  readonly analysis?: object;
}

/** The canary's share of the traffic in percent: what the last weight up to this step says. `GetCurrentSetWeight`. */
export function currentWeight({
  steps = [],
  index = 0,
  abort = false,
  promoteFull = false,
}: {
  readonly steps?: readonly ArgoStep[];
  readonly index?: number;
  readonly abort?: boolean;
  readonly promoteFull?: boolean;
}): number {
  if (abort) return 0;
  if (promoteFull || index >= steps.length) return 100;
  return steps.slice(0, index + 1).findLast(({ setWeight }) => setWeight !== undefined)?.setWeight ?? 0;
}

/** Seconds; a pause without a duration ends when somebody resumes. */
export function pauseCompleted(
  duration: number | null,
  startedSecondsAgo: number,
  resumedByUser: boolean,
): boolean {
  return duration === null ? resumedByUser : startedSecondsAgo >= duration;
}

/** What becomes of a rollout at the end of an analysis. */
export function afterAnalysis(
  phase: Phase,
  kind: 'inline' | 'background',
): 'next step' | 'go on' | 'pause' | 'abort' {
  switch (phase) {
    case 'Error':
    case 'Failed':
      return 'abort';
    case 'Inconclusive':
      return 'pause';
    case 'Successful':
      return kind === 'inline' ? 'next step' : 'go on';
    case 'Pending':
    case 'Running':
      return 'go on';
  }
}

/** An analysis in the background begins with the step that it names. */
export const beforeBackgroundAnalysis = (startingStep: number | null, index: number): boolean =>
  startingStep !== null && index < startingStep;
