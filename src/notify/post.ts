import { NotDelivered } from '../domain/notice.ts';
import { type Asked, ask, type Reach } from './https-request.ts';

/**
 * Sends JSON, once. Every other answer than 2xx is a failure, a redirect too: it is not followed, for what is sent holds
 * secrets. A wait that the receiver asks for is kept by whoever tries again.
 * @throws NotDelivered whose message names the receiver and neither its URL nor its answer
 */
export async function post(asked: Omit<Asked, 'method'>, reach?: Reach): Promise<void> {
  const { name } = asked;
  const { status, retryAfter } = await ask({ method: 'POST', ...asked }, reach);
  if (status >= 200 && status < 300) return;
  if (status >= 300 && status < 400)
    throw new NotDelivered(`${name} answered with a redirect, which is not followed`);
  const seconds = retryAfter === undefined ? Number.NaN : Number.parseInt(retryAfter, 10);
  // A date instead of seconds is left to the ordinary waits.
  if (!Number.isFinite(seconds) || seconds < 0) throw new NotDelivered(`${name} answered ${status}`);
  throw new NotDelivered(`${name} answered ${status}, again after ${seconds} s`, 1_000 * seconds);
}
