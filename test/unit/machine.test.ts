import { expect, it } from 'vitest';
import { randomIds } from '../../src/host/machine.ts';

it('draws 128 bits of salt for each rollout, and never the same twice', () => {
  const salts = Array.from({ length: 100 }, () => randomIds.salt());
  expect(new Set(salts).size).toBe(100);
  for (const salt of salts) expect(Buffer.from(salt, 'base64url')).toHaveLength(16);
});
