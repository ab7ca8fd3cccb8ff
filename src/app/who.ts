import { type Approvers, audienceOf } from '../domain/approvers.ts';
import { callerOf } from '../domain/caller.ts';
import type { Actor } from '../domain/journal.ts';
import type { Identity } from '../domain/identity.ts';
import { jobRefusal, runAddress } from '../domain/job-claims.ts';
import { oneLine } from '../domain/one-line.ts';
import { UserError } from '../domain/user-error.ts';
import type { Caller, Session } from './session.ts';

/** What is done under the name. */
export type Act = { readonly kind: 'begin' } | { readonly kind: 'approve'; readonly planHash: string };

export interface Acting {
  readonly actor: Actor;
  /** Of this job, for the rollout's owner, who checks it again. */
  readonly token?: string;
}

/**
 * The actor with the strongest proof of identity there is. What each is worth: docs/approvals.md.
 * @throws PlatformError where AWS has to be asked and does not answer
 * @throws UserError where this job's token proves nothing
 */
export async function whoActs(context: Caller, at: Session, act: Act): Promise<Acting> {
  const { world, actor } = context;
  if (at.config.kind === 'local') return { actor: onThisMachine(world, actor) };
  const run = runOf(world.env);
  const arn = oneLine((await at.connection.identity()).arn);
  if (run === null)
    return { actor: named(world, actor, callerOf(arn).name, { id: callerOf(arn).id, proof: 'aws', arn }) };
  const { model, name: environment, approvers } = at.config;
  const audience = audienceOf(
    act.kind,
    { model, environment },
    act.kind === 'approve' ? act.planHash : undefined,
  );
  const token = await at.connection.jobTokens.request(world.env, audience);
  if (token === null) {
    // Anybody may set a runner's variables, so they name nobody; but the session of a job's role is nobody's either.
    const { id, name } = callerOf(arn);
    const identity = { id, proof: 'aws', arn, run: run.address, claimed: `github:${run.login}` } as const;
    return { actor: { ...actor, name, identity } };
  }
  const identity = await proven(context, at, { act, token, audience, approvers });
  const login = identity.id.replace(/^github:/, '');
  const again = run.login.toLowerCase() === login ? {} : { rerunBy: run.login };
  return { actor: named(world, actor, login, { ...identity, arn, ...again }), token };
}

async function proven(
  { world }: Caller,
  { config, connection }: Session,
  given: {
    readonly act: Act;
    readonly token: string;
    readonly audience: string;
    readonly approvers: Approvers;
  },
): Promise<Identity> {
  const { token, audience, approvers, act } = given;
  const { issuer } = approvers;
  const reading = await connection.jobTokens.verify(token, { issuer, audience }, world.clock.now());
  const refusal = (why: string): UserError =>
    new UserError('credentials', "this job's token does not prove who started it", {
      why,
      mend: `see approvers of ${config.name} in mlreg.yaml, and docs/approvals.md`,
    });
  if (reading.kind !== 'signed') throw refusal(reading.why);
  const { claims } = reading;
  const unfit =
    act.kind === 'approve' ? jobRefusal(claims, { ...approvers, environment: config.name }) : null;
  if (unfit !== null) throw refusal(unfit);
  return {
    id: `github:${claims.actor.toLowerCase()}`,
    proof: 'oidc',
    accountId: claims.actorId,
    run: runAddress(claims, issuer),
  };
}

/** Nothing proves anything on a machine with one account. */
function onThisMachine(world: Caller['world'], actor: Actor): Actor {
  const run = runOf(world.env);
  if (run !== null) {
    const { login, address } = run;
    return named(world, actor, login, { id: `github:${login.toLowerCase()}`, proof: 'github', run: address });
  }
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

/** Whoever set a run going, as the runner's variables say: on a re-run that is not who pushed. */
function runOf(env: Caller['world']['env']): { readonly login: string; readonly address: string } | null {
  const login = env.GITHUB_TRIGGERING_ACTOR ?? env.GITHUB_ACTOR ?? '';
  const { GITHUB_RUN_ID: id = '', GITHUB_REPOSITORY: repository = '' } = env;
  if (env.GITHUB_ACTIONS !== 'true' || login === '' || id === '') return null;
  return {
    login: oneLine(login),
    address: oneLine(`${env.GITHUB_SERVER_URL ?? 'https://github.com'}/${repository}/actions/runs/${id}`),
  };
}

/**
 * A rollout that waits for approvals must say who began it, or nobody can be told apart from that person.
 * @throws UserError usage
 */
export function refuseNamelessStart({ config }: Session, { identity }: Actor): void {
  if (config.kind === 'local') return;
  if (identity?.proof === 'aws' && identity.run !== undefined) {
    throw new UserError(
      'usage',
      `nothing proves who starts this rollout, and ${config.name} needs approvals`,
      {
        why: 'the job has no token of its own, so nobody could be told apart from whoever started it',
        mend: 'give the job permissions: id-token: write',
      },
    );
  }
  if (identity?.proof === 'oidc' && config.approvers.repository === null) {
    throw new UserError('usage', `no job could approve this rollout, and ${config.name} needs approvals`, {
      why: 'who starts a rollout on GitHub and who approves it are told apart on GitHub alone, and mlreg.yaml names no repository',
      mend: `environments.${config.name}.approvers.repository: OWNER/NAME`,
    });
  }
}
