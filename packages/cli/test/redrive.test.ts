import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { expect, test } from 'vitest';
import type { EndpointAccount } from '../src/endpoints/account.ts';
import type { DeadLetter, DeadLetters } from '../src/endpoints/dead-letters.ts';
import { runRedrive } from '../src/endpoints/redrive.ts';
import { ID } from './records.ts';

const letters: DeadLetter[] = [
  { body: JSON.stringify({ version: 1, endpoint: ID }), reason: 'stalled' },
  { body: JSON.stringify({ version: 1, endpoint: 'Other/Endpoint' }), reason: 'of another endpoint' },
  { body: JSON.stringify({ version: 1, endpoint: ID, gate: {} }), reason: 'a gate' },
  { body: JSON.stringify({ version: 1, endpoint: ID, confirmation: {} }), reason: 'a confirmation' },
  { body: 'no JSON' },
  { body: 'null' },
];
const deadLetters: DeadLetters = { move: async (_, isChosen) => letters.filter(isChosen) };
const account = {
  read: async () => ({ spec: { queueUrl: 'https://queue' } as EndpointSpec, state: { version: 1 } }),
} as unknown as EndpointAccount;

test('redrive moves reconcile requests of the endpoint only: the requests of deployments stay', async () => {
  const lines: string[] = [];
  const context = { account, deadLetters, write: (line: string) => void lines.push(line) };
  await runRedrive({ command: 'redrive', endpoint: ID, format: 'text' }, context);
  expect(lines).toEqual(['moved back to the work queue: stalled']);
});
