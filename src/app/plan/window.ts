import { type Instant } from '../../domain/units.ts';
import { UserError } from '../../domain/user-error.ts';
import { windowAt, windowText } from '../../engine/deploy-window.ts';
import type { Session } from '../session.ts';

/**
 * A rollout begins within a deploy window, or with a reason. Shadows move no users.
 * @throws UserError conflict
 */
export function refuseOutsideWindow(
  { config: { deployWindows: windows, name } }: Session,
  { reason = '', strategy }: { readonly reason?: string; readonly strategy?: string },
  now: Instant,
): void {
  if (windows === null || strategy === 'shadow' || reason.trim() !== '') return;
  if (windowAt(windows, now).kind === 'open') return;
  throw new UserError('conflict', `${name} is outside its deploy window`, {
    why: windowText(windows, now),
    mend: 'add --reason WHY to start all the same',
  });
}

/** One line for plan and status; none where rollouts may go forward at any time. */
export const windowLines = (
  { config: { deployWindows: windows } }: Session,
  now: Instant,
): readonly string[] => (windows === null ? [] : [`window    ${windowText(windows, now)}`]);

/** The same as data; null where there is no window. */
export function windowData(
  { config: { deployWindows: windows } }: Session,
  now: Instant,
): Readonly<Record<string, unknown>> | null {
  if (windows === null) return null;
  const iso = (at: Instant | null): string | null => (at === null ? null : new Date(at).toISOString());
  const found = windowAt(windows, now);
  const { timeZone } = windows;
  return found.kind === 'open'
    ? { state: 'open', until: iso(found.until), timeZone }
    : { state: 'closed', opens: iso(found.opens), freeze: found.reason, timeZone };
}
