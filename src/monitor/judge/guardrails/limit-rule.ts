import type { ArmTick } from '../../../domain/observation.ts';
import type { Finding, MetricName } from '../../../domain/verdict.ts';
import { breachText, createBreachWatch } from './breach-watch.ts';
import type { ChampionLevel } from './champion-level.ts';
import { type Counted, createFigureWindows, type Figures } from '../figures.ts';
import { createLimitGuardrail } from './guardrail-limit.ts';
import { blameFactor, fewestChampionRequests } from './guardrail-rate.ts';
import type { GuardrailOptions, GuardrailRule } from '../guardrail-rule.ts';
import { breachingTicks, createGuardrailWindow } from './guardrail-window.ts';
import { levelSentence } from '../sentences.ts';
import { createPointPool, type PooledTick } from './point-pool.ts';
import { evidenceOf } from '../words.ts';

interface LimitKind {
  readonly metric: MetricName;
  readonly name: string;
  readonly unit: 'ms' | 'per-minute' | 'share';
  readonly limit: number;
  /** `mean latency`, `endpoint errors`. */
  readonly noun: string;
  /** What is limited, summed over the arm's requests. NaN = no data. */
  sum(arm: ArmTick): number;
  /** In `unit`: of n requests with this sum, in so many minutes. NaN = no level. */
  level(n: number, sum: number, minutes: number): number;
  /** The champion's level in the challenger's measure, so that a smaller arm isn't blamed for being smaller. */
  scaled(n0: number, sum0: number, n1: number, minutes: number): number;
  /** What a level comes to for each of n requests in so many minutes, and the other way round. */
  perRequest(level: number, n: number, minutes: number): number;
  ofRequest(perRequest: number, n: number, minutes: number): number;
  text(level: number): string;
  /** `mean latency 340 ms`, `12 endpoint errors a minute`. */
  said(level: number): string;
}

/** A guardrail on a mean or on a count a minute. Source: section 5 of the method. */
export function createLimitRule(
  kind: LimitKind,
  options: GuardrailOptions,
  champions: ChampionLevel,
): GuardrailRule {
  const pooling = createPointPool(kind.metric === 'endpoint-errors');
  const breach = createBreachWatch(kind.unit === 'ms' ? 'mean' : 'count');
  const test = createLimitGuardrail({ alpha: options.capAlpha });
  const window = createGuardrailWindow();
  /** The limit, raised to what the champion's own level allows. */
  let usual = kind.limit;
  const figures = createFigureWindows();

  /** `n0` is 0 where the champion has no data. */
  function limitBeside(n0: number, sum0: number, n1: number, minutes: number): number {
    if (!options.attributable || n0 < fewestChampionRequests) return usual;
    return Math.max(usual, blameFactor * kind.scaled(n0, sum0, n1, minutes));
  }

  function usualLimit(n1: number, minutes: number): number {
    if (!(n1 > 0)) return kind.limit;
    const allowed = champions.allowance(kind.perRequest(kind.limit, n1, minutes));
    return Math.max(kind.limit, kind.ofRequest(allowed, n1, minutes));
  }

  const levelOf = ({ n1, x1, ms }: Counted): number => kind.level(n1, x1, ms / 60_000);
  const championOf = ({ n0, x0, n1, ms }: Counted): number =>
    n0 > 0 ? kind.scaled(n0, x0, n1, ms / 60_000) : NaN;

  /** Over the limit, and more so than a champion that serves beside it. */
  const shown = (): Figures | null =>
    figures.showing((window) => {
      const beside = options.attributable ? known(championOf(window)) : null;
      return levelOf(window) > Math.max(usual, beside ?? 0);
    });

  function logE(): number {
    const all = test.logE();
    return all > Math.log(3) && !shown() ? 0 : all;
  }

  function finding(threshold: number, sentence?: string): Finding {
    const shows = shown();
    const window = shows ?? figures.whole();
    const [level, champion] = [known(levelOf(window)), known(championOf(window))];
    return {
      metric: kind.metric,
      rule: kind.name,
      unit: kind.unit,
      champion,
      challenger: level,
      limit: usual,
      evidence: evidenceOf(logE()),
      threshold,
      championRequests: window.n0,
      challengerRequests: window.n1,
      ticks: window.ticks,
      sentence: sentence ?? said(window, level, champion, shows !== null),
    };
  }

  function said(window: Figures, level: number | null, champion: number | null, worse: boolean): string {
    if (level === null) return `no ${kind.noun} of the challenger to judge`;
    return levelSentence({
      challenger: kind.said(level),
      limit: kind.text(usual),
      champion: champion === null ? null : kind.text(champion),
      requests: window.n1,
      over: window.over,
      worse,
      logE: logE(),
    });
  }

  function count({ n0, sum0, n1, sum1, ms, shareChanged }: PooledTick): void {
    const minutes = ms / 60_000;
    window.push(n0, sum0, n1, sum1, minutes);
    const level = kind.level(n1, sum1, minutes);
    if (Number.isNaN(level)) {
      test.update(null, shareChanged);
      return;
    }
    usual = usualLimit(n1, minutes);
    const limit = limitBeside(n0, sum0, n1, minutes);
    test.update(level / limit, shareChanged);
    const champion = n0 > 0 ? kind.scaled(n0, sum0, n1, minutes) : NaN;
    const weight = kind.unit === 'per-minute' ? minutes : n1;
    breach.push({ ms, value: sum1, weight, limit, usual, champion }, shareChanged);
    figures.push({ n0, x0: sum0, n1, x1: sum1 }, ms, shareChanged);
  }

  return {
    metric: kind.metric,
    name: kind.name,
    weight: () => options.weight,
    step(tick) {
      champions.step(tick);
      const whole = pooling.push(tick, (arm) => kind.sum(arm));
      if (whole) count(whole);
    },
    atMost: test.atMost,
    logE,
    finding: (threshold) => (figures.whole().ticks > 0 ? finding(threshold) : null),
    breach() {
      const over = breach.over();
      // One error in a second is no sixty a minute: a count has to reach its limit as it stands.
      if (!over || (kind.unit === 'per-minute' && over.value <= kind.limit)) return null;
      return breachText(`${kind.text(over.level)} ${kind.noun}`, kind.text(over.limit));
    },
    incident(threshold) {
      if (!options.attributable) return null;
      const ticks = window.ticks();
      const over = ticks.filter(({ champion: c, challenger: o, minutes }) => {
        return c && o && c.n >= fewestChampionRequests && kind.scaled(c.n, c.value, o.n, minutes) > usual;
      });
      const [other, own] = [window.sum('champion'), window.sum('challenger')];
      const theirs = kind.scaled(other.n, other.value, own.n, window.minutes());
      const level = kind.level(own.n, own.value, window.minutes());
      if (over.length < breachingTicks || !(theirs > usual) || !(level > usual)) return null;
      return finding(
        threshold,
        `both arms breach the limit of ${kind.text(usual)} ${kind.noun} over the last ${ticks.length} ticks: ` +
          `champion ${kind.text(theirs)}, challenger ${kind.text(level)}; an incident, not the challenger’s fault`,
      );
    },
  };
}

const known = (level: number): number | null => (Number.isNaN(level) ? null : level);
