import { hash } from 'node:crypto';

/**
 * Uniform numbers in [0, 1) for one look at the gate: Chris Doty-Humphrey's sfc32, its state the first 16 bytes of
 * SHA-256(`salt:gate:look`), big-endian, so that a replay draws the same orders.
 */
export function gateRandom(salt: string, look: number): () => number {
  const digest = hash('sha256', `${salt}:gate:${look}`, 'buffer');
  let [a, b, c, d] = [0, 4, 8, 12].map((at) => digest.readInt32BE(at)) as [number, number, number, number];
  return () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };
}
