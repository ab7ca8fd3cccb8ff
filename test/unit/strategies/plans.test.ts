import { describe, expect, it } from 'vitest';
import type { Plan, Step } from '../../../src/domain/plan.ts';
import type { Route } from '../../../src/domain/route.ts';
import { percent } from '../../../src/domain/units.ts';
import { blueGreen } from '../../../src/strategies/blue-green.ts';
import { canary } from '../../../src/strategies/canary.ts';
import { rollback } from '../../../src/strategies/rollback.ts';
import { shadow } from '../../../src/strategies/shadow.ts';
import { watch } from '../../../src/strategies/watch.ts';
import { blueGreenSettings, canarySettings, shadowSettings, v22, v23 } from '../../support/model-world.ts';

const routeOf = (route: Route): string => {
  switch (route.kind) {
    case 'single':
      return route.version;
    case 'split':
      return `${route.champion}/${route.challenger} ${route.percent} %`;
    case 'shadow':
      return `${route.champion}, copies to ${route.challenger} ${route.sample} %`;
  }
};

/** A step in one line, with all that it holds. */
function line(step: Step): string {
  const { kind, ...rest } = step;
  const told = Object.entries(rest).map(([name, value]) => {
    if (name === 'routes') return `routes=[${(value as Route[]).map(routeOf).join(' | ')}]`;
    return `${name}=${name === 'route' ? routeOf(value as Route) : String(value)}`;
  });
  return [kind, ...told].join(' ');
}

const shown = ({ steps, policy: _policy, ...rest }: Plan): object => ({ ...rest, steps: steps.map(line) });

const green = blueGreenSettings();
const copied = shadowSettings();

describe('plans', () => {
  const plans: readonly (readonly [string, Plan])[] = [
    ['canary, sticky', canary(canarySettings())],
    ['canary, weighted', canary(canarySettings({ routing: 'weighted' }))],
    ['canary to 100 %', canary(canarySettings({ steps: [percent(10), percent(100)] }))],
    ['canary with approvals', canary(canarySettings({ approvals: 2 }))],
    ['first deploy', canary(canarySettings({ champion: null, approvals: 1 }))],
    ['first deploy, blue-green', blueGreen({ ...green, champion: null })],
    ['blue-green', blueGreen(green)],
    ['shadow', shadow({ ...copied, onInconclusive: 'promote' })],
    ['shadow whose challenger is kept', shadow({ ...copied, keep: true })],
    ['watch', watch({ ...canarySettings(), durationMs: 900_000 })],
    [
      'watch without end, and without a way back',
      watch({ ...canarySettings({ champion: null }), durationMs: null }),
    ],
    ['canary where a stage may be swapped', canary(canarySettings({ green: 'green' }))],
    [
      'rollback',
      rollback({
        ...canarySettings({ champion: v23, challenger: v22, approvals: 2 }),
        returnsTo: { functionVersion: '5' },
      }),
    ],
    ['rollback to what has to be built', rollback(canarySettings({ champion: v23, challenger: v22 }))],
  ];
  it.each(plans)('%s', (_name, plan) => {
    expect(shown(plan)).toMatchSnapshot();
  });

  it('survive the journal: nothing in them is more than data', () => {
    for (const [, plan] of plans) expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it('carry the whole policy, so that a resumed rollout is judged alike', () => {
    expect(canary(canarySettings()).policy).toBe(canarySettings().policy);
  });

  it('reach users with no share that was not published before', () => {
    for (const [name, plan] of plans) {
      const prepared = plan.steps.flatMap((step) =>
        step.kind === 'provision' ? step.routes.map(routeOf) : [],
      );
      // What served before needs no publication.
      if (plan.strategy === 'shadow') prepared.push(String(plan.champion));
      if (plan.returnsTo !== undefined) prepared.push(plan.challenger);
      const used = plan.steps.flatMap((step) => {
        if (step.kind === 'route' || step.kind === 'warm-up') return [routeOf(step.route)];
        return step.kind === 'promote' ? [step.version] : [];
      });
      expect([name, used.filter((route) => !prepared.includes(route))]).toEqual([name, []]);
    }
  });

  it('ask for approval before anything is made, and never to go back', () => {
    const asks = (plan: Plan): number => plan.steps.findIndex(({ kind }) => kind === 'approve');
    expect(plans.map(([name, plan]) => [name, asks(plan)]).filter(([, at]) => at !== -1)).toEqual([
      ['canary with approvals', 0],
      ['first deploy', 0],
    ]);
  });
});

it('blue-green refuses an environment without a second alias', () => {
  const { green: _none, ...alone } = green;
  for (const settings of [alone, { ...green, green: green.alias }]) {
    expect(() => blueGreen(settings)).toThrow(
      expect.objectContaining({
        fault: 'usage',
        message: 'local has no second alias that its stage could be swapped to',
      }),
    );
  }
});

describe('shadow refuses', () => {
  it('weighted routing, which has no router that could copy', () => {
    expect(() => shadow({ ...copied, routing: 'weighted' })).toThrow(
      expect.objectContaining({ fault: 'usage', message: 'a shadow rollout needs sticky routing' }),
    );
  });
  it('an environment where nobody answers', () => {
    expect(() => shadow({ ...copied, champion: null })).toThrow(
      expect.objectContaining({ fault: 'conflict', message: 'local has no champion to shadow' }),
    );
  });
});
