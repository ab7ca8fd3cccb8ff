import { describe, expect, it } from 'vitest';
import { shares } from '../../../bench/judge/cells.ts';
import { argoMetric } from '../../../bench/judge/peers/argo.ts';
import {
  afterAnalysis,
  beforeBackgroundAnalysis,
  currentWeight,
  pauseCompleted,
} from '../../../bench/judge/peers/argo-steps.ts';
import { validateMetrics } from '../../../bench/judge/peers/argo-validate.ts';
import { oracle } from './oracle.ts';

const steps = oracle('argo-steps', 'currentWeight', 'backgroundAnalysisStartsAt', 'pause', 'analysisEffect');
const metrics = oracle('argo-validate-metrics', 'cases');

describe('Argo Rollouts: the analysis, before it begins', () => {
  it.each(metrics.cases)('$what: $error', ({ metrics: given, error }) => {
    expect(validateMetrics(given)).toBe(error);
  });

  it('takes what the benchmark gives it', () => {
    expect(validateMetrics([{ name: 'error rate', provider: 'cloudwatch', ...argoMetric }])).toBeNull();
  });
});

describe('Argo Rollouts: the steps around an analysis', () => {
  it.each(steps.currentWeight.filter(({ weight }: any) => weight !== undefined))(
    'step $index of $steps, aborted $abort: $weight %',
    ({ weight, ...rollout }) => {
      expect(currentWeight(rollout)).toBe(weight);
    },
  );

  it.each(steps.backgroundAnalysisStartsAt)('from step $startingStep, at $index', (row) => {
    expect(beforeBackgroundAnalysis(row.startingStep, row.index)).toBe(row.beforeStart);
  });

  it.each(steps.pause)('a pause of $durationSeconds s', (row) => {
    const { durationSeconds, startedSecondsAgo = 0, resumedByUser = false, completed } = row;
    expect(pauseCompleted(durationSeconds, startedSecondsAgo, resumedByUser)).toBe(completed);
  });

  const outcomes: Record<string, string> = {
    'index+1': 'next step',
    abort: 'abort',
    'pause with reason InconclusiveAnalysisRun': 'pause',
  };

  it.each(steps.analysisEffect.filter((row: any) => row.inlineAnalysis ?? row.backgroundAnalysis))(
    'after $inlineAnalysis$backgroundAnalysis: $after',
    ({ inlineAnalysis, backgroundAnalysis, after }) => {
      const kind = inlineAnalysis ? 'inline' : 'background';
      expect(afterAnalysis(inlineAnalysis ?? backgroundAnalysis, kind)).toBe(outcomes[after]);
    },
  );

  it('hold the benchmark’s share while it analyses, and give it all back when the analysis fails', () => {
    for (const share of shares) {
      const rollout = { steps: [{ setWeight: 100 * share }, { analysis: {} }], index: 1 };
      expect(currentWeight(rollout)).toBe(100 * share);
      expect(currentWeight({ ...rollout, abort: afterAnalysis('Failed', 'inline') === 'abort' })).toBe(0);
    }
  });
});
