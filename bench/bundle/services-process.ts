/*
 * Answers what the handler asks when nothing is to be done: spec and state, an endpoint in service, one source object
 * whose revision is served. In a process of its own; nothing is checked.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { type EndpointSpec, specParameterName, stateKey } from '@freshpoint/cdk/contract';
import type { EndpointState } from '@freshpoint/engine/policy/state';
import { serveParent } from '../support/serve.ts';

const endpoint = 'Bench/Endpoint';
const written = new Date('2026-01-01T00:00:00Z');
const uri = 's3://bench/model.tar.gz';
const revision = createHash('sha256')
  .update(`${JSON.stringify([uri, 'e', 1])}\n`)
  .digest('hex');
const spec: EndpointSpec = {
  version: 1,
  endpointName: 'bench',
  stackId: 'arn:aws:cloudformation:us-east-1:000000000000:stack/Bench/1',
  store: { bucket: 'bench-data', prefix: `${endpoint}/` },
  configs: { a: 'bench-a', b: 'bench-b' },
  sources: [{ bucket: 'bench', key: 'model.tar.gz' }],
  waitTime: 60,
  retainAllVariantProperties: true,
  retainDeploymentConfig: true,
};
const newestSource = written.getTime();
const state: EndpointState = {
  version: 1,
  serving: { configName: 'bench-a', revision, newestSource, since: newestSource + 600_000 },
};
const parameters = [{ Name: specParameterName(endpoint), Value: JSON.stringify(spec), Version: 1 }];
const answers: Readonly<Record<string, object>> = {
  'AmazonSSM.GetParameters': { Parameters: parameters, InvalidParameters: [] },
  'SageMaker.DescribeEndpoint': {
    EndpointName: 'bench',
    EndpointConfigName: 'bench-a',
    EndpointStatus: 'InService',
    CreationTime: newestSource / 1000,
    LastModifiedTime: newestSource / 1000 + 600,
  },
};

const server = createServer((request, response) => {
  request.resume();
  if (request.method === 'HEAD') {
    response.writeHead(200, { etag: '"e"', 'content-length': 1, 'last-modified': written.toUTCString() }).end();
    return;
  }
  if (request.method === 'GET' && request.url?.includes(stateKey(spec.store))) {
    const stored = JSON.stringify(state);
    response.writeHead(200, { etag: '"s"', 'content-length': stored.length }).end(stored);
    return;
  }
  const body = JSON.stringify(answers[String(request.headers['x-amz-target'])] ?? {});
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': body.length }).end(body);
});
server.keepAliveTimeout = 60_000;
serveParent(server);
