import type { Notice } from '../domain/notice.ts';
import type { Channel } from '../ports/index.ts';
import type { Reach } from './https-request.ts';
import { post } from './post.ts';

/** Teams refuses messages beyond about 28 KB. */
const mostText = 4_000;
const mostFact = 1_000;
const mostFacts = 12;

/**
 * A Microsoft Teams channel, by the webhook of a Workflow ("Post to a channel when a webhook request is received"). Its URL is a
 * password. Source: Microsoft's "Create incoming webhooks with Workflows", Adaptive Cards 1.4.
 * @param url asked for at each message
 */
export function teamsChannel(url: () => Promise<string>, reach?: Reach): Channel {
  return {
    name: 'teams',
    send: async (notice) =>
      post({ url: await url(), name: 'the Teams webhook', body: messageOf(notice) }, reach),
  };
}

const colours: Readonly<Record<Notice['progress'], string>> = {
  begun: 'accent',
  waiting: 'warning',
  'going-back': 'attention',
  promoted: 'good',
  ended: 'good',
  'rolled-back': 'attention',
  stuck: 'attention',
};

function messageOf({ progress, subject, body, eventId, facts = [], command }: Notice): object {
  const rest = linesOf(body, facts);
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          msteams: { width: 'Full' },
          fallbackText: subject,
          body: [
            text(subject, { weight: 'bolder', size: 'large', color: colours[progress] }),
            ...(rest === '' ? [] : [text(rest)]),
            ...facts
              .slice(0, mostFacts)
              .map(([name, value]) =>
                runs([`${name}: `, { weight: 'bolder' }], [value.slice(0, mostFact), {}]),
              ),
            ...(command === undefined ? [] : [text(command, { fontType: 'monospace' })]),
            text(eventId, { size: 'small', isSubtle: true }),
          ],
        },
      },
    ],
  };
}

type Style = Readonly<Record<string, string | boolean>>;

/** Runs of text are shown as they are; a TextBlock would read Markdown in foreign words. */
const runs = (...parts: readonly (readonly [string, Style])[]): object => ({
  type: 'RichTextBlock',
  inlines: parts.map(([part, style]) => ({ type: 'TextRun', text: part, ...style })),
});
const text = (words: string, style: Style = {}): object => runs([words.slice(0, mostText), style]);

/** What the body says besides subject, facts and command. */
function linesOf(body: string, facts: NonNullable<Notice['facts']>): string {
  const lines = body.split('\n').slice(1);
  return (facts.length === 0 ? lines : lines.slice(0, -1 - facts.length)).join('\n');
}
