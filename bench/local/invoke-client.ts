/*
 * Asks for predictions as fast as the answers come, in a process of its own, over kept-alive connections.
 * Usage: invoke-client.ts <sdk|plain> <url> <path> <connections> <seconds>; prints {"rate":requests/s}.
 */
import { Agent, type IncomingMessage, request } from 'node:http';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';

const [client = '', url = '', path = '', connections = '16', seconds = '5'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const rows = JSON.stringify([[5.1, 3.5, 1.4, 0.2]]);

/** The AWS SDK's client; asked directly, the model gets its requests at the model's own path. */
function sdkClient(): () => Promise<void> {
  const runtime = new SageMakerRuntimeClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    requestHandler: { httpAgent: agent },
  });
  runtime.middlewareStack.add(
    (next) => (args) => {
      (args.request as { path: string }).path = path;
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  return async () => {
    await runtime.send(
      new InvokeEndpointCommand({ EndpointName: 'bench', ContentType: 'application/json', Body: rows }),
    );
  };
}

/** node:http, unsigned but for the scope: the least that a client can cost. */
function plainClient(): () => Promise<void> {
  const target = new URL(path, url);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(rows),
    authorization: 'AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/sagemaker/aws4_request, Signature=0',
  };
  return () =>
    new Promise((resolve, reject) => {
      const sent = request(target, { method: 'POST', agent, headers }, (response: IncomingMessage) => {
        response.resume();
        response.once('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`${url}${path} answered ${response.statusCode}`));
        });
      });
      sent.once('error', reject);
      sent.end(rows);
    });
}

const ask = client === 'sdk' ? sdkClient() : plainClient();

async function rateOver(ms: number): Promise<number> {
  let answered = 0;
  const started = performance.now();
  const worker = async () => {
    while (performance.now() - started < ms) {
      await ask();
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: Number(connections) }, worker));
  return answered / ((performance.now() - started) / 1000);
}

await rateOver(1000);
const rate = await rateOver(Number(seconds) * 1000);
agent.destroy();
console.log(JSON.stringify({ rate }));
