import { describe, expect, it } from 'vitest';
import type { Approvers } from '../../../src/domain/approvers.ts';
import type { Identity } from '../../../src/domain/identity.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { admit } from '../../../src/engine/admit.ts';
import { decide } from '../../../src/engine/decide.ts';
import { vouched } from '../../../src/runner/vouch.ts';
import { approve, approvedPlan, asked, fenced, request, tell } from './story.ts';

const approvers: Approvers = {
  github: [],
  roles: [],
  repository: 'acme/models',
  workflow: 'approve-rollout.yml',
  issuer: 'https://token.actions.githubusercontent.com',
};
const proving: Plan = {
  ...approvedPlan,
  environment: 'prod',
  steps: approvedPlan.steps.map((step) => (step.kind === 'approve' ? { ...step, approvers } : step)),
};
const arn = 'arn:aws:iam::123456789012:user';
/** `ana` began it, by AWS credentials. */
const { state: waiting, now } = tell(proving, fenced());
const state = {
  ...waiting,
  by: { ...waiting.by, identity: { id: 'user:123456789012:ana', proof: 'aws', arn: `${arn}/ana` } as const },
};

/** All that somebody who may write into the inbox, and has no token, can claim. */
const claims: readonly (Identity | undefined)[] = [
  undefined,
  ...(['oidc', 'github', 'machine', 'claim'] as const).flatMap((proof) =>
    ['github:bob', 'github:cat', `user:123456789012:bob`].flatMap((id): Identity[] => [
      { id, proof },
      { id, proof, arn: `${arn}/bob` },
      { id, proof, accountId: '7', run: 'https://github.com/acme/models/actions/runs/1' },
    ]),
  ),
  { id: 'x', proof: 'aws' },
  { id: 'x', proof: 'aws', arn: `${arn}/ana` },
  { id: 'x', proof: 'aws', arn: `${arn}/ANA` },
  { id: 'x', proof: 'aws', arn: 'arn:aws:sts::123456789012:federated-user/bob' },
  { id: 'x', proof: 'aws', arn: `${arn}/bob`, run: 'https://github.com/acme/models/actions/runs/1' },
];

describe('an approval that nothing proves', () => {
  const onGitHub: Identity = { id: 'github:ana', proof: 'oidc', accountId: '1' };
  it.each([
    ['AWS credentials', state],
    ['a job on GitHub', { ...state, by: { ...state.by, identity: onGitHub } }],
  ])('never advances a rollout that was begun by %s, whatever it claims', async (_name, after) => {
    expect(claims.length).toBeGreaterThan(40);
    for (const identity of claims) {
      const posted = request(approve, 'bob', identity === undefined ? {} : { identity });
      const believed = await vouched(undefined, after, posted, now);
      const { accepted, answer } = admit(after, believed, now);
      expect([identity, accepted, answer]).toEqual([identity, false, expect.stringMatching(/\w/)]);
    }
    expect(decide(after, null, now)).toMatchObject({ entries: [{ kind: 'held' }] });
  });

  it('is told from one that is proven', async () => {
    const identity: Identity = { id: 'user:123456789012:bob', proof: 'aws', arn: `${arn}/bob` };
    const believed = await vouched(undefined, state, request(approve, 'bob', { identity }), now);
    expect(admit(state, believed, now)).toEqual({ accepted: true, answer: 'approved (1 of 2)' });
  });

  it('does not count twice by another session, and counts by names where the plan demands no proof', () => {
    const role = 'arn:aws:sts::123456789012:assumed-role/leads';
    const given = (session: string): Identity => ({ id: 'x', proof: 'aws', arn: `${role}/${session}` });
    const once = tell(proving, fenced(), asked(approve, 'leads', true, { identity: given('bob') }));
    const by = { ...once.state, by: state.by };
    expect(admit(by, request(approve, 'leads-2', { identity: given('cat') }), once.now)).toMatchObject({
      accepted: false,
      answer: expect.stringContaining('has approved already'),
    });
    const local = tell(approvedPlan, fenced());
    expect(admit(local.state, request(approve, 'bob'), local.now).accepted).toBe(true);
  });
});
