import type { Answer, Call } from '../wire/messages.ts';

/** One operation of a service. Throws AwsError. */
export type Operation = (call: Call) => Answer | Promise<Answer>;

/** A service's operations by AWS's names. */
export type Operations = Readonly<Record<string, Operation>>;

export function answer(document?: object, status = 200): Answer {
  return { kind: 'document', status, document };
}

/** A slice of `items` after `token` (the offset as text), and the next token. */
export function page<T>(
  items: readonly T[],
  token: string | undefined,
  limit: number,
): { items: T[]; next: string | undefined } {
  const start = token === undefined || token === '' ? 0 : Number.parseInt(token, 10) || 0;
  const end = start + limit;
  return { items: items.slice(start, end), next: end < items.length ? String(end) : undefined };
}
