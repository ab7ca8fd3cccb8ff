import { isBot } from './identity.ts';

/** What GitHub says of a job in its token. The names are GitHub's, in camel case. */
export interface JobClaims {
  /** Login of whoever triggered the run: of its first attempt, also where somebody else ran it again. */
  readonly actor: string;
  readonly actorId: string;
  readonly repository: string;
  /** GitHub's environment; undefined where the job has none. */
  readonly environment?: string | undefined;
  readonly eventName: string;
  /** `owner/name/.github/workflows/FILE@REF` of the workflow that was triggered. */
  readonly workflowRef: string;
  readonly runId: string;
  /** From 1. */
  readonly runAttempt: string;
}

/**
 * Why these claims approve nothing; null: they do. A person must have clicked on the approval workflow itself: with any
 * other event, workflow or attempt the actor is somebody who never saw the plan. Pure.
 */
export function jobRefusal(
  claims: JobClaims,
  expected: {
    readonly repository: string | null;
    readonly environment: string;
    readonly workflow: string;
  },
): string | null {
  const { repository, environment, workflow } = expected;
  if (repository === null)
    return 'mlreg.yaml names no repository whose jobs may approve (approvers.repository)';
  if (claims.repository.toLowerCase() !== repository.toLowerCase())
    return `the job is one of ${claims.repository}, not of ${repository}`;
  if (claims.environment?.toLowerCase() !== environment.toLowerCase())
    return `the job's GitHub environment is ${claims.environment ?? 'none'}, not ${environment}`;
  const path = `${repository}/.github/workflows/${workflow}@`.toLowerCase();
  if (!claims.workflowRef.toLowerCase().startsWith(path))
    return `the job is one of ${fileOf(claims.workflowRef)}, not of ${workflow}`;
  if (claims.eventName !== 'workflow_dispatch')
    return `the run was triggered by ${claims.eventName}, not by a person who started the workflow`;
  if (claims.runAttempt !== '1')
    return 'the run was run again, and GitHub names whoever ran it first: start the workflow anew';
  if (isBot(claims.actor)) return `${claims.actor} is a bot: a person must start the workflow`;
  return null;
}

const fileOf = (workflowRef: string): string => /\/([^/@]+)@/.exec(workflowRef)?.[1] ?? 'another workflow';

/** The run's page, for people. */
export const runAddress = ({ repository, runId }: JobClaims, issuer: string): string =>
  `${issuer.includes('//token.actions.githubusercontent.com') ? 'https://github.com' : new URL(issuer).origin}/${repository}/actions/runs/${runId}`;
