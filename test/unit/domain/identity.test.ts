import { describe, expect, it } from 'vitest';
import { type Identity, type Person, samePerson } from '../../../src/domain/identity.ts';

const role = 'arn:aws:sts::123456789012:assumed-role/deploy';
const aws = (session: string): Person => ({
  name: session,
  identity: { id: `${role}/${session}`, proof: 'aws', arn: `${role}/${session}` },
});
const github = (login: string, arn = `${role}/GitHubActions`): Person => ({
  name: login,
  identity: { id: `github:${login}`, proof: 'github', arn },
});
const claim = (name: string): Person => ({ name, identity: { id: `claim:${name}`, proof: 'claim' } });

describe('two acts are one person', () => {
  it.each<[boolean, string, Person, Person]>([
    [true, 'with the same name', aws('ana'), { name: 'Ana' }],
    [true, 'with the same name on GitHub and at AWS', github('ana'), aws('ana')],
    [true, 'with the same credentials, whatever else they say', aws('ana'), github('bob', `${role}/ana`)],
    [true, 'with the same identity under two names', github('ana'), { ...github('ana'), name: 'ana2' }],
    [false, 'with two sessions of one role', aws('ana'), aws('bob')],
    [false, 'in two runs on GitHub, which share a role and its session', github('ana'), github('bob')],
    [false, 'on GitHub and at AWS', github('ana'), aws('bob')],
    [false, 'with two claims', claim('ana'), claim('bob')],
    [false, 'where nobody was asked', { name: 'ana' }, { name: 'bob' }],
  ])('%s: %s', (expected, _name, a, b) => {
    expect([samePerson(a, b), samePerson(b, a)]).toEqual([expected, expected]);
  });

  it('a claim that is not believed tells nobody apart', () => {
    const identity: Identity = { ...(aws('ana').identity as Identity), claimed: 'bob' };
    expect(samePerson(aws('ana'), { name: 'ana', identity })).toBe(true);
  });
});
