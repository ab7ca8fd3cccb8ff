import { z } from 'zod';
import { AwsError } from '../wire/aws-error.ts';
import type { Account } from './account.ts';
import { matching, parseInput } from './input.ts';
import { answer, page, type Operations } from './operation.ts';

export interface Topic {
  readonly arn: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Message {
  readonly messageId: string;
  readonly message: string;
  readonly subject: string | undefined;
  readonly publishedAt: number;
}

/** Topics keep their last messages to be read by tests; nobody can subscribe. */
export function snsOperations(
  account: Account,
  topics: Map<string, Topic>,
  messages: Map<string, Message[]>,
): Operations {
  const find = (arn: string): Topic => {
    const topic = topics.get(arn);
    if (topic === undefined) throw new AwsError('NotFound', 404, 'Topic does not exist');
    return topic;
  };
  return {
    CreateTopic(call) {
      const { Name } = parseInput(createInput, call.input, 'InvalidParameter');
      const arn = `arn:aws:sns:${account.region}:${account.accountId}:${Name}`;
      // Creating a topic that is there answers it.
      if (!topics.has(arn)) topics.set(arn, { arn, attributes: {} });
      account.changed();
      return answer({ TopicArn: arn });
    },
    DeleteTopic(call) {
      topics.delete(parseInput(topicInput, call.input, 'InvalidParameter').TopicArn);
      account.changed();
      return answer();
    },
    ListTopics(call) {
      const { NextToken } = parseInput(
        z.object({ NextToken: z.string().optional() }),
        call.input,
        'InvalidParameter',
      );
      const { items, next } = page([...topics.keys()], NextToken, 100);
      return answer({
        Topics: items.map((TopicArn) => ({ TopicArn })),
        ...(next === undefined ? {} : { NextToken: next }),
      });
    },
    GetTopicAttributes(call) {
      const { arn, attributes } = find(parseInput(topicInput, call.input, 'InvalidParameter').TopicArn);
      const all = { TopicArn: arn, Owner: account.accountId, SubscriptionsConfirmed: '0', ...attributes };
      return answer({ Attributes: new Map(Object.entries(all)) });
    },
    Publish(call) {
      const { TopicArn, TargetArn, Message, Subject } = parseInput(
        publishInput,
        call.input,
        'InvalidParameter',
      );
      const { arn } = find(TopicArn ?? TargetArn ?? '');
      if (Buffer.byteLength(Message) > MOST_BYTES)
        throw new AwsError('InvalidParameter', 400, 'Invalid parameter: Message too long');
      const messageId = account.ids();
      const kept = messages.get(arn) ?? [];
      messages.set(arn, kept);
      kept.push({ messageId, message: Message, subject: Subject, publishedAt: account.clock.now() });
      if (kept.length > KEPT_MESSAGES) kept.shift();
      return answer({ MessageId: messageId });
    },
  };
}

const KEPT_MESSAGES = 1000;
const MOST_BYTES = 256 * 1024;

const createInput = z.object({ Name: matching(/^[a-zA-Z0-9_-]{1,256}(\.fifo)?$/) });
const topicInput = z.object({ TopicArn: z.string() });
const publishInput = z.object({
  TopicArn: z.string().optional(),
  TargetArn: z.string().optional(),
  Message: z.string().min(1),
  Subject: z.string().min(1).max(99).optional(),
});
