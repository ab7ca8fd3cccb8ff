import type { Channel } from '../ports/index.ts';
import type { Notice } from '../domain/notice.ts';
import type { Reach } from './https-request.ts';
import { post } from './post.ts';

/** Slack's limit for a text block is 3,000 characters. */
const mostText = 2_900;
/** Ten fields of 2,000 characters. */
const mostFields = 10;
const mostField = 2_000;

/**
 * A Slack incoming webhook, or whatever takes the same JSON. Its URL is a password: whoever has it may post.
 * @param url asked for at each message, so that a changed secret is found
 */
export function slackChannel(url: () => Promise<string>, reach?: Reach): Channel {
  return {
    name: 'slack',
    send: async (notice) =>
      post({ url: await url(), name: 'the Slack webhook', body: messageOf(notice) }, reach),
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

/** A header, what is to be known as fields, the command as code. Source: Slack's Block Kit reference. */
function messageOf({ progress, subject, body, eventId, facts = [], command }: Notice): object {
  return {
    // Shown in the notification; the id lets whoever reads by machine know a repeat.
    text: escaped(subject),
    blocks: [
      {
        type: 'header',
        text: { type: 'plain_text', text: `${signs[progress]} ${subject}`.slice(0, 150), emoji: true },
      },
      ...(facts.length === 0
        ? [plain(restOf(body))]
        : [
            ...linesOf(body, facts).map((line) => plain(line)),
            {
              type: 'section',
              fields: facts.slice(0, mostFields).map(([name, text]) => ({
                type: 'plain_text',
                text: `${name}\n${text}`.slice(0, mostField),
                emoji: false,
              })),
            },
          ]),
      ...(command === undefined
        ? []
        : [
            {
              type: 'section',
              text: { type: 'mrkdwn', text: `\`${escaped(command).replaceAll('`', "'")}\`` },
            },
          ]),
      { type: 'context', elements: [{ type: 'plain_text', text: eventId, emoji: false }] },
    ],
  };
}

const plain = (text: string): object => ({
  type: 'section',
  text: { type: 'plain_text', text: text.slice(0, mostText), emoji: false },
});

const restOf = (body: string): string => body.split('\n').slice(1).join('\n');

/** What the body says besides subject, facts and command: one block. */
function linesOf(body: string, facts: NonNullable<Notice['facts']>): readonly string[] {
  const own = body.split('\n').slice(1, -1 - facts.length);
  return own.length === 0 ? [] : [own.join('\n')];
}

/** Slack's three signs, and no mention of everybody. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').slice(0, mostText);
