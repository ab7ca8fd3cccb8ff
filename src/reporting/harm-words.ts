import type { Outcome } from '../domain/journal.ts';
import type { Harm } from '../engine/harm.ts';
import { counted } from './words.ts';

/** What an outcome says of it. */
export const harmIn = ({ harmedRequests, harm }: Extract<Outcome, { kind: 'rolled-back' }>): Harm => ({
  requests: harmedRequests,
  known: harm ?? 'all',
});

/** `3 requests were harmed`; never a number where none is known. */
export function harmSentence({ requests, known }: Harm): string {
  switch (known) {
    case 'all':
      return `${counted(requests, 'request was', 'requests were')} harmed`;
    case 'at least':
      return `at least ${counted(requests, 'request was', 'requests were')} harmed, later metrics could not be read`;
    case 'not known':
      return 'how many requests were harmed is not known: metrics were missing';
  }
}

/** `3 requests`. */
export const harmCount = ({ requests, known }: Harm): string =>
  known === 'not known' ? known : `${known === 'at least' ? 'at least ' : ''}${counted(requests, 'request')}`;

/** For a table: `3`. */
export const harmShort = ({ requests, known }: Harm): string | number => {
  if (known === 'not known') return known;
  return known === 'at least' ? `${requests} or more` : requests;
};

/** For programs; null: not known. */
export const harmNumber = ({ requests, known }: Harm): number | null =>
  known === 'not known' ? null : requests;
