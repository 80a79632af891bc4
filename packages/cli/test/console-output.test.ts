import type { StackEvent } from '@freshpoint/local';
import { describe, expect, test } from 'vitest';
import { type ConsoleOutput, jsonOutput, textOutput } from '../src/console-output.ts';

const EVENT: StackEvent = {
  eventId: 'e',
  stackId: 's',
  stackName: 'Iris',
  timestamp: new Date(0),
  logicalId: 'Queue1',
  physicalId: 'q',
  type: 'AWS::SQS::Queue',
  status: 'CREATE_FAILED',
  reason: 'no\x1b[31m room\n',
};
const recorded = (type: string, logicalId: string) => ({
  type,
  logicalId,
  physicalId: 'p',
  isRecordOnly: true,
  recordedParts: [],
});
const IRIS = {
  stackName: 'Iris',
  outputs: { Name: 'x', ExportsOutputRefA: 'y' },
  resources: [
    recorded('AWS::SNS::Topic', 'T'),
    recorded('AWS::EC2::Subnet', 'A'),
    recorded('AWS::EC2::Subnet', 'B'),
    { ...recorded('AWS::SQS::Queue', 'Q'), isRecordOnly: false },
    { ...recorded('AWS::S3::Bucket', 'D'), isRecordOnly: false, recordedParts: ['CorsConfiguration'] },
  ],
};
const SWAP = JSON.stringify({
  message: 'NewRevision',
  endpoint: 'Iris/Endpoint',
  decision: 'swap',
  reason: 'NewRevision',
  revision: 'abc',
  slot: 'b',
  seconds: 30,
});

function linesOf(
  create: (write: (line: string) => void) => ConsoleOutput,
  use: (output: ConsoleOutput) => void,
): string[] {
  const lines: string[] = [];
  use(create((line) => lines.push(line)));
  return lines;
}
const text = (use: (output: ConsoleOutput) => void) =>
  linesOf((write) => textOutput(write, () => new Date(2026, 0, 1, 9, 5, 7).getTime()), use);
const json = (use: (output: ConsoleOutput) => void) => linesOf(jsonOutput, use).map((line) => JSON.parse(line));

describe('lines for people', () => {
  test('name a resource when it is done, without control characters', () => {
    expect(
      text((output) => {
        output.stackEvent({ ...EVENT, status: 'CREATE_IN_PROGRESS', reason: undefined });
        output.stackEvent(EVENT);
      }),
    ).toEqual(['09:05:07  CREATE_FAILED       Iris  AWS::SQS::Queue  Queue1: no room ']);
  });

  test('end a deployment with its outputs and a line to copy', () => {
    const lines = text((output) => output.ready('http://127.0.0.1:1', [IRIS]));
    expect(lines).toContain(
      'Recorded only, not simulated: 2 × AWS::EC2::Subnet, AWS::S3::Bucket (CorsConfiguration), AWS::SNS::Topic',
    );
    expect(lines.filter((line) => line.includes(' = '))).toEqual(['Iris.Name = x']);
    expect(lines).toContain('AWS_ENDPOINT_URL=http://127.0.0.1:1');
    expect(lines).toContain(
      'export AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local',
    );
  });

  test('say why a deployment failed, and how to go on', () => {
    const lines = text((output) => output.failed('http://127.0.0.1:1', 'no \x1b[31mbucket'));
    expect(lines).toContain('The deployment failed. no bucket');
    expect(lines).toContain('Press Ctrl-C to stop.');
  });

  test('show what the containers of an instance that failed wrote last, and where the rest is', () => {
    const failure = { endpointName: 'iris', variantName: 'All', instanceId: 'i-1', reason: 'no ping' };
    expect(text((output) => output.instanceFailure({ ...failure, lines: ['a', 'b\x1b[0m'] }))).toEqual([
      '09:05:07  iris  instance i-1 failed: no ping',
      '            a',
      '            b',
      '            log: /aws/sagemaker/Endpoints/iris  All/i-1',
    ]);
  });

  test('say why a function failed, in either format of its log', () => {
    const error = { errorType: 'Error', errorMessage: 'no \x1b[31msuch module', trace: [] };
    expect(
      text((output) => {
        output.functionLine(`2026-11-26T21:00:00.000Z\t1\tERROR\tInvoke Error \t${JSON.stringify(error)}`, 'Own-F');
        output.functionLine(JSON.stringify({ level: 'ERROR', message: 'Uncaught Exception ', ...error }), 'Own-F');
        output.functionLine(`2026-11-26T21:00:00.000Z\t1\tERROR\t${JSON.stringify(error)}`, 'Own-F');
      }),
    ).toEqual(Array(2).fill('09:05:07  function Own-F failed: no such module'));
  });

  test("print the controller's decisions and errors, and nothing else that the function logs", () => {
    expect(
      text((output) => {
        output.functionLine('START RequestId: 1', 'f');
        output.functionLine('null', 'f');
        output.functionLine('{"_aws":{}}', 'f');
        output.functionLine(SWAP, 'f');
        output.functionLine(
          '{"message":"error","endpoint":"Iris/Endpoint","error":{"message":"no"},"seconds":15}',
          'f',
        );
      }),
    ).toEqual([
      '09:05:07  Iris/Endpoint  swap (NewRevision)  revision abc  slot b  next pass in 30 s',
      '09:05:07  Iris/Endpoint  error: no  next pass in 15 s',
    ]);
  });
});

describe('lines for programs', () => {
  test('are one JSON object each', () => {
    expect(
      json((output) => {
        output.started('http://127.0.0.1:1');
        output.stackEvent(EVENT);
        output.functionLine('END', 'f');
        output.functionLine(SWAP, 'f');
        output.problem(new Error('lost'));
        output.failed('http://127.0.0.1:1', 'no bucket');
        output.ready('http://127.0.0.1:1', [IRIS]);
      }).map(({ event }) => event),
    ).toEqual(['started', 'resource', 'controller', 'problem', 'failed', 'ready']);
  });
});
