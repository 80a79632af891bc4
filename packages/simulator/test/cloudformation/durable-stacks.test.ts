import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { harness } from './harness.ts';

const thing = (Value: unknown, more: object = {}) => ({ Type: 'Test::Thing', Properties: { Value, ...more } });
const never = { Properties: { ServiceToken: 'arn:aws:lambda:us-east-1:000000000000:function:f' } };
const waiting = { Type: 'Custom::Waiting', ...never };

/** Another account that has loaded the stacks of `h`. */
function reloaded(h: ReturnType<typeof harness>) {
  const next = harness();
  next.service('lambda', { Invoke: () => ({}) });
  next.cfn.service.durable?.load(deserialize(serialize(h.cfn.service.durable?.save())));
  return next;
}

const statusOf = async (h: ReturnType<typeof harness>) =>
  (await h.call('DescribeStacks', { StackName: 'demo' })).Stacks[0].StackStatus;

describe('a stack after a restart', () => {
  it('that was updated meanwhile can be deployed with the old template, which is then made true', async () => {
    const h = harness();
    h.service('lambda', { Invoke: () => ({}) });
    await h.run(h.deploy({ A: thing(1) }));
    void h.deploy({ A: thing(2), W: waiting });
    await h.clock.advance(0);
    expect(await statusOf(h)).toBe('UPDATE_IN_PROGRESS');
    const next = reloaded(h);
    expect(await statusOf(next)).toBe('UPDATE_ROLLBACK_COMPLETE');
    const { changed, status } = await next.run(next.deploy({ A: thing(1) }));
    expect([changed, status]).toEqual([true, 'UPDATE_COMPLETE']);
  });

  it.each<[string, (h: ReturnType<typeof harness>) => unknown, string]>([
    ['created', (h) => h.deploy({ W: waiting }), 'CREATE_FAILED'],
    ['complete', (h) => h.deploy({ A: thing(1) }), 'CREATE_COMPLETE'],
  ])('that was %s meanwhile is %s', async (_name, begin, status) => {
    const h = harness();
    h.service('lambda', { Invoke: () => ({}) });
    void begin(h);
    await h.clock.advance(0);
    expect(await statusOf(reloaded(h))).toBe(status);
  });
});
