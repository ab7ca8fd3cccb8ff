import { rolloutId } from '../../src/domain/units.ts';
import { replay } from '../../src/engine/fold-journal.ts';
import { mostHeldMs } from './programs.ts';
import { Violation } from './safety.ts';
import type { Story } from './story.ts';
import { v23 } from './versions.ts';
import type { SimWorld } from './world.ts';

/** Where every second request of thousands fails: some ticks, their metrics' settling, and the calls of the way back. */
const soonMs = 20_000;
/** Of a handful no judge is sure: then the bake ends, is extended, held, and nobody answers. */
const heldMs = 60_000;

/**
 * L1: a challenger that fails every second request keeps users no longer than it takes to see it and to move them, while
 * somebody drives and AWS answers. Where a person pushed it on, or nothing served before, it is nobody's to take away.
 * @param since true time from when all has been well, ms
 */
export function checkBreachEnded(world: SimWorld, story: Story, since: number): void {
  if (!story.bad || story.first === true || world.foreignEdits() > 0) return;
  if (world.safety.everForced()) return;
  const { longestMs, presentMs } = world.exposure();
  const wellMs = world.scheduler.now() - since;
  const keptMs = since === 0 ? longestMs : Math.min(presentMs, wellMs);
  const seenMs = story.requestsPerTick >= 200 ? soonMs : heldMs;
  const limitMs = story.manner.onBreach === 'hold' ? seenMs + mostHeldMs : seenMs;
  if (keptMs > 0) world.saw('a breach ended');
  if (keptMs <= limitMs) return;
  const phases = [...world.safety.journals()].map(
    ([id, entries]) => `${id} ${replay(rolloutId(id), entries).phase}`,
  );
  world.fail(
    new Violation(
      'L1 breach ends',
      `${v23}, which fails every second request, had users for ${keptMs / 1_000} s (${phases.join(', ')})`,
    ),
  );
}
