import { expect, it } from 'vitest';
import { createClients } from '../../../src/aws/clients.ts';
import { createDispatcher } from '../../../src/aws/step-functions.ts';
import { rolloutId } from '../../../src/domain/units.ts';
import { PlatformError } from '../../../src/ports/platform.ts';

/** What Step Functions and STS answer, on the wire; local AWS has no Step Functions. */
function dispatcher(answers: (target: string) => { status: number; body: string }) {
  const asked: { target: string; body: any }[] = [];
  const handle = async (request: any) => {
    const text = request.body === undefined ? '' : Buffer.from(request.body).toString();
    const target = request.headers['x-amz-target'] ?? 'STS';
    asked.push({ target, body: text.startsWith('{') ? JSON.parse(text) : text });
    const { status, body } = answers(target);
    const type = target === 'STS' ? 'text/xml' : 'application/x-amz-json-1.0';
    return { response: { statusCode: status, headers: { 'content-type': type }, body: Buffer.from(body) } };
  };
  const clients = createClients({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler: { handle, destroy: () => undefined, metadata: { handlerProtocol: 'x' } } as never,
  });
  const made = createDispatcher({
    clients,
    stateMachine: 'mlreg-rollout-prod',
    environment: 'prod',
    model: 'flights',
  });
  return { asked, dispatch: () => made.dispatch(rolloutId('r-1'), 7) };
}
const who = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:sts::123456789012:assumed-role/deploy/ana</Arn><UserId>x</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>`;
const refused = (type: string) => ({ status: 400, body: JSON.stringify({ __type: type, message: type }) });

it('starts an execution by a name of its own, with what a lap needs', async () => {
  const { asked, dispatch } = dispatcher((target) =>
    target === 'STS'
      ? { status: 200, body: who }
      : { status: 200, body: '{"executionArn":"arn","startDate":1}' },
  );
  await dispatch();
  expect(asked.map(({ target }) => target)).toEqual(['STS', 'AWSStepFunctions.StartExecution']);
  const { input, ...rest } = asked[1]?.body;
  expect(rest).toEqual({
    stateMachineArn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:mlreg-rollout-prod',
    name: 'r-1-7',
  });
  expect(JSON.parse(input)).toEqual({
    kind: 'lap',
    environment: 'prod',
    model: 'flights',
    rollout: 'r-1',
    lap: 0,
  });
});

it('asked twice is asked once', async () => {
  const { dispatch } = dispatcher((target) =>
    target === 'STS' ? { status: 200, body: who } : refused('ExecutionAlreadyExists'),
  );
  await expect(dispatch()).resolves.toBeUndefined();
});

it.each(['StateMachineDoesNotExist', 'AccessDeniedException'])('%s is no start', async (type) => {
  const { dispatch } = dispatcher((target) =>
    target === 'STS' ? { status: 200, body: who } : refused(type),
  );
  await expect(dispatch()).rejects.toThrow(PlatformError);
});
