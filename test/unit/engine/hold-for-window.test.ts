import { describe, expect, it } from 'vitest';
import { type DeployWindows, parseFreeze, parseOpenHours } from '../../../src/domain/deploy-windows.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { type Instant, instant, later, percent } from '../../../src/domain/units.ts';
import { admit } from '../../../src/engine/admit.ts';
import { decide } from '../../../src/engine/decide.ts';
import {
  asked,
  atStepOf,
  began,
  type Chapter,
  plan,
  request,
  rollingBack,
  stepOf,
  type Story,
} from './story.ts';

const hour = 3_600_000;
/** `began` is Sunday, 2025-06-15 15:06 UTC; the window opens on Monday. */
const windows: DeployWindows = {
  timeZone: 'UTC',
  open: [parseOpenHours('mon-fri 09:00-16:00')!],
  freezes: [],
};
const monday: Instant = instant(Date.parse('2025-06-16T09:00:00Z'));
const told = 'outside the deploy window, which opens Mon 2025-06-16 09:00 UTC';
const windowed = (over: Partial<Plan> = {}): Plan => ({ ...plan, windows, maxHoldMs: 24 * hour, ...over });
const at = (step: number, ...more: Chapter[]): Story => atStepOf(windowed(), step, ...more);
const next = ({ state, now }: Story): unknown => decide(state, null, now);

/** The reason that a rollout begins with counts for the time in which it began. */
const unwaived = (story: Story): Story => ({ ...story, state: { ...story.state, windowWaivedAt: null } });

describe('outside the deploy window', () => {
  it('holds before a larger share, says what to type, and goes on when the window opens', () => {
    const story = unwaived(at(stepOf.warm50));
    const why = `${told}; goes on at once with: mlreg promote --reason WHY`;
    expect(next(story)).toEqual({ kind: 'record', entries: [{ kind: 'held', why }] });
    const held = unwaived(at(stepOf.warm50, { kind: 'held', why }));
    expect(next(held)).toMatchObject({ kind: 'wait', why });
    expect(next({ ...held, now: monday })).toEqual({
      kind: 'record',
      entries: [{ kind: 'held', why: 'the deploy window holds it no longer', over: true }],
    });
  });

  it('finishes what has begun: a route, a promotion, and all that follows', () => {
    for (const step of [stepOf.route50, stepOf.promote, stepOf.commit, stepOf.notify])
      expect(JSON.stringify(next(unwaived(at(step))))).not.toContain('deploy window');
  });

  it('has a limit as every wait, and says so where the window comes later than that', () => {
    const story = atStepOf(windowed({ maxHoldMs: hour }), stepOf.warm50, {
      kind: 'held',
      why: told,
    });
    expect(next(unwaived(story))).toMatchObject({ why: expect.stringContaining('; rolls back after 1h;') });
    expect(next(unwaived({ ...story, now: later(story.now, hour) }))).toMatchObject({
      entries: [{ kind: 'rolling-back', cause: { kind: 'held-too-long' } }],
    });
  });

  it('never waits for anything on its way back', () => {
    expect(JSON.stringify(next(unwaived(at(stepOf.warm50, rollingBack))))).not.toContain('deploy window');
  });

  it('goes on with a reason, at the start or by promote, until the next window is over', () => {
    expect(JSON.stringify(next(at(stepOf.warm50)))).not.toContain('deploy window');
    const promoted = unwaived(at(stepOf.bake10));
    const { state, now } = promoted;
    const promote = (reason: string) =>
      admit(state, { ...request({ kind: 'promote', full: false }), reason }, now);
    expect(promote('')).toEqual({
      accepted: false,
      answer: `${told}; going on all the same needs a reason: mlreg promote --reason WHY`,
    });
    expect(promote('an incident').accepted).toBe(true);
    const wish = asked({ kind: 'promote', full: false }, 'bob', true, { reason: 'an incident' });
    const waived = at(stepOf.warm50, wish);
    expect(waived.state.windowWaivedAt).toBe(waived.now);
    const evening = later(monday, 8 * hour);
    expect(next({ ...waived, now: evening })).toMatchObject({
      entries: [{ kind: 'held', why: expect.stringContaining('which opens Tue 2025-06-17 09:00 UTC') }],
    });
  });

  it('lets a share fall without a reason, and grow with one', () => {
    const { state, now } = unwaived(at(stepOf.bake50));
    const traffic = (share: number, reason: string): boolean =>
      admit(state, { ...request({ kind: 'traffic', percent: percent(share) }), reason }, now).accepted;
    expect([traffic(10, ''), traffic(50, '')]).toEqual([true, true]);
    const low = unwaived(at(stepOf.bake10));
    const grow = (reason: string) =>
      admit(low.state, { ...request({ kind: 'traffic', percent: percent(20) }), reason }, low.now);
    expect([grow('').accepted, grow('hotfix').accepted]).toEqual([false, true]);
    for (const kind of ['pause', 'resume'] as const)
      expect(admit(state, { ...request({ kind }), reason: '' }, now).accepted).toBe(true);
  });

  it('is a freeze by its reason, and no matter to a plan without windows', () => {
    const frozen = { ...windows, freezes: [parseFreeze('2025-06-15 to 2025-06-16: audit')!] };
    expect(next(unwaived(atStepOf(windowed({ windows: frozen }), stepOf.warm50)))).toMatchObject({
      entries: [
        { why: expect.stringContaining('outside the deploy window (freeze: audit), which opens Tue') },
      ],
    });
    expect(JSON.stringify(next(atStepOf(plan, stepOf.warm50)))).not.toContain('window');
    expect(began).toBeLessThan(monday);
  });
});
