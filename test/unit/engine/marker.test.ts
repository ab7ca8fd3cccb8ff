import { describe, expect, it } from 'vitest';
import type { MarkerDetail, Stamp } from '../../../src/domain/journal.ts';
import {
  isMine,
  isOfMyToken,
  leadsBackTo,
  type Meaning,
  meaningOf,
  mustStop,
  newestOf,
  type Remembered,
} from '../../../src/engine/marker.ts';
import { id } from './story.ts';

const mine = { id: '9f3c21ab', epoch: 3, supersedes: [{ id: '01d501d5', epoch: 2, token: 40 }] };
const remembered: Remembered = { token: 12, store: mine, writer: '7d20e1c4', journal: 'forward' };

const format1 = (over: Partial<Stamp> = {}): Stamp => ({
  environment: 'local',
  token: 12,
  seq: 20,
  rollout: id,
  back: '7',
  ...over,
});
const format2 = (more: Partial<MarkerDetail> = {}, over: Partial<Stamp> = {}): Stamp => ({
  ...format1(over),
  detail: {
    store: { id: mine.id, epoch: mine.epoch },
    purpose: 'forward',
    writer: '7d20e1c4',
    target: '8',
    ...more,
  },
});
const unknown = (target: string): Meaning => ({ kind: 'unknown-rollback', rollout: id, target });

/** One row for each line of the table, and its neighbours. */
const rows: readonly [string, Stamp | undefined, Partial<Remembered>, Meaning][] = [
  [
    'an older store that mine took the place of',
    format2({ store: { id: '01d501d5', epoch: 2 } }),
    {},
    { kind: 'superseded' },
  ],
  [
    'an older store that mine never heard of',
    format2({ store: { id: '0ddba110', epoch: 2 } }),
    {},
    { kind: 'twin', other: { id: '0ddba110', epoch: 2 } },
  ],
  [
    'a larger epoch, whatever its token',
    format2({ store: { id: '0ddba110', epoch: 4 } }, { token: 1 }),
    {},
    { kind: 'replaced', by: { id: '0ddba110', epoch: 4 } },
  ],
  [
    'a larger epoch under my own id',
    format2({ store: { id: mine.id, epoch: 4 } }),
    {},
    { kind: 'replaced', by: { id: mine.id, epoch: 4 } },
  ],
  [
    'my epoch, another store',
    format2({ store: { id: '0ddba110', epoch: 3 } }, { token: 1 }),
    {},
    { kind: 'twin', other: { id: '0ddba110', epoch: 3 } },
  ],
  [
    'a token larger than the lock has',
    format2({}, { token: 13 }),
    {},
    { kind: 'put-back', lost: 'token 13' },
  ],
  [
    "the same, a person's rollback",
    format2({ purpose: 'blind' }, { token: 13 }),
    {},
    { kind: 'put-back', lost: 'token 13' },
  ],
  ['a known token that another writer was given', format2({ writer: 'ffffffff' }), {}, { kind: 'copied' }],
  ['a token that nobody was given', format2({}, { token: 5 }), { writer: undefined }, { kind: 'copied' }],
  ['my own forward write', format2(), {}, { kind: 'own' }],
  ['my own fence', format2({ purpose: 'fence' }), {}, { kind: 'own' }],
  ['my own restore', format2({ purpose: 'restored' }), {}, { kind: 'own' }],
  ['an older token of mine', format2({}, { token: 3 }), {}, { kind: 'own' }],
  [
    'a rollback that the journal knows',
    format2({ purpose: 'back' }),
    { journal: 'rolled back' },
    { kind: 'own' },
  ],
  [
    'a second rollback, to where the journal does not lead, that lies beyond it',
    format2({ purpose: 'back' }),
    { journal: 'rolled back', length: 20, leadsTo: '7' },
    unknown('8'),
  ],
  [
    'a rollback beyond the journal, to where that leads',
    format2({ purpose: 'back' }),
    { journal: 'rolled back', length: 20, leadsTo: '8' },
    { kind: 'own' },
  ],
  [
    'a rollback to where the journal does not lead any more, that it holds',
    format2({ purpose: 'back' }),
    { journal: 'rolled back', length: 21, leadsTo: '7' },
    { kind: 'own' },
  ],
  ['a rollback of a journal that says forward', format2({ purpose: 'back' }), {}, unknown('8')],
  ["a person's rollback", format2({ purpose: 'blind', writer: 'ffffffff' }, { seq: 0 }), {}, unknown('8')],
  [
    "a person's rollback, though the journal says rolled back",
    format2({ purpose: 'blind', writer: 'ffffffff' }, { seq: 0 }),
    { journal: 'rolled back' },
    unknown('8'),
  ],
  [
    'a rollout that the store does not know',
    format2(),
    { journal: null },
    { kind: 'put-back', lost: `rollout ${id}` },
  ],
  [
    'a store that has given out no token of format 2',
    format2(),
    { store: undefined },
    { kind: 'put-back', lost: `store ${mine.id}` },
  ],
  [
    'format 1, a rollback by the alias alone, whatever its token',
    format1({ seq: 0, token: 99 }),
    {},
    unknown('7'),
  ],
  [
    'the same over a marker of format 1, written by a person with format 2',
    format2({ store: { id: '00000000', epoch: 0 }, purpose: 'blind', target: '6' }, { seq: 0, token: 99 }),
    {},
    unknown('6'),
  ],
  ['format 1, my token', format1(), {}, { kind: 'own' }],
  [
    'format 1, my token, in a store that is still of format 1',
    format1(),
    { store: undefined, writer: undefined },
    { kind: 'own' },
  ],
  ['format 1, a larger token', format1({ token: 13 }), {}, { kind: 'put-back', lost: 'token 13' }],
  [
    'format 1, a rollout that the store does not know',
    format1(),
    { journal: null },
    { kind: 'put-back', lost: `rollout ${id}` },
  ],
  [
    'format 1, a rollback of such a rollout',
    format1({ seq: 0 }),
    { journal: null },
    { kind: 'put-back', lost: `rollout ${id}` },
  ],
  ...(
    [
      ['a store that it took the place of', format2({ store: { id: '01d501d5', epoch: 2 } }, { token: 99 })],
      ['a person over it', format2({ store: { id: '01d501d5', epoch: 2 }, purpose: 'blind' }, { seq: 0 })],
      ['itself', format2({ purpose: 'restored' })],
      ['no store, of format 1', format1()],
      ['no store, by a person', format2({ store: { id: '00000000', epoch: 0 }, purpose: 'blind' })],
    ] as const
  ).map(([whose, stamp]): (typeof rows)[number] => [
    `to a store whose recovery was cut off: of ${whose}`,
    stamp,
    { restoring: true },
    { kind: 'unrestored' },
  ]),
  [
    'to a store whose recovery was cut off: of one that was recovered since from the same store',
    format2({ store: { id: '0ddba110', epoch: 3 } }, { token: 1 }),
    { restoring: true },
    { kind: 'twin', other: { id: '0ddba110', epoch: 3 } },
  ],
  [
    'to a store whose recovery was cut off: of one that was recovered from it since',
    format2({ store: { id: '0ddba110', epoch: 4 } }),
    { restoring: true },
    { kind: 'replaced', by: { id: '0ddba110', epoch: 4 } },
  ],
  [
    'to a store whose recovery was cut off: of an older one that it never heard of',
    format2({ store: { id: '0ddba110', epoch: 2 } }),
    { restoring: true },
    { kind: 'twin', other: { id: '0ddba110', epoch: 2 } },
  ],
];

