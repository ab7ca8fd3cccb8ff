import { describe, expect, it } from 'vitest';
import { type JobClaims, jobRefusal } from '../../../src/domain/job-claims.ts';

const expected = { repository: 'acme/models', environment: 'prod', workflow: 'approve-rollout.yml' };
const claims: JobClaims = {
  actor: 'bob',
  actorId: '7',
  repository: 'Acme/models',
  environment: 'prod',
  eventName: 'workflow_dispatch',
  workflowRef: 'acme/models/.github/workflows/approve-rollout.yml@refs/heads/main',
  runId: '42',
  runAttempt: '1',
};

describe("a job's claims", () => {
  it('approve where a person started the approval workflow', () => {
    expect(jobRefusal(claims, expected)).toBe(null);
  });

  it.each<[string, Partial<JobClaims>, string]>([
    ['of another repository', { repository: 'mallory/models' }, 'not of acme/models'],
    ['of a fork of the same name', { repository: 'mallory/acme' }, 'not of acme/models'],
    ['in another environment', { environment: 'staging' }, 'GitHub environment is staging, not prod'],
    ['in no environment', { environment: undefined }, 'GitHub environment is none, not prod'],
    [
      'of another workflow that somebody was lured to start',
      { workflowRef: 'acme/models/.github/workflows/lint.yml@refs/heads/main' },
      'one of lint.yml, not of approve-rollout.yml',
    ],
    [
      "of another repository's workflow of that name",
      { workflowRef: 'mallory/x/.github/workflows/approve-rollout.yml@refs/heads/main' },
      'not of approve-rollout.yml',
    ],
    ['on a comment, whose author is the actor', { eventName: 'issue_comment' }, 'triggered by issue_comment'],
    ['on a schedule', { eventName: 'schedule' }, 'triggered by schedule'],
    ['of a run that somebody else ran again', { runAttempt: '2' }, 'run again'],
    ['of GitHub itself', { actor: 'github-actions[bot]' }, 'is a bot'],
    ['of an app', { actor: 'my-app[bot]' }, 'is a bot'],
  ])('%s approve nothing', (_name, change, why) => {
    expect(jobRefusal({ ...claims, ...change }, expected)).toContain(why);
  });

  it('approve nothing where mlreg.yaml names no repository', () => {
    expect(jobRefusal(claims, { ...expected, repository: null })).toContain('approvers.repository');
  });
});
