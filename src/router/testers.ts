import { Buffer } from 'node:buffer';
import { hash, timingSafeEqual } from 'node:crypto';
import { mostTesters, testerDigest, type Testers } from '../domain/testers.ts';
import { headerOf, type GatewayEvent } from './request.ts';

/** Whether a request comes from a tester. The token is compared by its digest, in constant time, and goes nowhere else. */
export function createTesterCheck(
  testers: Testers | undefined,
): (userId: string | undefined, event: Pick<GatewayEvent, 'headers'>) => boolean {
  if (testers === undefined) return () => false;
  const { header, users } = testers;
  const token = testers.token === undefined ? undefined : Buffer.from(testers.token, 'hex');
  const digests = users === undefined ? undefined : new Set(users);
  return (userId, event) => {
    const given = token && headerOf(event, header);
    if (token && given !== undefined && timingSafeEqual(token, hash('sha256', given, 'buffer'))) return true;
    return userId !== undefined && digests !== undefined && digests.has(testerDigest(userId));
  };
}

/** @throws Error that names the member which is wrong, and quotes nothing */
export function parseTesters(value: unknown, what: string): Testers {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is not an object`);
  for (const [name, found] of Object.entries(value as Record<string, unknown>))
    if (!Object.hasOwn(isRight, name) || !isRight[name as keyof Testers](found))
      throw new Error(`${what}.${name} is none that this router knows`);
  if (typeof (value as Partial<Testers>).header !== 'string') throw new Error(`${what}.header is missing`);
  return value as Testers;
}

const isText = (value: unknown, pattern: RegExp): boolean => typeof value === 'string' && pattern.test(value);

const isRight: Readonly<Record<keyof Testers, (value: unknown) => boolean>> = {
  header: (value) => isText(value, /^[a-z0-9][a-z0-9-]{0,63}$/),
  token: (value) => isText(value, /^[0-9a-f]{64}$/),
  users: (value) =>
    Array.isArray(value) && value.length <= mostTesters && value.every((one) => isText(one, /^[\w-]{22}$/)),
};