describe('what a marker means to a store', () => {
  it.each(rows)('%s', (_name, stamp, over, expected) => {
    expect(meaningOf(stamp, 'mlreg/1 ...', { ...remembered, ...over })).toEqual(expected);
  });

  it.each([
    ['', 'unmarked'],
    ['Managed by Terraform', 'unmarked'],
    ['mlreg/1 env=prod token=9007199254740991 seq=1 rollout=r-1 back=7', 'drift'],
    ['mlreg/2 token=1', 'drift'],
  ])('a description %j that is no marker is %s', (description, kind) => {
    expect(meaningOf(undefined, description, remembered)).toEqual({ kind });
  });
});

describe('when an owner must stop', () => {
  const own = format2();
  it.each<[string, Stamp | undefined, string | undefined | null, boolean]>([
    ['no marker', undefined, null, false],
    ['its own write', own, null, false],
    ['its own earlier write', format2({}, { seq: 3 }), null, false],
    ['a larger token', format2({ writer: 'ffffffff' }, { token: 13 }), null, true],
    [
      'a larger epoch under a smaller token',
      format2({ store: { id: '0ddba110', epoch: 4 } }, { token: 1 }),
      null,
      true,
    ],
    [
      'the same epoch of another store, under a smaller token',
      format2({ store: { id: '0ddba110', epoch: 3 } }, { token: 1 }),
      null,
      true,
    ],
    [
      'a smaller epoch under a larger token',
      format2({ store: { id: '0ddba110', epoch: 2 } }, { token: 99 }),
      null,
      false,
    ],
    ['its own token with another writer', format2({ writer: 'ffffffff' }), null, true],
    [
      "its own token with a person's writer",
      format2({ writer: 'ffffffff', purpose: 'blind' }, { seq: 0 }),
      null,
      true,
    ],
    [
      'an older token of the writer whom the store gave it',
      format2({ writer: 'aaaaaaaa' }, { token: 3 }),
      'aaaaaaaa',
      false,
    ],
    [
      'an older token that the store gave to somebody else',
      format2({ writer: 'aaaaaaaa' }, { token: 3 }),
      'bbbbbbbb',
      true,
    ],
    [
      'an older token that the store never gave',
      format2({ writer: 'aaaaaaaa' }, { token: 3 }),
      undefined,
      true,
    ],
    [
      "an older token, and the store can't be asked",
      format2({ writer: 'aaaaaaaa' }, { token: 3 }),
      null,
      false,
    ],
    [
      "a person's rollback under an older token",
      format2({ writer: 'aaaaaaaa', purpose: 'blind' }, { token: 3, seq: 0 }),
      'bbbbbbbb',
      false,
    ],
    [
      'an unknown rollback under an older token',
      format2({ writer: 'aaaaaaaa', purpose: 'back' }, { token: 3 }),
      'aaaaaaaa',
      false,
    ],
    ['format 1, a larger token', format1({ token: 13 }), null, true],
    ['format 1, its own token', format1({ seq: 0 }), null, false],
    [
      "a person's rollback over format 1, under a larger token",
      format2({ store: { id: '00000000', epoch: 0 }, purpose: 'blind' }, { token: 13, seq: 0 }),
      null,
      true,
    ],
  ])('on %s', (_name, found, given, expected) => {
    expect(mustStop(found, own, given)).toBe(expected);
  });
});

