import { describe, expect, it } from 'vitest';
import { labelOf } from '../../../src/aws/feedback-lines.ts';
import { firstOfEach, type Label } from '../../../src/domain/label.ts';

const label: Label = {
  rollout: 'r-abc',
  at: 1_000,
  givenAt: 5_000,
  arm: 'challenger',
  version: 'v2.3.0',
  bucket: 7,
  nonce: 'AAAAAAAAAAAAAAAA',
  value: 1,
};
const { rollout: rolloutId, ...feedback } = label;
const line = { _aws: {}, ModelVersion: 'v2.3.0', Feedback: 1, kind: 'feedback', rolloutId, feedback };

describe('a line of the log', () => {
  it('is read with and without words before it', () => {
    expect(labelOf(JSON.stringify(line))).toEqual(label);
    expect(labelOf(`2026-12-01T00:00:00Z id INFO ${JSON.stringify(line)}`)).toEqual(label);
  });

  it.each([
    ['of a request', { rolloutId, arm: 'champion', bucket: 3 }],
    ['of feedback without a receipt', { ...line, kind: undefined, feedback: undefined }],
    ['with a bucket that there is not', { ...line, feedback: { ...feedback, bucket: 1000 } }],
    ['with a value that is no number', { ...line, feedback: { ...feedback, value: '1' } }],
  ])('%s is no label', (_, other) => {
    expect(labelOf(JSON.stringify(other))).toBeUndefined();
  });

  it('that is no JSON is no label', () => {
    expect(labelOf('START RequestId')).toBeUndefined();
  });
});

it('counts the first label of each receipt, in whatever order they are read', () => {
  const later = { ...label, givenAt: 9_000, value: 0 };
  const other = { ...label, nonce: 'BBBBBBBBBBBBBBBB', value: 0 };
  expect(firstOfEach([later, other, label, later])).toEqual([label, other]);
});
