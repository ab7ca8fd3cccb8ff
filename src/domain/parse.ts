import { type Percent, percent, type VersionTag, versionTag } from './units.ts';
import { UserError } from './user-error.ts';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * People's door for durations: `90s`, `15m`, `1h30m`. A bare number is refused, for nobody can tell its unit.
 * @returns milliseconds
 */
export function parseDuration(text: string, what: string): number {
  if (!/^(\d+(ms|s|m|h|d))+$/.test(text)) {
    throw new UserError('usage', `${what}: '${text}' is not a duration`, {
      mend: 'write it as 90s, 15m or 1h30m',
    });
  }
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g)) {
    total += Number(amount) * unitMs[unit as keyof typeof unitMs];
  }
  return total;
}

/** `5400000` -> `1h30m`; the inverse of parseDuration. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms);
  if (rest < 1_000) return rest === 0 ? '0s' : `${rest}ms`;
  rest -= rest % (rest >= 60_000 ? 1_000 : 100);
  if (rest < 60_000) return `${rest / 1_000}s`;
  const parts: string[] = [];
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / unitMs[unit]);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * unitMs[unit];
  }
  return parts.join('');
}

/** People's door for a challenger's share: more than 0, at most 100, no unit sign, at most two decimals. */
export function parsePercent(text: string, what: string): Percent {
  const value = /^\d{1,3}(\.\d{1,2})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= 100)) {
    throw new UserError('usage', `${what}: '${text}' is not a share of traffic`, {
      why: 'a share is a number above 0 and at most 100, with at most two decimals and no sign',
      mend: `${what} 10`,
    });
  }
  return percent(value);
}

/** People's door for version tags. No whitespace, quotes or path signs, so that a tag is safe in names and logs. */
export function parseVersion(text: string, what: string): VersionTag {
  if (!/^[A-Za-z0-9][A-Za-z0-9._+-]{0,47}$/.test(text) || text.includes('..')) {
    throw new UserError('usage', `${what}: '${text}' is not a version`, {
      why: 'a version is 1 to 48 letters, digits and . _ + -, and begins with a letter or digit',
      mend: `${what} v2.3.0`,
    });
  }
  return versionTag(text);
}
