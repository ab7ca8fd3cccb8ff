import { formatDuration } from './parse.ts';

/** @param aheadMs how far the machine's clock is ahead of AWS's, ms; null where it is right as far as is known: 0 */
export function clockText(aheadMs: number): string | null {
  if (aheadMs === 0) return null;
  const by = formatDuration(Math.abs(aheadMs));
  return `this machine's clock is ${by} ${aheadMs < 0 ? 'behind' : 'ahead of'} AWS's; mlreg goes by AWS's`;
}
