import { createPaired } from '../../../src/monitor/judge/quality/paired.ts';
import { createRandom } from '../random.ts';
import { policy } from './scenario.ts';

const mostPairs = 20_000;
const pairsOfTick = 20;

/**
 * After how many labelled pairs of users of their own the challenger is called worse; null: not within 20,000.
 * @param wrong share of pairs on which the challenger alone is wrong; `right`: the champion alone
 */
export function pairedAt(wrong: number, right: number, words: readonly number[]): number | null {
  const random = createRandom(...words);
  const test = createPaired({ margin: 0, direction: 'worse' });
  for (let pairs = pairsOfTick; pairs <= mostPairs; pairs += pairsOfTick) {
    test.update(
      Array.from({ length: pairsOfTick }, () => {
        const u = random.uniform();
        return { pairs: 1, difference: u < wrong ? 1 : u < wrong + right ? -1 : 0 };
      }),
    );
    if (test.p() <= policy.alpha) return pairs;
  }
  return null;
}