describe("one's own write", () => {
  const own = format2();
  it.each<[string, Stamp, boolean, boolean]>([
    ['is known by its token, number and writer', own, true, true],
    ['is not the earlier one under the same token', format2({}, { seq: 3 }), false, true],
    ['is not that of another token', format2({}, { token: 11 }), false, false],
    ['is not that of another writer under the same token', format2({ writer: 'ffffffff' }), false, false],
  ])('%s', (_what, found, mine, ofMyToken) => {
    expect([isMine(found, own), isOfMyToken(found, own)]).toEqual([mine, ofMyToken]);
  });
});

describe("an environment's newest markers", () => {
  const store = (epoch: number, name = mine.id) => ({ store: { id: name, epoch } });
  const at = (name: string, stamp: Stamp | undefined) => ({ name, stamp });
  const live = format2({}, { token: 12 });

  it.each<[string, Stamp | undefined, Stamp | undefined, readonly string[]]>([
    ['of one owner', live, format2({}, { token: 12, seq: 30 }), ['live', 'green']],
    ['of an older owner on the other alias', live, format2({}, { token: 11 }), ['live']],
    ['of a newer owner on the other alias', live, format2({}, { token: 13 }), ['green']],
    ['of two writers of one token', live, format2({ writer: 'ffffffff' }), ['live', 'green']],
    ['of a newer store, whatever its token', live, format2(store(4, '0ddba110'), { token: 1 }), ['green']],
    ['of an older store, whatever its token', live, format2(store(2, '01d501d5'), { token: 99 }), ['live']],
    ['of two stores of one epoch', live, format2(store(3, '0ddba110'), { token: 99 }), ['live', 'green']],
    ['of an older mlreg', live, format1({ token: 11 }), ['live']],
    ['that was wiped', undefined, format2(), ['green']],
    ['that nobody wrote', undefined, undefined, []],
  ])('%s', (_name, first, second, expected) => {
    expect(newestOf([at('live', first), at('green', second)]).map(({ name }) => name)).toEqual(expected);
  });

  it('are all of them where formats 1 and 2 go round in a circle', () => {
    const circle = [format2(store(4), { token: 1 }), format1({ token: 3 }), format2(store(3), { token: 5 })];
    expect(newestOf(circle.map((stamp) => at('alias', stamp)))).toHaveLength(3);
  });
});

describe('where users go back to', () => {
  it.each<[string, Stamp, string]>([
    ['by the marker of a step forward', format2({ purpose: 'forward', target: '14' }), '7'],
    ['by a new owner’s first write', format2({ purpose: 'fence', target: '14' }), '7'],
    ['by the marker of a restored store', format2({ purpose: 'restored', target: '14' }), '7'],
    ['by a marker of format 1', format1(), '7'],
    ['by an owner’s rollback', format2({ purpose: 'back', target: '6' }), '6'],
    ['by a person’s rollback', format2({ purpose: 'blind', target: '6' }, { seq: 0 }), '6'],
  ])('%s', (_name, newest, back) => {
    expect(leadsBackTo(newest)).toBe(back);
  });
});
