import type { Effect } from '../domain/journal.ts';
import { formatDuration } from '../domain/parse.ts';
import type { Step } from '../domain/plan.ts';
import { type Route, targetText } from '../domain/route.ts';
import { unreachable } from '../domain/units.ts';

/** A step as people read it, the same words in every view. */
export function stepTitle(step: Step): string {
  switch (step.kind) {
    case 'approve':
      return `approval by ${step.needed} ${step.needed === 1 ? 'person' : 'people'}`;
    case 'provision':
      return `provision ${step.version}`;
    case 'smoke':
      return `smoke test ${step.version}`;
    case 'warm-up':
      return `warm up ${routeTitle(step.route)}`;
    case 'route':
      return step.alias === undefined
        ? `route ${routeTitle(step.route)}`
        : `alias ${step.alias} to ${step.route.kind === 'single' ? step.route.version : routeTitle(step.route)}`;
    case 'bake':
      return step.durationMs === null
        ? 'watch'
        : `bake ${step.percent > 0 ? `at ${step.percent} %` : step.testersOnly ? 'with testers alone' : 'in shadow'} for ${formatDuration(step.durationMs)}`;
    case 'swap-stage':
      return `swap the stage to ${step.to}`;
    case 'promote':
      return `promote ${step.version}`;
    case 'commit':
      return 'write the registry';
    case 'report':
      return 'report how the answers differ';
    case 'retire':
      return `take ${step.version} down`;
    case 'notify':
      return 'notify';
    default:
      return unreachable(step);
  }
}

export function routeTitle(route: Route): string {
  switch (route.kind) {
    case 'single':
      return `${route.version} 100 %`;
    case 'split':
      return `${route.challenger} ${route.percent} %`;
    case 'shadow':
      return `${route.challenger} in shadow of ${route.sample} %`;
    default:
      return unreachable(route);
  }
}

export function effectTitle(effect: Effect): string {
  switch (effect.kind) {
    case 'ensure-endpoint':
      return `endpoint ${effect.endpoint}`;
    case 'publish':
      return `publishing the route ${routeTitle(effect.route)}`;
    case 'smoke':
      return `asking ${effect.version} the smoke requests`;
    case 'warm-up':
      return `warming ${routeTitle(effect.route)}`;
    case 'set-alias':
      return `alias ${effect.alias} -> ${targetText(effect.target)}`;
    case 'swap-stage':
      return `the stage names ${effect.to}`;
    case 'report':
      return 'reading how the answers differ';
    case 'retire':
      return `deleting endpoint ${effect.endpoint}`;
    case 'notify':
      return 'notifying';
    default:
      return unreachable(effect);
  }
}

export const percentText = (share: number, digits = 1): string => `${(share * 100).toFixed(digits)} %`;

/** `1 request`, `2 requests`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
