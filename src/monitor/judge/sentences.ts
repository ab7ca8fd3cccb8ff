import type { Figures } from './figures.ts';
import { oddsText, percentText, requestsText, thousands } from './words.ts';

/** `18 of 60 challenger requests failed (30 %), champion 0 of 540. Odds of this by chance: 1 in 4,100.` */
export function countsSentence(
  figures: Figures,
  {
    verb,
    limit,
    worse,
    logE,
    champions = '',
  }: {
    /** `failed`. */
    readonly verb: string;
    /** A share; null in a comparison. */
    readonly limit: number | null;
    readonly worse: boolean;
    readonly logE: number;
    /** What the champion's requests did, where it is not the same: ` longer than 250 ms`. */
    readonly champions?: string;
  },
): string {
  const { n0, x0, n1, x1, over } = figures;
  const challenger = `${counted(x1, n1, 'challenger requests')} ${verb} (${percentText(x1 / n1)})${over}`;
  const limited = limit === null ? '' : `, limit ${percentText(limit)}`;
  const share = x0 > 0 ? ` (${percentText(x0 / n0)})` : '';
  const champion = n0 > 0 ? `, champion ${counted(x0, n0)}${share}${champions}` : '';
  return `${challenger}${limited}${champion}${oddsText(logE, worse)}`;
}

/** `p50 258 ms, champion 4.9 ms, over 60 challenger requests. Odds of this by chance: 1 in 4,100.` */
export function levelSentence(it: {
  /** `p50 258 ms`. */
  readonly challenger: string;
  readonly limit: string | null;
  readonly champion: string | null;
  readonly requests: number;
  readonly over: string;
  readonly worse: boolean;
  readonly logE: number;
}): string {
  const limit = it.limit === null ? '' : `, limit ${it.limit}`;
  const champion = it.champion === null ? '' : `, champion ${it.champion}`;
  const requests = `over ${requestsText(it.requests).replace('request', 'challenger request')}`;
  return `${it.challenger}${limit}${champion}, ${requests}${it.over}${oddsText(it.logE, it.worse)}`;
}

const counted = (x: number, n: number, of = ''): string =>
  `${thousands(x)} of ${thousands(n)}${of === '' ? '' : ` ${of}`}`;
