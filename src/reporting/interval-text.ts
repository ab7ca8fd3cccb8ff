import type { BeforeAfter } from '../monitor/judge/compare/before-after.ts';
import { type ErrorIntervals, intervalAlpha } from '../monitor/judge/evidence/error-intervals.ts';
import type { LatencyIntervals } from '../monitor/judge/evidence/latency-intervals.ts';
import { digits, msText, percentText } from '../monitor/judge/words.ts';

/** `1.2 to 8.4 times the champion's, 0.1 to 4.2 points more (95 % sure, whenever one looks)`. */
export function intervalText({ ratio, difference }: ErrorIntervals): string {
  const times =
    ratio.high < 1_000
      ? `${digits(ratio.low)} to ${digits(ratio.high)} times`
      : `${digits(ratio.low)} or more times`;
  const points = (share: number): string => digits(share * 100);
  return `${times} the champion's, by ${points(difference.low)} to ${points(difference.high)} percentage points (${sure})`;
}

const sure = `${Math.round((1 - intervalAlpha) * 100)} % sure, whenever one looks`;

/** `p95 100 to 170 ms beside the champion's 100 to 130 ms (95 % sure, whenever one looks)`. */
export function latencyText({ champion, challenger }: LatencyIntervals): string {
  const range = ({ low, high }: LatencyIntervals['champion']): string =>
    Number.isFinite(high) ? `${digits(low)} to ${msText(high)}` : `${msText(low)} or more`;
  return `p95 ${range(challenger)} beside the champion's ${range(champion)} (${sure})`;
}

/** Of a bake at 100 %. */
export function beforeText({ champion, challenger, limit }: BeforeAfter): string {
  const compared =
    challenger > limit
      ? `more than the ${percentText(limit)} that chance and the margin explain`
      : `within the ${percentText(limit)} that chance and the margin explain`;
  return `${percentText(challenger)} failed with all traffic on the challenger, ${percentText(champion)} in the champion's last hour: ${compared} (before against after: decides nothing)`;
}
