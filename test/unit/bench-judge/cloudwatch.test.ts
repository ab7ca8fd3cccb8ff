import { describe, expect, it } from 'vitest';
import {
  alarmsPrematurely,
  alarmState,
  cloudwatchAlarm,
  type MissingData,
  type Point,
} from '../../../bench/judge/peers/cloudwatch.ts';
import { repeatedZTest, zOf } from '../../../bench/judge/peers/z-test.ts';
import { oracle } from './oracle.ts';

const table = oracle(
  'cloudwatch-alarm-missing-data',
  'threeOutOfThree',
  'twoOutOfThree',
  'prematureAlarmRule',
);
const policies: readonly MissingData[] = ['missing', 'ignore', 'breaching', 'notBreaching'];
const rows = [
  ...table.threeOutOfThree.map((row: any) => ({ ...row, m: 3 })),
  ...table.twoOutOfThree.map((row: any) => ({ ...row, m: 2 })),
];
const pointsOf = (text: string): Point[] => text.split(' ') as Point[];

describe('CloudWatch: points to alarm', () => {
  it.each(rows.flatMap((row) => policies.map((policy) => ({ row, policy }))))(
    '$row.m of 3, $row.points, $policy',
    ({ row, policy }) => {
      expect(alarmState(pointsOf(row.points), 3, row.m, policy)).toBe(row[policy]);
    },
  );

  it.each(table.prematureAlarmRule)(
    '$points, $M of 3: alarms now $alarmNow',
    ({ points, M, policy, alarmNow }) => {
      for (const one of policy) {
        const range = pointsOf(points);
        expect(alarmState(range, 3, M, one) === 'ALARM' && !alarmsPrematurely(range, 3, M)).toBe(alarmNow);
      }
    },
  );

  it('goes by the newest N where there are as many, whatever the policy', () => {
    for (const policy of policies) {
      expect(alarmState(pointsOf('- X X X -'), 3, 3, policy)).toBe('ALARM');
      expect(alarmState(pointsOf('X X 0 X 0'), 3, 2, policy)).toBe('OK');
    }
  });

  it('an alarm of 3 of 5 minutes rolls back at the third bad minute', () => {
    const peer = cloudwatchAlarm('alarm', { m: 3, n: 5, errorRate: () => 0.05 });
    const run = peer.start({ errorRate: 0.01, tickMs: 30_000 });
    const pushed = Array.from({ length: 6 }, (_, i) => run.push({ n0: 9, x0: 0, n1: 9, x1: 1 }, (i + 1) / 2));
    expect(pushed).toEqual([false, false, false, false, false, true]);
  });
});

describe('the repeated z-test', () => {
  it.each([
    // 10 of 100 against 20 of 100: p = 0.15, z = 0.1/sqrt(0.15 * 0.85 * 0.02).
    [{ n0: 100, x0: 10, n1: 100, x1: 20 }, 1.9803],
    [{ n0: 100, x0: 0, n1: 100, x1: 0 }, 0],
    [{ n0: 0, x0: 0, n1: 100, x1: 3 }, 0],
  ])('%o', (counts, z) => {
    expect(zOf(counts)).toBeCloseTo(z, 4);
  });

  it('adds up its ticks', () => {
    const run = repeatedZTest.start({ errorRate: 0.1, tickMs: 60_000 });
    const tick = { n0: 100, x0: 10, n1: 100, x1: 20 };
    expect([run.push(tick, 1), run.push(tick, 2)]).toEqual([false, true]);
  });
});
