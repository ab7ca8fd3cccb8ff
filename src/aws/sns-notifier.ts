import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Notifier } from '../ports/index.ts';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';
import { identity } from './identity.ts';

export interface NotifierOptions {
  readonly clients: Clients;
  /** ARN, or name of a topic of this account and Region; null tells nobody. */
  readonly topic: string | null;
}

/** At least once: who reads twice finds the same `eventId` among the message's attributes. */
export function createNotifier({ clients, topic }: NotifierOptions): Notifier {
  let arn: Promise<string> | undefined;
  return {
    async send({ eventId, subject, body }) {
      if (topic === null) return;
      arn ??= arnOf(clients, topic);
      const TopicArn = await arn.catch((error: unknown) => {
        arn = undefined;
        throw error;
      });
      const sns = clients.of(SNSClient);
      await attempt({ action: 'sns:Publish', resource: `topic ${topic}` }, () =>
        sns.send(
          new PublishCommand({
            TopicArn,
            Subject: subjectLine(subject),
            Message: shortened(body === '' ? subject : body),
            MessageAttributes: { eventId: { DataType: 'String', StringValue: eventId } },
            ...(TopicArn.endsWith('.fifo')
              ? { MessageGroupId: 'mlreg', MessageDeduplicationId: eventId }
              : {}),
          }),
        ),
      );
    },
  };
}

async function arnOf(clients: Clients, topic: string): Promise<string> {
  if (topic.startsWith('arn:')) return topic;
  const { account, arn } = await identity(clients);
  // arn:aws-cn:sts::... : the topic is in the same partition as who asks.
  return `arn:${arn.split(':')[1] ?? 'aws'}:sns:${clients.region}:${account}:${topic}`;
}

/** SNS's limit: "less than 100 characters". */
const mostSubject = 99;
/** SNS's limit, in bytes of UTF-8. */
const mostBody = 256 * 1024;

/** SNS takes fewer than 100 characters of ASCII, no line breaks, and no blank at the beginning. */
export function subjectLine(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[\u2010-\u2015]/g, '-')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .trim();
  if (plain === '') return 'mlreg';
  return plain.length > mostSubject ? `${plain.slice(0, mostSubject - 3).trimEnd()}...` : plain;
}

function shortened(body: string): string {
  const bytes = Buffer.from(body);
  if (bytes.length <= mostBody) return body;
  // A character cut in two becomes one replacement sign at the end.
  return bytes
    .subarray(0, mostBody - 3)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
}
