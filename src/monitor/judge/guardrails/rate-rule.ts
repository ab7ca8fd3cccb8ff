import type { ArmTick } from '../../../domain/observation.ts';
import type { Finding, MetricName } from '../../../domain/verdict.ts';
import { breachText, createBreachWatch } from './breach-watch.ts';
import type { ChampionLevel } from './champion-level.ts';
import { createFigureWindows, type Figures } from '../figures.ts';
import { attributableRate, createRateGuardrail, type RateGuardrail } from './guardrail-rate.ts';
import type { GuardrailOptions, GuardrailRule } from '../guardrail-rule.ts';
import { countsSentence } from '../sentences.ts';
import { breachingTicks, createGuardrailWindow } from './guardrail-window.ts';
import { binomialTail } from '../math/binomial-tail.ts';
import { evidenceOf, percentText } from '../words.ts';

interface RateKind {
  readonly metric: MetricName;
  readonly name: string;
  /** `errors`: the thing counted, in words; and `failed`: what happened to the request. */
  readonly noun: string;
  readonly verb: string;
  readonly limit: number;
  /** Of so many, so many were bad. */
  all(arm: ArmTick): number;
  bad(arm: ArmTick): number;
}

/** The chance at the limit that the champion's window must undercut to be called a breach. Source: section 5.2 of the method. */
const gate = 0.001;

/** A guardrail on a share: error rate, throttle rate. Source: sections 5 and 5.1 of the method. */
export function createRateRule(
  kind: RateKind,
  options: GuardrailOptions,
  level: ChampionLevel,
): GuardrailRule {
  const breach = createBreachWatch('count');
  const window = createGuardrailWindow();
  const figures = createFigureWindows();
  /** The limit, raised to what the champion's own level allows. */
  let usual = kind.limit;
  let test: RateGuardrail | null = null;

  /** Over the limit, and more so than a champion that serves beside it. */
  const shown = (): Figures | null =>
    figures.showing(({ n0, x0, n1, x1 }) => {
      const beside = options.attributable && n0 > 0 ? x0 / n0 : 0;
      return n1 > 0 && x1 / n1 > Math.max(usual, beside);
    });

  function finding(threshold: number, sentence?: string): Finding {
    const shows = shown();
    const window = shows ?? figures.whole();
    const { n0, x0, n1, x1, ticks } = window;
    return {
      metric: kind.metric,
      rule: kind.name,
      unit: 'share',
      champion: n0 > 0 ? x0 / n0 : null,
      challenger: n1 > 0 ? x1 / n1 : null,
      limit: usual,
      evidence: evidenceOf(logE()),
      threshold,
      championRequests: n0,
      challengerRequests: n1,
      ticks,
      sentence:
        sentence ??
        (n1 === 0
          ? 'no requests reached the challenger'
          : countsSentence(window, { verb: kind.verb, limit: usual, worse: shows !== null, logE: logE() })),
    };
  }

  function logE(): number {
    const all = test?.logE() ?? 0;
    return all > Math.log(3) && !shown() ? 0 : all;
  }

  return {
    metric: kind.metric,
    name: kind.name,
    weight: () => options.weight,
    step(tick) {
      const { champion, challenger, shareChanged, tickMs } = tick;
      level.step(tick);
      usual = Math.min(0.95, Math.max(kind.limit, level.allowance(kind.limit)));
      const n0 = champion ? kind.all(champion) : 0;
      const x0 = champion ? kind.bad(champion) : NaN;
      const n1 = challenger ? kind.all(challenger) : 0;
      const x1 = challenger ? kind.bad(challenger) : NaN;
      window.push(n0, x0, n1, x1, tickMs / 60_000);
      if (!challenger) return;
      // The dispersion is known by now, and stays as it was before the challenger had traffic.
      test ??= createRateGuardrail({ alpha: options.capAlpha, phi: options.tempering() });
      const { requests: b0, errors: y0 } = tick.beside ?? { requests: n0, errors: x0 };
      const tau = options.attributable && (champion ?? tick.beside) ? attributableRate(usual, b0, y0) : usual;
      test.update(n1, x1, tau, shareChanged);
      const theirs = n0 > 0 ? x0 / n0 : NaN;
      breach.push({ ms: tickMs, value: x1, weight: n1, limit: tau, usual, champion: theirs }, shareChanged);
      figures.push({ n0, x0, n1, x1 }, tickMs, shareChanged);
    },
    atMost: () => test?.atMost() ?? 1,
    logE,
    finding: (threshold) => finding(threshold),
    breach() {
      const over = breach.over();
      return over && breachText(`${percentText(over.level)} ${kind.noun}`, percentText(over.limit));
    },
    incident(threshold) {
      if (!options.attributable) return null;
      const breaching = window.ticks().filter(({ champion: c }) => c && c.n > 0 && c.value / c.n > usual);
      const [other, own] = [window.sum('champion'), window.sum('challenger')];
      if (breaching.length < breachingTicks) return null;
      const n = Math.ceil(other.n);
      if (binomialTail(n, Math.min(n, other.value), usual) > gate) return null;
      if (own.n > 0 && own.value / own.n <= usual) return null;
      const both = `champion ${percentText(other.value / other.n)} ${kind.noun}`;
      const its = own.n > 0 ? `, challenger ${percentText(own.value / own.n)}` : '';
      const last = `over the last ${window.ticks().length} ticks`;
      return finding(
        threshold,
        `both arms breach the limit of ${percentText(usual)} ${last}: ${both}${its}; an incident, not the challenger’s fault`,
      );
    },
  };
}
