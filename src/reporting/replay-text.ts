import type { ChalkInstance } from 'chalk';
import { thousands } from '../monitor/judge/words.ts';
import type { Replayed } from '../engine/replay-judge.ts';
import { count, findingRows } from './evidence.ts';

/** What `mlreg replay` found. */
export function replayText(result: Replayed, from: string, paint: ChalkInstance): string {
  const { decision, tick, at, reason, why } = result;
  const colour = { rollback: paint.red, promote: paint.green, hold: paint.yellow }[decision];
  const when =
    at === null
      ? 'no tick'
      : `${decision === 'hold' ? 'to' : 'at'} tick ${tick}, ${new Date(at).toISOString()}`;
  const past = result.historyTicks === 0 ? '' : `, ${result.historyTicks} of them the champion's past`;
  const need =
    result.needRequests === null
      ? ''
      : `; about ${thousands(result.needRequests)} more challenger requests would do`;
  const rows: (readonly [string, string])[] = [['why', `${why}${need}`]];
  if (reason !== null) {
    const { finding } = reason;
    rows.push(...findingRows(finding).filter(([name]) => name !== 'evidence'));
    rows.push(['evidence', `${count(reason.evidence)}, rolls back at ${count(reason.threshold)}`]);
  }
  rows.push(
    [
      'failed',
      `${thousands(result.harmedRequests)} of ${thousands(result.challengerRequests)} challenger requests failed, or took longer than the latency limit`,
    ],
    ['ticks', `${result.ticks}${past}`],
    ['policy', from],
  );
  return [
    `${colour(paint.bold(decision))}  ${when}`,
    ...rows.map(([name, text]) => `  ${paint.dim(name.padEnd(10))} ${text}`),
  ].join('\n');
}
