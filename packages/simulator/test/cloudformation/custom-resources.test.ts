// biome-ignore-all lint/suspicious/noExplicitAny: AWS's shapes
import { describe, expect, it } from 'vitest';
import type { CustomResponse } from '../../src/cloudformation/index.ts';
import { harness, thing } from './harness.ts';

const ServiceToken = 'arn:aws:lambda:us-east-1:000000000000:function:maker';

const custom = (properties: object = {}, more: object = {}) => ({
  Type: 'Custom::Maker',
  Properties: { ServiceToken, ...properties },
  ...more,
});

type Event = Record<string, any>;

/** A harness whose function responds with the result of `answer`, or never if that is undefined. */
function withFunction(answer: (event: Event) => CustomResponse | undefined) {
  const h = harness();
  const requests: Event[] = [];
  h.service('lambda', {
    Invoke: ({ FunctionName, InvocationType, Payload }) => {
      const event = JSON.parse(Buffer.from(Payload).toString());
      requests.push({ FunctionName, InvocationType, ...event });
      const response = answer(event);
      if (response) h.answers.get(event.ResponseURL)?.(response);
      return { StatusCode: 202 };
    },
  });
  return { ...h, requests };
}

const success = (event: Event): CustomResponse => ({
  Status: 'SUCCESS',
  PhysicalResourceId: event.PhysicalResourceId ?? 'made',
  Data: { Answer: '42', 'Dotted.Name': 'dotted' },
});

