import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { readArguments } from '../src/arguments.ts';
import { runCommand, startCommand } from './command-process.ts';

/** No service answers there. */
const NOWHERE = 'http://127.0.0.1:1';

test('freshpoint console prints its address, serves the account of the credentials, and ends on SIGTERM', async () => {
  const child = startCommand(['console', '--port', '0'], NOWHERE);
  const errors = text(child.stderr);
  const closed = once(child, 'close');
  let address: URL | undefined;
  for await (const line of createInterface(child.stdout)) {
    if (!line.includes('http://')) continue;
    address = new URL(line.trim());
    expect(line).toMatch(/^ {2}http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{22}$/);
    const authorization = address.hash.replace('#token=', 'Bearer ');
    const { body } = await fetch(new URL('/events', address), { headers: { authorization } });
    const { value } = (await body?.getReader().read()) ?? {};
    expect(Buffer.from(value ?? []).toString()).toMatch(
      /^data: \{"kind":"problem","message":"ssm:GetParametersByPath \(\/freshpoint\) got no response: /,
    );
    child.kill('SIGTERM');
  }
  await closed;
  expect([child.exitCode, await errors]).toEqual([0, '']);
  await expect(fetch(new URL('/', address))).rejects.toThrow();
});

test('freshpoint console has another token at each start', async () => {
  const tokens = [1, 2].map(async () => {
    const child = startCommand(['console', '--port', '0', '--json'], NOWHERE);
    const closed = once(child, 'close');
    const [line] = await once(createInterface(child.stdout), 'line');
    child.kill('SIGTERM');
    await closed;
    return new URL(JSON.parse(line).url).hash;
  });
  expect(new Set(await Promise.all(tokens)).size).toBe(2);
});

test('freshpoint console rejects a port that is in use', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { exitCode, error } = await runCommand(['console', '--port', String(port)], NOWHERE);
  expect(exitCode).toBe(2);
  expect(error).toContain(`Port ${port} is in use. Choose another with --port, or use --port 0 for a free one.`);
  server.close();
});

test('freshpoint console has a port of its own, and the options of the AWS CLI', () => {
  expect(readArguments(['console'])).toEqual({ command: 'console', port: 4581, format: 'text' });
  expect(readArguments(['console', '--port', '0', '--profile', 'oncall', '--region', 'eu-west-1'])).toEqual({
    ...{ command: 'console', port: 0, format: 'text', profile: 'oncall', region: 'eu-west-1' },
  });
  expect(() => readArguments(['console', 'Iris/Endpoint'])).toThrow('Unexpected argument "Iris/Endpoint".');
});
