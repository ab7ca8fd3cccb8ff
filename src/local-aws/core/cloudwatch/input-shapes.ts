import { z } from 'zod';
import { AwsError } from '../../wire/aws-error.ts';
import { wireBoolean, wireInteger } from '../input.ts';

export const dimensionsInput = z
  .array(z.object({ Name: z.string().min(1).max(255), Value: z.string().min(1).max(1024) }))
  .max(30)
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ Name, Value }) => [Name, Value])));

export const namespaceInput = z.string().min(1).max(255);

export const metricStatInput = z.object({
  Metric: z.object({
    Namespace: namespaceInput,
    MetricName: z.string().min(1).max(255),
    Dimensions: dimensionsInput,
  }),
  Period: wireInteger,
  Stat: z.string(),
  Unit: z.string().optional(),
});

export const metricDataQueryInput = z.object({
  Id: z.string().min(1).max(255),
  MetricStat: metricStatInput.optional(),
  Expression: z.string().optional(),
  Label: z.string().optional(),
  ReturnData: wireBoolean.optional(),
  Period: wireInteger.optional(),
});

/** The CloudWatch error for a parameter that breaks a rule. */
export function invalidParameter(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', 400, message, { queryCode: 'InvalidParameterValue' });
}

export function validationError(message: string): AwsError {
  return new AwsError('ValidationError', 400, message);
}

/** 1, 5, 10, 30 or a multiple of 60 seconds. */
export function checkPeriod(period: number): void {
  if ([1, 5, 10, 20, 30].includes(period) || (period > 0 && period % 60 === 0)) return;
  throw validationError(
    `Value ${period} for parameter Period is invalid: it must be 1, 5, 10, 30 or a multiple of 60.`,
  );
}

export function dimensionList(
  dimensions: Readonly<Record<string, string>>,
): { Name: string; Value: string }[] {
  return Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
}
