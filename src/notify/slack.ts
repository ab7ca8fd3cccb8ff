import type { Channel } from '../ports/index.ts';
import type { Notice } from '../domain/notice.ts';
import { ask, type Reach } from './https-request.ts';

/** Slack's limit for a text block is 3,000 characters. */
const mostText = 2_900;

/**
 * A Slack incoming webhook, or whatever takes the same JSON. Its URL is a password: whoever has it may post.
 * @param url asked for at each message, so that a changed secret is found
 */
export function slackChannel(url: () => Promise<string>, reach?: Reach): Channel {
  const name = 'the Slack webhook';
  return {
    name: 'slack',
    async send(notice) {
      const { status, retryAfter } = await ask(
        { method: 'POST', url: await url(), name, body: messageOf(notice) },
        reach,
      );
      if (status >= 200 && status < 300) return;
      const wait = retryAfter === undefined ? '' : `, again after ${Number.parseInt(retryAfter, 10)} s`;
      throw new Error(
        status >= 300 && status < 400
          ? `${name} answered with a redirect, which is not followed`
          : `${name} answered ${status}${wait}`,
      );
    },
  };
}

const signs: Readonly<Record<Notice['progress'], string>> = {
  begun: ':arrow_forward:',
  waiting: ':hourglass_flowing_sand:',
  'going-back': ':rewind:',
  promoted: ':white_check_mark:',
  ended: ':white_check_mark:',
  'rolled-back': ':leftwards_arrow_with_hook:',
  stuck: ':rotating_light:',
};

function messageOf({ progress, subject, body, eventId }: Notice): object {
  return {
    // Shown in the notification; the id lets whoever reads by machine know a repeat.
    text: escaped(subject),
    blocks: [
      {
        type: 'section',
        text: { type: 'mrkdwn', text: `${signs[progress]} *${escaped(subject)}*` },
      },
      {
        type: 'section',
        text: {
          type: 'plain_text',
          text: body.split('\n').slice(1).join('\n').slice(0, mostText),
          emoji: false,
        },
      },
      { type: 'context', elements: [{ type: 'plain_text', text: eventId, emoji: false }] },
    ],
  };
}

/** Slack's three signs, and no mention of everybody. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').slice(0, mostText);
