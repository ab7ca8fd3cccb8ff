import type { Actor } from '../domain/journal.ts';
import type { Identity } from '../domain/identity.ts';
import { oneLine } from '../domain/one-line.ts';
import type { Session, Caller } from './session.ts';

/**
 * The actor with the strongest proof of identity there is. What each is worth: docs/approvals.md.
 * @throws PlatformError where AWS has to be asked and does not answer
 */
export async function whoActs(context: Caller, at: Session): Promise<Actor> {
  const { world, actor } = context;
  const run = runOf(world.env);
  const arn = at.config.kind === 'local' ? undefined : oneLine((await at.connection.identity()).arn);
  if (run !== null) {
    const { login, address } = run;
    return named(world, actor, login, {
      id: `github:${login.toLowerCase()}`,
      proof: 'github',
      ...(arn === undefined ? {} : { arn }),
      run: address,
    });
  }
  if (arn !== undefined) return named(world, actor, lastPartOf(arn), { id: arn, proof: 'aws', arn });
  const isClaim = (world.env.MLREG_ACTOR ?? '') !== '';
  const id = isClaim ? `claim:${actor.name}` : `machine:${actor.name}@${actor.host}`;
  return { ...actor, identity: { id, proof: isClaim ? 'claim' : 'machine' } };
}

function named(world: Caller['world'], actor: Actor, name: string, identity: Identity): Actor {
  const claimed = oneLine(world.env.MLREG_ACTOR ?? '');
  return {
    ...actor,
    name,
    identity: claimed === '' || claimed === name ? identity : { ...identity, claimed },
  };
}

/** Whoever set a run going: on a re-run that is not who pushed. */
function runOf(env: Caller['world']['env']): { readonly login: string; readonly address: string } | null {
  const login = env.GITHUB_TRIGGERING_ACTOR ?? env.GITHUB_ACTOR ?? '';
  const { GITHUB_RUN_ID: id = '', GITHUB_REPOSITORY: repository = '' } = env;
  if (env.GITHUB_ACTIONS !== 'true' || login === '' || id === '') return null;
  return {
    login,
    address: `${env.GITHUB_SERVER_URL ?? 'https://github.com'}/${repository}/actions/runs/${id}`,
  };
}

/** `.../assumed-role/deploy/ana` and `.../user/ana` are ana. */
const lastPartOf = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);
