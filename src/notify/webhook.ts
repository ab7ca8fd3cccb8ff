import { createHmac } from 'node:crypto';
import type { Notice } from '../domain/notice.ts';
import type { Channel } from '../ports/index.ts';
import type { Reach } from './https-request.ts';
import { post } from './post.ts';

export interface WebhookOptions {
  /** Both are asked for at each message, so that a changed secret is found. */
  readonly url: () => Promise<string>;
  readonly key: () => Promise<string>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Any HTTPS receiver. Three headers come with the JSON: `Mlreg-Event-Id` (the same however often a notice is sent),
 * `Mlreg-Timestamp` (seconds since the epoch) and `Mlreg-Signature` (`v1=` and the hexadecimal HMAC-SHA-256 of
 * `TIMESTAMP.BODY`). With the time in what is signed, a request that was overheard can't be used again later.
 */
export function webhookChannel({ url, key, now }: WebhookOptions, reach?: Reach): Channel {
  return {
    name: 'webhook',
    async send(notice) {
      const body = JSON.stringify(messageOf(notice));
      const timestamp = String(Math.floor(now() / 1_000));
      const secret = await key();
      // Whoever checks with an empty key would believe everybody.
      if (secret.length < shortestKey)
        throw new Error(`the webhook's signing key is shorter than ${shortestKey} characters`);
      const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
      const headers = {
        'mlreg-event-id': notice.eventId,
        'mlreg-timestamp': timestamp,
        'mlreg-signature': `v1=${signature}`,
      };
      await post({ url: await url(), name: 'the webhook', headers, body }, reach);
    },
  };
}

const shortestKey = 16;

/** What programs read; fields are only ever added. */
export function messageOf(notice: Notice): object {
  const { eventId, at, rollout, environment, model, version, progress, subject, body, facts, command } =
    notice;
  return {
    format: 1,
    eventId,
    at: new Date(at).toISOString(),
    ...(model === undefined ? {} : { model }),
    environment,
    rollout,
    version,
    progress,
    subject,
    body,
    ...(facts === undefined ? {} : { facts: Object.fromEntries(facts) }),
    ...(command === undefined ? {} : { command }),
  };
}
