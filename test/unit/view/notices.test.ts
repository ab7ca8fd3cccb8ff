import { describe, expect, it } from 'vitest';
import { instant } from '../../../src/domain/units.ts';
import type { Actor } from '../../../src/domain/journal.ts';
import { noticeOf } from '../../../src/view/notices.ts';
import { actor } from '../../support/model-world.ts';
import {
  approvedPlan,
  atStep,
  began,
  fail,
  fenced,
  moved,
  observation,
  on,
  rollingBack,
  single,
  started,
  stepOf,
  type Story,
  tell,
  wait,
} from '../engine/story.ts';
import { replay } from '../../../src/engine/fold-journal.ts';
import { plan } from '../engine/story.ts';

const last = ({ state, entries }: Story) => noticeOf(state, entries.at(-1)!);
const verdict = { kind: 'verdict', verdict: fail, action: 'roll back' } as const;
const cause = { kind: 'verdict', sentence: 'challenger 30 % errors, limit 5 %' } as const;
const seen = { kind: 'observed', observations: [observation(6)] } as const;
const stuck = {
  kind: 'ended',
  outcome: {
    kind: 'stuck',
    sentence: `the alias live could not be pointed at v2.2.0: ${'x'.repeat(200)}`,
    mend: ['mlreg rollback --environment local'],
  },
} as const;

describe('what people are told', () => {
  it.each<[string, Story, string]>([
    ['began', tell(plan), '[local] recommendation v2.3.0 canary began: from v2.2.0'],
    [
      'is being rolled back',
      atStep(stepOf.bake10, seen, verdict, { kind: 'rolling-back', cause }),
      '[local] recommendation v2.3.0 IS BEING ROLLED BACK: 30 % errors, champion 0.1 %',
    ],
    [
      'was rolled back',
      atStep(
        stepOf.bake10,
        seen,
        verdict,
        { kind: 'rolling-back', cause },
        moved(single(plan.champion!), on('7'), 'roll-back'),
        {
          kind: 'ended',
          outcome: { kind: 'rolled-back', cause, harmedRequests: 6 },
        },
      ),
      '[local] recommendation v2.3.0 ROLLED BACK: 30 % errors, champion 0.1 %',
    ],
    [
      'was aborted',
      atStep(stepOf.bake10, rollingBack),
      '[local] recommendation v2.3.0 IS BEING ROLLED BACK: aborted by bob',
    ],
    [
      'waits',
      tell(approvedPlan, fenced(), { kind: 'held', why: 'waits for 2 approvals: mlreg approve r-1' }),
      '[local] recommendation v2.3.0 WAITS FOR APPROVAL',
    ],
    [
      'is held',
      atStep(stepOf.bake10, { kind: 'held', why: 'too few requests' }),
      '[local] recommendation v2.3.0 HELD at 10 %',
    ],
  ])('%s', (_name, story, subject) => {
    expect(last(story)?.subject).toBe(subject);
  });

  it('has a subject that SNS takes, and the whole sentence in its body', () => {
    const notice = last(atStep(stepOf.bake10, rollingBack, stuck))!;
    expect([notice.subject.length < 100, notice.command]).toEqual([
      true,
      'mlreg rollback --environment local',
    ]);
    expect(notice.body).toContain('x'.repeat(200));
  });

  it('says where, who, for how long, both versions, and what to type', () => {
    const notice = last(atStep(stepOf.bake10, wait(9_000), seen, verdict, { kind: 'rolling-back', cause }))!;
    expect(notice.body).toMatchInlineSnapshot(`
      "[local] recommendation v2.3.0 IS BEING ROLLED BACK: 30 % errors, champion 0.1 %
      challenger 30 % errors, limit 5 %
      where: local emulator
      rollout: r-1, canary v2.2.0 -> v2.3.0
      by: ana: because
      for: 9s
      challenger: 20 requests, 30 % errors
      champion: 180 requests, 0 % errors
      failed: at least 6 of 20 requests failed (the champion's rate would give 0); later metrics were not read
      next: mlreg status --environment local"
    `);
  });

  it('says by when somebody must act', () => {
    const notice = last(atStep(stepOf.bake10, { kind: 'held', why: 'too few requests' }))!;
    expect(notice.body).toContain(
      `unless somebody acts: it rolls back at ${new Date(began + 60_000).toISOString()}`,
    );
  });

  it('leads to the run of the job, and names the account', () => {
    const by: Actor = {
      ...actor(),
      identity: {
        id: 'ana',
        proof: 'github',
        arn: 'arn:aws:sts::123456789012:assumed-role/deploy/ana',
        run: 'https://github.com/shop/recs/actions/runs/77',
      },
    };
    const entry = { ...started({ ...plan, environment: 'prod' }, by), seq: 0, at: instant(began), token: 1 };
    const { body = '' } = noticeOf(replay(rollout, [entry]), entry) ?? {};
    expect(body).toContain('where: AWS account 123456789012\n');
    expect(body).toContain('job: https://github.com/shop/recs/actions/runs/77\n');
  });
});

const rollout = tell(plan).state.id;
