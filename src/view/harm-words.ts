import type { Outcome } from '../domain/journal.ts';
import type { Harm } from '../engine/harm.ts';
import { counted } from './words.ts';

/** What an outcome says of it. */
export const harmIn = ({ harmedRequests, harm }: Extract<Outcome, { kind: 'rolled-back' }>): Harm => ({
  requests: harmedRequests,
  known: harm ?? 'all',
});

/** Why a count is the least that it can be. */
export const laterUnread = 'later metrics were not read';

/** `3 requests failed or were too slow`; never a number where none is known. */
export function harmSentence({ requests, known }: Harm): string {
  switch (known) {
    case 'all':
      return `${counted(requests, 'request')} failed or ${requests === 1 ? 'was' : 'were'} too slow`;
    case 'at least':
      return `at least ${counted(requests, 'request')} failed or ${requests === 1 ? 'was' : 'were'} too slow, ${laterUnread}`;
    case 'not known':
      return 'how many requests failed is not known: metrics were missing';
  }
}

/** For programs; null: not known. */
export const harmNumber = ({ requests, known }: Harm): number | null =>
  known === 'not known' ? null : requests;
