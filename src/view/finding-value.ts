import { unreachable } from '../domain/units.ts';
import type { Finding } from '../domain/verdict.ts';
import { digits, msText, percentText } from '../monitor/judge/words.ts';

/** A finding's figure, in its unit. */
export function valueText({ unit }: Finding, value: number): string {
  switch (unit) {
    case 'share':
      return percentText(value);
    case 'ms':
      return msText(value);
    case 'per-minute':
      return `${digits(value)} a minute`;
    case 'ratio':
      return digits(value);
    default:
      return unreachable(unit);
  }
}
