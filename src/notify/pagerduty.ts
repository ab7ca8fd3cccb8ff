import type { Notice } from '../domain/notice.ts';
import type { Channel } from '../ports/index.ts';
import type { Reach } from './https-request.ts';
import { post } from './post.ts';

const events = 'https://events.pagerduty.com/v2/enqueue';
/** PagerDuty's limit of a summary. */
const mostSummary = 1_024;

/**
 * Wakes somebody for one thing: a rollout that is stuck. What ends that rollout resolves the incident. Both name the rollout as
 * their deduplication key, so a repeat is the same incident, and resolving where none is open changes nothing.
 * Source: PagerDuty's Events API v2.
 * @param key routing key of a service's integration, asked for at each message
 */
export function pagerDutyChannel(key: () => Promise<string>, reach?: Reach, url = events): Channel {
  return {
    name: 'pagerduty',
    async send(notice) {
      const action = actionOf(notice);
      if (action === null) return;
      const body = {
        routing_key: await key(),
        event_action: action,
        dedup_key: `mlreg/${notice.environment}/${notice.rollout}`,
        ...(action === 'trigger' ? { payload: payloadOf(notice) } : {}),
      };
      await post({ url, name: 'PagerDuty', body }, reach);
    },
  };
}

function actionOf({ progress }: Notice): 'trigger' | 'resolve' | null {
  switch (progress) {
    case 'stuck':
      return 'trigger';
    case 'promoted':
    case 'rolled-back':
    case 'ended':
      return 'resolve';
    default:
      return null;
  }
}

const payloadOf = ({
  subject,
  body,
  at,
  environment,
  model,
  version,
  facts = [],
  command,
}: Notice): object => ({
  summary: subject.slice(0, mostSummary),
  source: `mlreg ${environment}`,
  severity: 'critical',
  timestamp: new Date(at).toISOString(),
  ...(model === undefined ? {} : { component: model }),
  group: environment,
  class: 'rollout stuck',
  custom_details: {
    version,
    ...Object.fromEntries(facts),
    ...(command === undefined ? {} : { next: command }),
    body,
  },
});
