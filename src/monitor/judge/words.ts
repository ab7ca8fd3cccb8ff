/** `4.1 %`, `0.9 %`, `15 %`, `0.021 %`: two digits that matter. */
export function percentText(share: number): string {
  return `${digits(share * 100)} %`;
}

/** `340 ms`, `4.2 ms`. */
export function msText(ms: number): string {
  return Number.isFinite(ms)
    ? `${ms >= 10 ? thousands(Math.round(ms)) : digits(ms)} ms`
    : 'beyond the slowest bucket';
}

/** Whole from 10 up, else two digits that matter. */
export function digits(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 10) return thousands(Math.round(value));
  return String(Number(value.toPrecision(2)));
}

/** `3,800`. Counts may be fractional, for CloudWatch interpolates. */
export function thousands(count: number): string {
  const whole = String(Math.round(count));
  return whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** What an e-value of this size says: by Ville's inequality it comes about by chance at most once in so many. */
export function chanceText(logE: number): string {
  if (logE < Math.log(3)) return 'within what chance explains';
  if (logE > Math.log(1e9)) return 'less than 1 in a billion by chance';
  return `1 in ${thousands(Number(Math.exp(logE).toPrecision(2)))} by chance`;
}

/** The end of a sentence: how likely chance explains it, or that it decides nothing yet. */
export function oddsText(logE: number, worse: boolean): string {
  if (!worse) return ': no worse than allowed so far';
  if (logE < Math.log(3)) return ': too few requests to decide yet';
  if (logE > Math.log(1e9)) return '. Odds of this by chance: less than 1 in a billion.';
  return `. Odds of this by chance: 1 in ${thousands(Number(Math.exp(logE).toPrecision(2)))}.`;
}

/** Evidence as a finite number, for it is written as JSON. */
export function evidenceOf(logE: number): number {
  return Math.min(1e300, Math.exp(logE));
}

/** `1 request`, `212 requests`. */
export function requestsText(count: number): string {
  return `${thousands(count)} ${Math.round(count) === 1 ? 'request' : 'requests'}`;
}
