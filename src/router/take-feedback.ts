import { json, type Answer } from './answers.ts';
import type { RouterConfig } from './config.ts';
import type { FeedbackRecord } from './emf.ts';
import { readFeedback, wrongValue } from './feedback.ts';
import type { Place } from './placement.ts';
import type { Receipts } from './receipts/receipts.ts';
import { type GatewayEvent, type JsonObject, parseBody } from './request.ts';

interface Parts {
  readonly place: Place;
  readonly rollout: string | undefined;
  /** Undefined where answers carry none. */
  readonly receipts: Receipts | undefined;
  readonly now: () => number;
  readonly record: (record: FeedbackRecord) => void;
  readonly refuse: (requestId: string, status: number, message: string) => Answer;
}

/** POST /feedback: by the receipt of an answer, or by what its caller remembers of it. */
export function createTakeFeedback(
  config: RouterConfig,
  { place, rollout, receipts, now, record, refuse }: Parts,
): (event: GatewayEvent, requestId: string) => Promise<Answer> {
  const byReceipt = async ({ value: { receipt, value } }: JsonObject, requestId: string): Promise<Answer> => {
    if (receipts === undefined) return refuse(requestId, 400, 'answers carry no receipts here');
    const wrong = wrongValue(value);
    if (wrong !== undefined) return refuse(requestId, 400, wrong);
    const read = await receipts.read(receipt);
    if (read.kind === 'refused') return refuse(requestId, read.status, read.message);
    const { version, at } = read.receipt;
    record({
      at,
      version,
      rollout: read.receipt.rollout,
      value: Number(value),
      receipt: { ...read.receipt, givenAt: now() },
    });
    // Nothing of the version: it would tell the arm.
    return json(202, requestId, { recorded: true });
  };

  return async (event, requestId) => {
    const body = parseBody(event);
    if (body.kind === 'refused') return refuse(requestId, body.status, body.message);
    if (body.json === undefined) return refuse(requestId, 400, 'the body must be a JSON object');
    if (body.json.value['receipt'] !== undefined) return byReceipt(body.json, requestId);
    const read = readFeedback(body.json, config.serving, place, event);
    if (read.kind === 'refused') return refuse(requestId, 400, read.message);
    if (read.kind === 'elsewhere') {
      return json(202, requestId, { recorded: false, message: `${read.version} does not serve here` });
    }
    record({ ...read, rollout, at: now() });
    return json(202, requestId, {
      recorded: true,
      ...(config.tellsVersion && { modelVersion: read.version }),
    });
  };
}
