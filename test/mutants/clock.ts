import type { Mutant } from './mutant.ts';

const time = { file: 'src/aws/aws-time.ts', caughtBy: ['unit/aws/aws-time'] } as const;
const ahead = {
  file: 'src/engine/clock-set-back.ts',
  caughtBy: ['unit/engine/clock-set-back'],
} as const;

/** What a wrong machine clock may change: nothing. */
export const clockMutants: readonly Mutant[] = [
  {
    ...time,
    name: "observations carry the machine's time",
    from: 'const exact = anchor + monotonic() + shift;',
    to: 'const exact = wall();',
    danger: 'a clock that is wrong for seconds blinds the judge for as long as it was wrong',
    caughtBy: ['unit/aws/aws-time', 'contract/aws/late-metrics', 'simulation/aws-clocks'],
  },
  {
    ...time,
    name: 'one wild Date header moves the clock',
    from: 'const both = suspect === null ? null : overlap(suspect, bounds);',
    to: 'const both = overlap(suspect ?? bounds, bounds);',
    danger: 'a proxy with a wrong clock ends bakes and approvals early',
  },
  {
    ...time,
    name: 'the same header again is a second witness',
    from: '(!isKnown || suspect?.date !== date)',
    to: '(!isKnown || suspect?.date !== undefined)',
    danger: 'a proxy that repeats one answer stops the clock',
  },
  {
    ...time,
    name: 'a machine that slept needs more than one answer',
    from: 'if (Math.abs(byWall - shift) > agreementMs && isNear(byWall, bounds))',
    to: 'if (Math.abs(byWall - shift) > Infinity && isNear(byWall, bounds))',
    danger: 'the first entry after a sleep is dated hours ago',
  },
  {
    file: 'src/aws/clients.ts',
    name: 'a request that was refused for its time is not signed anew',
    from: 'if (error instanceof Error && refusedForItsTime.has(error.name)) return next(args);',
    to: '',
    danger: 'a rollback fails as if its credentials were dead',
    caughtBy: ['contract/aws/signing-time'],
  },
  {
    ...ahead,
    name: 'whoever takes over waits until a journal that is ahead has come true',
    from: 'return ahead > agreementMs ? ahead : 0;',
    to: 'return ahead > Infinity ? ahead : 0;',
    danger: 'nothing is judged for as long as an earlier clock was wrong',
  },
  {
    ...ahead,
    name: 'ticks of a time that has not come stay evidence',
    from: 'observations: summary === undefined ? upTo(observations, at) : observations,',
    to: 'observations,',
    danger: 'ticks come twice, and the judge refuses them',
  },
  {
    file: 'src/monitor/looks.ts',
    name: 'looks at a time that has not come are remembered',
    from: 'const isAhead = (at: number): boolean => at > now + agreementMs;',
    to: 'const isAhead = (at: number): boolean => at > now + Infinity;',
    danger: 'ticks are not final, or silence not doubted, until that time has come',
    caughtBy: ['unit/monitor/looks'],
  },
  {
    file: 'src/domain/limit.ts',
    name: 'a clock that is corrected ends a limit at once, or makes it last',
    from: 'passedMs += Math.min(Math.max(0, at - last), mostStepMs);',
    to: 'passedMs += at - last;',
    danger: 'an owner that lives seems silent, or a command waits for an hour',
    caughtBy: ['unit/domain/limit'],
  },
  {
    file: 'src/controller/guard.ts',
    name: 'the controller sleeps for as long as its clock was wrong',
    from: 'earlier(next, later(clock.now(), afterErrorMs))',
    to: 'next',
    danger: 'nobody looks after a rollout for an hour',
    caughtBy: ['unit/controller/guard'],
  },
];
