import * as z from 'zod';
import { memberTypes, mostAnswerBytes, pointerPattern } from '../domain/answer-contract.ts';
import { mostTesters } from '../domain/testers.ts';
import * as leaf from './leaves.ts';

export const requests = z
  .strictObject({
    path: leaf.text(
      "The model's path behind the gateway.",
      /^\/[A-Za-z0-9/._~-]*$/,
      'a path such as /recommend',
    ),
    userKey: leaf.text(
      "Where a request holds the user's id, for sticky routing: a member of its body (userId, nested user.id), header:x-user-id or cookie:uid. The function's variable MLREG_USER_KEY must say the same.",
      /^(?:[A-Za-z_][A-Za-z0-9_.-]{0,63}|(?:header|cookie):[A-Za-z0-9_.-]{1,64})$/,
      "the name of a member of the request's body, such as userId or user.id, or header:x-user-id or cookie:uid",
    ),
    smoke: leaf
      .text(
        'JSON file with the requests that a new version must answer, relative to this file: an array of request bodies, or of {"body": ..., "expect": ...}, where the answer must hold what `expect` holds. Protected environments refuse a deploy without any.',
        /^[^\0]+$/,
        'a file name such as smoke.json',
      )
      .nullable(),
  })
  .meta({ description: 'What a request looks like.' });

const pointer = 'a JSON pointer such as /error or /items/0/id';
export const responses = z
  .strictObject({
    json: leaf.choice(
      "Whether answers must be JSON. `required`: all. `any`: none. `auto`: if the champion's were, except for requests that accept only other types.",
      ['auto', 'required', 'any'],
    ),
    contentType: leaf
      .text(
        'Media type of all answers.',
        /^[a-z0-9][a-z0-9.+-]{0,63}\/[a-z0-9][a-z0-9.+-]{0,63}$/,
        'a media type in small letters without parameters, such as application/json',
      )
      .nullable(),
    members: z
      .record(
        leaf.text('Where in an answer.', pointerPattern, pointer),
        leaf.choice('The type that the value must have. `any`: anything but null. `off`: no demand.', [
          ...memberTypes,
          'off',
        ]),
      )
      .meta({ description: 'What each answer must hold, by JSON pointer.' }),
    errors: leaf.texts(
      'JSON pointers to errors. An answer with a value at one of them counts as failed; null, false and empty text are no values.',
      pointerPattern,
      'JSON pointers such as [/error]',
      pointer,
    ),
    maxBytes: leaf.whole('The largest answer, in bytes.', 1, mostAnswerBytes).nullable(),
  })
  .meta({
    description:
      "What an answer must hold, even with status 200. An answer that does not counts as failed; its caller gets it unchanged. Needs mlreg's router.",
  });

export const testers = z
  .strictObject({
    users: leaf.noted(
      z
        .array(z.string().regex(/^\S(?:[^\0]{0,126}\S)?$/))
        .max(mostTesters)
        .readonly(),
      'Ids of users who are testers, as requests name them.',
      {
        expected: `at most ${mostTesters} ids of users, quoted`,
        element: 'the id of a user, quoted',
        secret: true,
      },
    ),
    tokenSha256: leaf
      .text(
        'SHA-256 of a token, in hexadecimal. A caller who sends the token in `header` is a tester. Draw the token at random (openssl rand -hex 32): the digest of a word is no secret.',
        /^[0-9a-f]{64}$/,
        'a SHA-256 digest of 64 small hexadecimal digits (printf %s "$TOKEN" | sha256sum), never the token itself',
        'secret',
      )
      .nullable(),
    header: leaf.text(
      'The header that holds the token.',
      /^[a-z0-9][a-z0-9-]{0,63}$/,
      'the name of a header in small letters, such as x-mlreg-tester',
    ),
  })
  .meta({
    description:
      "Testers get the challenger from the first step of a canary or blue-green rollout on, at any share. Their requests are not judged. Needs mlreg's router.",
  });

export const feedback = z
  .strictObject({
    receipts: leaf
      .text(
        'Name of the SSM parameter that holds the keys of receipts. Each answer then carries an encrypted receipt in the header x-mlreg-receipt. Feedback with it is counted for the arm that answered, at the time of the request. `off`: answers carry none.',
        /^(arn:[\w-]+:ssm:[\w-]+:\d{12}:parameter\/)?[\w+=.@/-]{1,512}$/,
        'the name or ARN of an SSM parameter without a version, such as /mlreg/prod/receipts, or off (the keys themselves belong in no file)',
        'secret',
      )
      .transform((written) => (written === 'off' ? null : written)),
    maxAge: leaf.duration('Feedback on an older answer is refused.'),
  })
  .meta({ description: "How feedback finds the answer that it is about. Needs mlreg's router." });
