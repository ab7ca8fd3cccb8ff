import { describe, expect, it } from 'vitest';
import { answerContract } from '../../../src/app/plan/answers.ts';
import type { EarlierPeriod } from '../../../src/app/plan/earlier-period.ts';
import type { AnswerContract } from '../../../src/domain/answer-contract.ts';
import { instant } from '../../../src/domain/units.ts';
import { PlatformError } from '../../../src/ports/platform.ts';

type Responses = {
  readonly json: 'auto' | 'required' | 'any';
  readonly contract: Omit<AnswerContract, 'json'>;
};

const earlier = (json: EarlierPeriod['json']): EarlierPeriod => ({
  ticks: [],
  from: instant(0),
  to: instant(0),
  anonymous: null,
  json,
});
const auto: Responses = { json: 'auto', contract: {} };
const errors = { errors: ['/error'] };

function contractOf(
  responses: Responses,
  before: EarlierPeriod | null,
  understands: () => Promise<readonly string[]> = async () => ['buckets-1', 'answers-1'],
  sharesRouter = false,
) {
  const said: string[] = [];
  const at = {
    config: { name: 'prod', kind: 'aws', lambda: { function: 'f' }, responses },
    connection: { routerCode: { understands } },
  };
  const found = answerContract(
    { output: { say: (line: string) => said.push(line) } } as never,
    at as never,
    before,
    { sharesRouter },
  );
  return { found, said };
}

describe('what answers must hold', () => {
  it.each<[string, Responses, EarlierPeriod['json'], AnswerContract | undefined]>([
    ['JSON where the champion’s were', auto, { requests: 500, errors: 0 }, { json: 'asked' }],
    ['JSON where one of a thousand was not', auto, { requests: 2_000, errors: 2 }, { json: 'asked' }],
    ['anything where more were not', auto, { requests: 2_000, errors: 3 }, undefined],
    ['anything where few were seen', auto, { requests: 9, errors: 0 }, undefined],
    ['anything where nothing says what they were', auto, null, undefined],
    ['JSON of all where it is required', { json: 'required', contract: {} }, null, { json: 'always' }],
    ['anything where that is said', { json: 'any', contract: {} }, { requests: 500, errors: 0 }, undefined],
    [
      'what mlreg.yaml demands, beside JSON as the champion’s',
      { json: 'auto', contract: errors },
      { requests: 500, errors: 0 },
      { json: 'asked', ...errors },
    ],
    ['what mlreg.yaml demands alone', { json: 'auto', contract: errors }, null, errors],
  ])('%s', async (_what, responses, json, contract) => {
    expect(await contractOf(responses, earlier(json)).found).toEqual(contract);
  });

  it.each([null, { requests: 9, errors: 0 }])(
    'is learnt by the one router of both where nothing is known: %j',
    async (json) => {
      expect(await contractOf(auto, earlier(json), undefined, true).found).toEqual({ json: 'seen' });
      expect(
        await contractOf(auto, earlier({ requests: 500, errors: 500 }), undefined, true).found,
      ).toBeUndefined();
    },
  );

  it('is nothing on a first deploy, unless it is demanded', async () => {
    expect(await contractOf(auto, null).found).toBeUndefined();
    expect(await contractOf({ json: 'any', contract: errors }, null).found).toEqual(errors);
  });

  it('is refused in one sentence where the router would not understand it', async () => {
    const older = async () => ['buckets-1'];
    await expect(contractOf({ json: 'any', contract: errors }, null, older).found).rejects.toMatchObject({
      message: 'the code of function f does not understand what answers must hold (responses in mlreg.yaml)',
      mend: [expect.stringContaining('router.zip'), 'or take responses out of environments.prod'],
    });
  });

  it('is not as the champion’s where an older router runs, and nobody is refused for it', async () => {
    const { found, said } = contractOf(auto, earlier({ requests: 500, errors: 0 }), async () => []);
    expect([await found, said]).toEqual([undefined, []]);
  });

  it('is told where nobody may ask the router, and demanded all the same', async () => {
    const denied = async () => {
      throw new PlatformError({ kind: 'denied', action: 'lambda:InvokeFunction', message: 'denied' });
    };
    const { found, said } = contractOf({ json: 'any', contract: errors }, null, denied);
    expect([await found, said]).toEqual([errors, [expect.stringContaining('is not known')]]);
    const silent = contractOf(auto, earlier({ requests: 500, errors: 0 }), denied);
    expect([await silent.found, silent.said]).toEqual([undefined, []]);
  });
});
