import * as z from 'zod';
import { isTimeZone, parseFreeze, parseOpenHours } from '../domain/deploy-windows.ts';
import * as leaf from './leaves.ts';

const login = 'the login of a GitHub account, such as octocat';
const arn = 'the ARN of an IAM role or user, such as arn:aws:iam::123456789012:role/mlreg-approver-prod';

export const approvers = z
  .strictObject({
    github: leaf.texts(
      'GitHub logins of those who may approve, by the workflow `workflow`.',
      /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})$/,
      'a list of logins of GitHub accounts, such as [octocat]',
      login,
    ),
    roles: leaf.texts(
      'ARNs of IAM roles and users that may approve by `mlreg approve`. All sessions of a role are one person, except for users of IAM Identity Center.',
      /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/\S+$/,
      'a list of ARNs of IAM roles or users',
      arn,
    ),
    repository: leaf
      .text(
        'The repository whose jobs may approve, and without which no job can.',
        /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/,
        'a repository as owner/name',
      )
      .nullable(),
    workflow: leaf.text(
      'File name of the workflow in .github/workflows that a person starts to approve.',
      /^[A-Za-z0-9._-]{1,100}\.ya?ml$/,
      'the file name of a workflow, such as approve-rollout.yml',
    ),
    issuer: leaf.text(
      "Who signs the tokens of the repository's jobs: another URL for an enterprise with an issuer of its own.",
      /^https:\/\/[A-Za-z0-9.-]+(\/[A-Za-z0-9._~\/-]*[A-Za-z0-9])?$/,
      'a URL such as https://token.actions.githubusercontent.com',
    ),
  })
  .meta({
    description:
      'Who may approve a rollout. With neither `github` nor `roles`: anybody whose identity is proven. Means nothing to `local`.',
  });

const hours = 'days and hours such as mon-thu 09:00-16:00, from midnight 00:00 to 24:00';
const dates = 'dates and a reason such as 2026-12-20 to 2027-01-04: Christmas';

export const deployWindows = z
  .strictObject({
    timeZone: leaf.noted(z.string().refine(isTimeZone), 'IANA name of the time zone.', {
      expected: 'a time zone such as UTC or Europe/Berlin',
      text: true,
    }),
    open: leaf.noted(
      z
        .array(z.string().refine((text) => parseOpenHours(text) !== null))
        .max(50)
        .readonly(),
      'When rollouts may start and go forward. Empty: always.',
      { expected: `a list of ${hours}`, element: hours },
    ),
    freezes: leaf.noted(
      z
        .array(z.string().refine((text) => parseFreeze(text) !== null))
        .max(100)
        .readonly(),
      'Days on which they may not, each with its reason.',
      { expected: `a list of ${dates}`, element: `${dates}, quoted` },
    ),
  })
  .meta({
    description:
      'When rollouts may start and give the challenger more users. At other times that needs `--reason`; a running rollout keeps its share, and rolls back after `maxHold`. A rollback, an abort and a smaller share never ask.',
  });
