import type { VersionRecord } from '../../domain/registry.ts';
import { instant } from '../../domain/units.ts';
import { sufferingIn } from '../../engine/suffering.ts';
import type { Session, Caller } from '../session.ts';

/** Somebody waits for the rollback, and the reading only says whether it may take its time. */
const haste = { withinMs: 2_000 };

/**
 * Why a rollback must not wait for the version to which it returns: users of what serves suffer, or nobody knows whether
 * they do. null: nobody suffers.
 */
export async function whyNow(
  { world }: Caller,
  { config, connection }: Session,
  serving: VersionRecord | null,
): Promise<string | null> {
  if (serving?.endpoint === undefined) return 'nobody knows which version serves';
  const tickMs = config.kind === 'local' ? 10_000 : 60_000;
  const to = Math.ceil(world.clock.now() / tickMs) * tickMs;
  const reading = await connection.metrics.read({
    champion: {
      version: serving.version,
      endpoint: serving.endpoint.name,
      functionVersion: serving.functionVersion,
    },
    challenger: null,
    from: instant(to - ticks * tickMs),
    to: instant(to),
    tickMs,
    plannedPercent: 0,
    haste,
  });
  return sufferingIn(reading, config.guardrails);
}

const ticks = 5;
