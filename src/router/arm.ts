import { hash } from 'node:crypto';

export type ArmName = 'champion' | 'challenger';

/**
 * Which arm serves this user. The same user gets the same arm in every process and every Lambda version of a rollout,
 * and growing the percent moves users to the challenger only, never back.
 * @param percent the challenger's share, 0 to 100
 */
export function armOf(salt: string, percent: number, userId: string): ArmName {
  // 100 is asked for apart: the fraction below is a double, and the largest hashes round to 1.
  return percent >= 100 || fractionOf(salt, userId) < percent / 100 ? 'challenger' : 'champion';
}

/** The first 8 bytes of SHA-256(`salt:userId`), big-endian, as a fraction of 2^64: 0 to 1. */
export function fractionOf(salt: string, userId: string): number {
  const digest = hash('sha256', `${salt}:${userId}`, 'buffer');
  return digest.readUInt32BE(0) / 2 ** 32 + digest.readUInt32BE(4) / 2 ** 64;
}
