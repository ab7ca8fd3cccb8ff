/** A whole number in [0, 2^32) that depends on all the numbers given and on nothing else: no state, so draws can be left out without moving the others. */
export function draw(...numbers: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const number of numbers) {
    hash = Math.imul(hash ^ (number | 0), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 12)) >>> 0;
}

export interface Dice {
  /** [0, 1) */
  unit(): number;
  /** Whole, from `least` to `most`, both included. */
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  of<T>(choices: readonly T[]): T;
}

export function dice(...seed: readonly number[]): Dice {
  let thrown = 0;
  const unit = (): number => draw(...seed, ++thrown) / 2 ** 32;
  return {
    unit,
    between: (least, most) => least + Math.floor(unit() * (most - least + 1)),
    chance: (probability) => unit() < probability,
    of: (choices) => {
      const chosen = choices[Math.floor(unit() * choices.length)];
      if (chosen === undefined) throw new Error('nothing to choose from');
      return chosen;
    },
  };
}
