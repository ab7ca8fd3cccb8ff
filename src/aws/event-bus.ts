import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Notice } from '../domain/notice.ts';
import { NotDelivered } from '../domain/notice.ts';
import type { Channel } from '../ports/index.ts';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';

/** EventBridge takes 256 KB an entry, and a notice is a few. */
const mostBody = 32 * 1024;

/**
 * Notices as events of a bus: source `mlreg`, detail type `mlreg rollout PROGRESS`. EventBridge knows no repeats: `detail.eventId`
 * is the same however often a notice is sent.
 * @param bus name or ARN
 */
export function eventBusChannel(
  clients: Clients,
  bus: string,
  messageOf: (notice: Notice) => object,
): Channel {
  return {
    name: 'eventbridge',
    async send(notice) {
      const client = clients.of(EventBridgeClient);
      const short = { ...notice, body: notice.body.slice(0, mostBody) };
      const { FailedEntryCount = 0, Entries = [] } = await attempt(
        { action: 'events:PutEvents', resource: `event bus ${bus}` },
        () =>
          client.send(
            new PutEventsCommand({
              Entries: [
                {
                  EventBusName: bus,
                  Source: 'mlreg',
                  DetailType: `mlreg rollout ${notice.progress}`,
                  Time: new Date(notice.at),
                  Detail: JSON.stringify(messageOf(short)),
                },
              ],
            }),
          ),
      );
      // Answered with 200 all the same.
      if (FailedEntryCount > 0)
        throw new NotDelivered(
          `the event bus ${bus} took no event: ${Entries[0]?.ErrorCode ?? 'no reason given'}`,
        );
    },
  };
}
