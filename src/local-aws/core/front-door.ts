import { z } from 'zod';
import {
  accessDenied,
  AwsError,
  serviceFailure,
  signedAtAnotherTime,
  throttled,
  unrecognizedClient,
} from '../wire/aws-error.ts';
import { addressOf, decodeCall, type Address } from '../wire/decode.ts';
import { encodeAnswer, encodeError } from '../wire/encode.ts';
import type { Answer, Call, ServiceName, WireRequest, WireResponse } from '../wire/messages.ts';
import { predictionAddress, predictionOf } from '../wire/prediction.ts';
import type { Account } from './account.ts';
import type { FaultKind, Faults, FaultsRequest } from './faults.ts';
import type { Operations } from './operation.ts';
import { callerArn } from './sts.ts';
import { createCallRecord } from './permissions.ts';

/** Where requests come in: who asks, what may fail, which operation, and how its answer is spelled. */
export interface FrontDoor {
  handle(request: WireRequest): Promise<WireResponse>;
  /** Answers what hangs. */
  stop(): void;
}

export function createFrontDoor(
  account: Account,
  faults: Faults,
  services: Readonly<Record<ServiceName, Operations>>,
): FrontDoor {
  let requests = 0;
  const hanging = new Set<() => void>();
  const record = createCallRecord(account);

  const run = async (call: Call): Promise<Answer> => {
    const operation = Object.hasOwn(services[call.service], call.operation)
      ? services[call.service][call.operation]
      : undefined;
    if (operation === undefined) throw unknownOperation(call);
    const denied = faults.denied(call);
    if (denied !== undefined) throw accessDenied(call.service, denied, callerArn(account));
    const fault = faults.take(call);
    if (fault !== undefined) await before(fault, call);
    const answer = await operation(call);
    if (fault === 'error-after') throw injected(call);
    return answer;
  };
  const before = async (fault: FaultKind, call: Call): Promise<void> => {
    if (fault === 'throttle') throw throttled(call.service);
    if (fault === 'error-before') throw injected(call);
    if (fault === 'hang') {
      await new Promise<void>((resolve) => hanging.add(resolve));
      throw injected(call);
    }
  };

  /** By it a caller can tell by how much its own clock is wrong. */
  const dated = (response: WireResponse): WireResponse =>
    account.settings.datesAnswers
      ? { ...response, headers: { date: new Date(account.clock.now()).toUTCString(), ...response.headers } }
      : response;

  return {
    async handle(request) {
      const requestId = `00000000-0000-4000-8000-${(++requests).toString(16).padStart(12, '0')}`;
      const prediction = predictionOf(request);
      const address = prediction === undefined ? addressOf(request) : predictionAddress;
      try {
        checkToken(account, request, address.service);
        checkSigningTime(account, request, address.service);
        if (request.path === '/_local/faults') return adminAnswer(faults, request);
        if (request.path === '/_local/calls') {
          if (request.method === 'POST') record.start();
          return json(200, record.used());
        }
        if (address.unserved !== undefined) throw notImplemented(address.unserved);
        const call = prediction ?? decodeCall(request, address);
        record.take(request, call);
        return dated(encodeAnswer(address, call.operation, await run(call), requestId));
      } catch (error) {
        return dated(encodeError(address, asAwsError(error, address), requestId, request.method === 'HEAD'));
      }
    },
    stop() {
      for (const release of hanging) release();
      hanging.clear();
    },
  };
}

function checkToken({ settings }: Account, request: WireRequest, service: ServiceName): void {
  const token = settings.sessionToken;
  if (token !== undefined && request.headers['x-amz-security-token'] !== token)
    throw unrecognizedClient(service);
}

function checkSigningTime({ settings, clock }: Account, request: WireRequest, service: ServiceName): void {
  const signed = request.headers['x-amz-date'];
  if (!settings.checksSigningTime || typeof signed !== 'string') return;
  const iso = signed.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5');
  const refusal = signedAtAnotherTime(service, Date.parse(iso), clock.now());
  if (refusal !== null) throw refusal;
}

function unknownOperation(call: Call): AwsError {
  const what = call.operation === 'Unknown' ? call.described : call.operation;
  return notImplemented(`${call.service} ${what}`);
}

function notImplemented(what: string): AwsError {
  return new AwsError('NotImplemented', 501, `Local AWS does not implement ${what}`);
}

function injected(call: Call): AwsError {
  return serviceFailure(call.service, `Injected fault in ${call.operation}`);
}

/** A bug of local AWS must still be answered, and named. */
function asAwsError(error: unknown, { service }: Address): AwsError {
  if (error instanceof AwsError) return error;
  return serviceFailure(
    service,
    `Local AWS failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
}

function adminAnswer(faults: Faults, request: WireRequest): WireResponse {
  try {
    if (request.method === 'POST')
      faults.apply(JSON.parse(Buffer.from(request.body).toString('utf8')) as FaultsRequest);
    return json(200, faults.current());
  } catch (error) {
    return json(400, { message: error instanceof z.ZodError ? z.prettifyError(error) : String(error) });
  }
}

function json(status: number, value: unknown): WireResponse {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  };
}
