import { z } from 'zod';
import { wireBoolean, wireInteger, wireNumber } from '../input.ts';
import { dimensionsInput } from './input-shapes.ts';

/** Metric alarms on one metric. Their state is worked out when they are described; actions never fire. */
export interface Alarm extends AlarmInput {
  readonly updatedAt: number;
  state: AlarmState;
}

export type AlarmInput = z.output<typeof alarmInput>;

export interface AlarmState {
  readonly value: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  readonly reason: string;
  /** When it came to this value, milliseconds. */
  readonly since: number;
}

const statistics = ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum'] as const;

export const alarmInput = z.object({
  AlarmName: z.string().min(1).max(255),
  AlarmDescription: z.string().max(1024).optional(),
  ActionsEnabled: wireBoolean.default(true),
  OKActions: z.array(z.string()).max(5).default([]),
  AlarmActions: z.array(z.string()).max(5).default([]),
  InsufficientDataActions: z.array(z.string()).max(5).default([]),
  Namespace: z.string().min(1).max(255),
  MetricName: z.string().min(1).max(255),
  Dimensions: dimensionsInput,
  Statistic: z.enum(statistics).optional(),
  ExtendedStatistic: z.string().optional(),
  Period: wireInteger,
  Unit: z.string().optional(),
  EvaluationPeriods: wireInteger,
  DatapointsToAlarm: wireInteger.optional(),
  Threshold: wireNumber,
  ComparisonOperator: z.enum([
    'GreaterThanOrEqualToThreshold',
    'GreaterThanThreshold',
    'LessThanThreshold',
    'LessThanOrEqualToThreshold',
  ]),
  TreatMissingData: z.enum(['breaching', 'notBreaching', 'ignore', 'missing']).default('missing'),
  EvaluateLowSampleCountPercentile: z.enum(['evaluate', 'ignore']).optional(),
});
