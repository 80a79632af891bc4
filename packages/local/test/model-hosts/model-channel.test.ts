import { beforeEach, expect, it } from 'vitest';
import { type ChannelRequest, modelChannel } from '../../src/model-hosts/model-channel.ts';

const turn = () => new Promise(setImmediate);
const body = Buffer.from('[1]');
const headers = { accept: 'text/csv' };
const ask = (signal = new AbortController().signal) => channel.invoke({ headers, body, signal });

let sent: (readonly ChannelRequest[])[];
let isThere: boolean;
let channel: ReturnType<typeof modelChannel>;
beforeEach(() => {
  sent = [];
  isThere = true;
  channel = modelChannel('primary', (requests) => {
    if (isThere) sent.push(requests);
    return isThere;
  });
});

it('requests of one turn are one message, and each gets its own response', async () => {
  const answers = [ask(), ask()];
  await turn();
  const [first = 0, second = 0] = sent.flat().map(({ id }) => id);
  expect(sent).toEqual([[first, second].map((id) => ({ id, headers, body }))]);
  const type = { 'content-type': 'text/csv' };
  channel.answered([
    { id: second, status: 400, headers: type, body: Buffer.from('b') },
    { id: first, status: 200, headers: type, body: 'a' },
  ]);
  const expected = [200, 400].map((status) => ({ status, headers: type, container: 'primary' }));
  expect(await Promise.all(answers)).toMatchObject(expected);
  expect((await Promise.all(answers)).map((answer) => String(answer.body))).toEqual(['a', 'b']);
});

it('a request that is aborted fails at once, and its response is dropped', async () => {
  const abort = new AbortController();
  const answer = ask(abort.signal);
  await turn();
  abort.abort(new Error('too late'));
  await expect(answer).rejects.toThrow('too late');
  channel.answered([{ id: 1, status: 200, headers: {}, body: '' }]);
  await expect(ask(abort.signal)).rejects.toThrow('too late');
  await turn();
  expect(sent).toHaveLength(1);
});

it('a request to a host that has ended was not sent, and one that it had did not get an answer', async () => {
  const open = ask();
  await turn();
  channel.end(new Error('The container ended: with status 1'));
  await expect(open).rejects.toThrow('with status 1');
  isThere = false;
  await expect(ask()).rejects.toMatchObject({ name: 'NotSent' });
});
