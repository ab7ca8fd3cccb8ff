import { z } from 'zod';
import { AwsError } from '../wire/aws-error.ts';

/**
 * Parses an operation's input; the first mistake becomes the service's own validation error.
 * @param code how the service names it: ValidationException (SageMaker, Lambda), BadRequestException, ValidationError
 */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown, code: string): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => issueText(input, path, message));
  const count = issues.length;
  throw new AwsError(
    code,
    400,
    `${count} validation error${count === 1 ? '' : 's'} detected: ${issues.join('; ')}`,
  );
}

/**
 * SageMaker finds fault with a map as a whole, and quotes it with all its values
 * (aws/sagemaker-sparkml-serving-container#12).
 */
function issueText(input: unknown, path: readonly PropertyKey[], message: string): string {
  const map = path.indexOf('Environment');
  if (map <= 0 || map === path.length - 1) {
    return `Value at '${memberAt(path)}' failed to satisfy constraint: ${message}`;
  }
  const member = path.slice(0, map + 1);
  const value = member.reduce<unknown>((at, name) => (at as Record<PropertyKey, unknown>)[name], input);
  const pairs = Object.entries(value as Record<string, unknown>).map(
    ([name, text]) => `${name}=${String(text)}`,
  );
  return `Value '{${pairs.join(', ')}}' at '${memberAt(member)}' failed to satisfy constraint: Map value must satisfy constraint: [${message}]`;
}

const memberAt = (path: readonly PropertyKey[]): string => path.map(lowerFirst).join('.');

/** A number, also as the query string or the query protocol spells it. */
export const wireNumber = z.preprocess(
  (value) => (typeof value === 'string' && value !== '' ? Number(value) : value),
  z.number(),
);

export const wireInteger = z.preprocess(
  (value) => (typeof value === 'string' && value !== '' ? Number(value) : value),
  z.number().int(),
);

export const wireBoolean = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean(),
);

/** A time in any protocol's spelling (epoch seconds, CBOR time, ISO 8601), as milliseconds since the epoch. */
export const wireTime = z.union([
  z.number().transform((seconds) => seconds * 1000),
  z.date().transform((date) => date.getTime()),
  z.string().transform(parseTime),
]);

/** Text that AWS constrains by a regular expression, which its own message quotes. */
export function matching(pattern: RegExp): z.ZodString {
  return z.string().regex(pattern, `Member must satisfy regular expression pattern: ${pattern.source}`);
}

function parseTime(text: string, context: z.RefinementCtx): number {
  const at = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (!Number.isNaN(at)) return at;
  context.addIssue({ code: 'custom', message: 'Member must be a timestamp' });
  return z.NEVER;
}

function lowerFirst(segment: PropertyKey): string {
  const text = String(segment);
  return text.charAt(0).toLowerCase() + text.slice(1);
}
