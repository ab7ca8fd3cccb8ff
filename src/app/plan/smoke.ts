import { UserError } from '../../domain/user-error.ts';
import type { Session, Caller } from '../session.ts';

/**
 * Says that no smoke test will run. In a protected environment a person has to accept that.
 * @param accepted `--no-smoke` was given
 * @throws UserError usage
 */
export function acceptSmoke(
  { output }: Caller,
  { config, connection }: Session,
  accepted: { readonly noSmoke: boolean; readonly reason: string | undefined },
): void {
  const { smokeRequests } = connection;
  if (accepted.noSmoke && smokeRequests > 0) {
    throw new UserError(
      'usage',
      `--no-smoke: ${config.name} has ${smokeRequests} smoke requests, and they are always sent`,
      {
        mend: 'the same command without --no-smoke',
      },
    );
  }
  if (accepted.noSmoke && (accepted.reason ?? '') === '')
    throw new UserError('usage', '--no-smoke needs --reason', { mend: 'add --reason "why" to the command' });
  if (smokeRequests > 0) return;
  if (config.protected && !accepted.noSmoke) {
    throw new UserError(
      'usage',
      `${config.name} is protected and has no smoke requests: no smoke test would run`,
      {
        why: "the first request that the new version answers would be a user's",
        mend: [
          'set requests.smoke in mlreg.yaml to a JSON file with an array of request bodies',
          'or add --no-smoke --reason "why" to the command',
        ],
      },
    );
  }
  output.say('no smoke test will run: requests.smoke names no requests');
}