describe('a custom resource', () => {
  it('invokes its function asynchronously with the whole request, scalars as text', async () => {
    const h = withFunction(success);
    await h.run(h.deploy({ C: custom({ Number: 1, Deep: { Flag: true, List: [1, 'a'] } }) }));
    expect(h.requests).toEqual([
      {
        FunctionName: ServiceToken,
        InvocationType: 'Event',
        RequestType: 'Create',
        ServiceToken,
        ResponseURL: 'http://response/1',
        StackId: expect.stringMatching(/^arn:aws:cloudformation:/),
        RequestId: expect.any(String),
        LogicalResourceId: 'C',
        ResourceType: 'Custom::Maker',
        ResourceProperties: { ServiceToken, Number: '1', Deep: { Flag: 'true', List: ['1', 'a'] } },
      },
    ]);
  });

  it('has its Data as attributes and its physical id as Ref', async () => {
    const h = withFunction(success);
    const { outputs } = await h.run(
      h.deploy(
        { C: custom() },
        {
          Outputs: {
            Ref: { Value: { Ref: 'C' } },
            Answer: { Value: { 'Fn::GetAtt': ['C', 'Answer'] } },
            Dotted: { Value: { 'Fn::GetAtt': ['C', 'Dotted.Name'] } },
          },
        },
      ),
    );
    expect(outputs).toEqual({ Ref: 'made', Answer: '42', Dotted: 'dotted' });
  });

  it('without the requested attribute fails the stack', async () => {
    const h = withFunction(success);
    await expect(
      h.run(h.deploy({ C: custom(), A: thing({ Value: { 'Fn::GetAtt': ['C', 'Other'] } }) })),
    ).rejects.toThrow("Vendor response doesn't contain Other attribute");
  });

  it('is updated with its id and old properties', async () => {
    const h = withFunction(success);
    await h.run(h.deploy({ C: custom({ V: 1 }) }));
    await h.run(h.deploy({ C: custom({ V: 2 }) }));
    expect(h.requests[1]).toMatchObject({
      RequestType: 'Update',
      PhysicalResourceId: 'made',
      ResourceProperties: { V: '2' },
      OldResourceProperties: { V: '1' },
    });
    expect(h.requests).toHaveLength(2);
  });

  it('that changes its physical id is deleted under the old one at the end', async () => {
    const h = withFunction((event) => ({ ...success(event), PhysicalResourceId: `id-${event.ResourceProperties.V}` }));
    await h.run(h.deploy({ C: custom({ V: 1 }), A: thing({ Value: { Ref: 'C' } }) }));
    await h.run(h.deploy({ C: custom({ V: 2 }), A: thing({ Value: { Ref: 'C' } }) }));
    expect(h.log.at(-1)).toBe('update A');
    expect(h.requests.map(({ RequestType, PhysicalResourceId }) => [RequestType, PhysicalResourceId])).toEqual([
      ['Create', undefined],
      ['Update', 'id-1'],
      ['Delete', 'id-1'],
    ]);
    expect(h.requests[2]?.ResourceProperties.V).toBe('1');
  });

  it('is rolled back by an update with old and new properties exchanged', async () => {
    const h = withFunction(success);
    await h.run(h.deploy({ C: custom({ V: 1 }) }));
    await expect(
      h.run(h.deploy({ C: custom({ V: 2 }), A: thing({ Fail: 'create' }, { DependsOn: 'C' }) })),
    ).rejects.toThrow('A is refused');
    expect(h.requests[2]).toMatchObject({
      RequestType: 'Update',
      ResourceProperties: { V: '1' },
      OldResourceProperties: { V: '2' },
    });
  });

  it('that responds FAILED fails with its reason, and is deleted under the id of its response', async () => {
    const h = withFunction((event) =>
      event.RequestType === 'Create'
        ? { Status: 'FAILED', Reason: 'no luck', PhysicalResourceId: 'half' }
        : success(event),
    );
    await expect(h.run(h.deploy({ C: custom() }))).rejects.toThrow(
      /Received response status \[FAILED\] from custom resource\. Message returned: no luck \(RequestId: [-0-9a-f]+\)/,
    );
    expect(h.requests[1]).toMatchObject({ RequestType: 'Delete', PhysicalResourceId: 'half' });
  });

  it.each([
    [3_600_000, {}],
    [60_000, { ServiceTimeout: 60 }],
  ])('that never responds fails after %i ms', async (ms, properties) => {
    const h = withFunction((event) => (event.RequestType === 'Create' ? undefined : success(event)));
    const start = h.clock.now();
    await expect(h.run(h.deploy({ C: custom(properties) }))).rejects.toThrow(
      'CloudFormation did not receive a response from your Custom Resource.',
    );
    expect(h.clock.now() - start).toBe(ms);
    expect(h.requests[1]).toMatchObject({
      RequestType: 'Delete',
      PhysicalResourceId: expect.stringMatching(/^demo-C-[0-9A-Z]{12}$/),
    });
  });

  it('is cancelled when another resource has failed', async () => {
    const h = withFunction((event) => (event.RequestType === 'Create' ? undefined : success(event)));
    const start = h.clock.now();
    await expect(h.run(h.deploy({ C: custom(), A: thing({ DelayMs: 500, Fail: 'create' }) }))).rejects.toMatchObject({
      event: { logicalId: 'A' },
    });
    expect(h.clock.now() - start).toBe(500);
    expect(h.events.find(({ status, logicalId }) => status === 'CREATE_FAILED' && logicalId === 'C')?.reason).toBe(
      'Resource creation cancelled',
    );
  });

  it('is cancelled if it is invoked after another resource has failed', async () => {
    const h = harness();
    h.service('lambda', { Invoke: () => new Promise((done) => h.clock.schedule(1000, () => done({}))) });
    const start = h.clock.now();
    const failing = h.run(h.deploy({ C: custom({ ServiceTimeout: 60 }), A: thing({ DelayMs: 500, Fail: 'create' }) }));
    await expect(failing).rejects.toMatchObject({ event: { logicalId: 'A' } });
    // Its deletion is not cancelled: that takes the second invocation and the whole timeout.
    expect(h.clock.now() - start).toBe(1000 + 1000 + 60_000);
  });

  it('whose service token is no function, or changes, is refused', async () => {
    const h = withFunction(success);
    await expect(h.run(h.deploy({ C: custom({ ServiceToken: 'arn:aws:sns:us-east-1:0:t' }) }))).rejects.toThrow(
      'Invalid service token',
    );
    await h.run(h.deploy({ C: custom() }));
    await expect(h.run(h.deploy({ C: custom({ ServiceToken: `${ServiceToken}2` }) }))).rejects.toThrow(
      'Modifying service token is not allowed.',
    );
  });
});
