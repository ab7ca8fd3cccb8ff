import type { Plan } from '../domain/plan.ts';
import type { VersionTag } from '../domain/units.ts';
import { everybody, planOf } from './common.ts';
import type { Settings } from './settings.ts';

/**
 * One bake of what serves now, whose undo is the version before it. `challenger` is what serves; `champion` where a
 * breach leads back to, null where there is no earlier version known good.
 */
export function watch(
  settings: Settings & { readonly durationMs: number | null; readonly champion: VersionTag | null },
): Plan {
  return planOf('watch', settings, [
    {
      kind: 'bake',
      percent: everybody,
      durationMs: settings.durationMs,
      extendMs: 0,
      final: false,
      onInconclusive: 'promote',
    },
  ]);
}
