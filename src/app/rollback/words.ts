import { formatDuration } from '../../domain/parse.ts';
import type { Service, VersionRecord } from '../../domain/registry.ts';
import type { VersionTag } from '../../domain/units.ts';
import { type Fault, UserError } from '../../domain/user-error.ts';
import { PlatformError } from '../../ports/platform.ts';
import type { WayBack } from '../../runner/find-return.ts';
import { isStoreLost } from './without-store.ts';
import type { Session } from '../session.ts';
import type { ReturnKeys } from './return-keys.ts';
import type { Astray } from './target.ts';

/** How long a rollback waits for warm: a cold start is seldom longer, and whoever rolls back has a reason to. */
export const warmWithinMs = 30_000;

/** What a return to the recorded Lambda version does to API keys, where it is not published anew. */
export function keysText(
  { config }: Session,
  { functionVersion }: Service,
  keys: Exclude<ReturnKeys, { kind: 'same' }>,
): string {
  if (keys.kind === 'unread')
    return `whether Lambda version ${functionVersion} lets callers in by today's API keys could not be read (${keys.why}); it is used as it is`;
  const obstacle = keys.obstacle ?? `it was published for other routing than ${config.routing}`;
  return `Lambda version ${functionVersion} ${keys.how}. It is used all the same: it can't be published anew, for ${obstacle}`;
}

export const astrayText = ({ champion: { version }, instead }: Astray): string =>
  `${instead}, so not everybody is with ${version}, the champion: they are brought to it, and not to a version before it`;

/** What is about to happen, and how long it takes. */
export function announcement(
  { config }: Session,
  { version }: VersionRecord,
  {
    back,
    service,
    codeSha256,
    republishes,
    now,
  }: {
    readonly back: WayBack;
    readonly service: Service;
    readonly codeSha256: string;
    readonly republishes: string | undefined;
    /** Why nobody waits; null where nobody suffers. */
    readonly now: string | null;
  },
): string {
  if (republishes !== undefined) {
    return (
      `${version}: Lambda version ${service.functionVersion}, which served it before, ${republishes}. So it is published anew with ` +
      `today's keys, and smoke-tested and warm before everybody moves to it. Where that fails, everybody returns to Lambda version ${service.functionVersion}`
    );
  }
  if (back.builds === undefined) {
    return `${version}: everybody returns to Lambda version ${service.functionVersion}, which served it before; nothing is published, and it takes seconds${
      now === null
        ? `. Nobody suffers now, so mlreg warms ${version} first, for at most ${formatDuration(warmWithinMs)}`
        : `. Nobody waits until ${version} is warm: ${now}`
    }`;
  }
  const code =
    back.returnsTo === undefined && service.codeSha256 !== undefined && service.codeSha256 !== codeSha256
      ? '. The code in $LATEST is not the code that served it before'
      : '';
  return (
    `${version} has to be built first: ${back.builds}${code}. It is smoke-tested and warm before users move. ` +
    `This takes minutes on AWS, at most ${formatDuration(config.provisionTimeoutMs)}; until then users stay where they are`
  );
}

/**
 * Which Lambda version served a version stands in the registry alone; where a rollback without `--to` leads stands on the alias.
 * @returns what to tell of a registry that can't be read or believed; any other mistake of the person's as it is
 */
export function withoutRegistry(asked: VersionTag, cause: unknown, { config }: Session): unknown {
  if (cause instanceof UserError && !isStoreLost(cause)) return cause;
  const others = cause instanceof UserError ? cause.mend.filter((command) => !isBareRollback(command)) : [];
  const what = `--to ${asked} can't be followed: which Lambda version served ${asked} stands in the registry alone`;
  return new UserError(faultOf(cause), what, {
    why: cause instanceof Error ? cause.message : String(cause),
    mend: [
      `mlreg rollback --environment ${config.name}  # without --to: goes where the alias leads back to, and needs no store`,
      ...others,
    ],
    cause,
  });
}

function faultOf(cause: unknown): Fault {
  if (cause instanceof UserError) return cause.fault;
  const kind = cause instanceof PlatformError ? cause.failure.kind : undefined;
  return kind === 'denied' || kind === 'credentials' ? 'credentials' : 'unavailable';
}

const isBareRollback = (command: string): boolean => command.startsWith('mlreg rollback --environment ');
