import { beforeEach, describe, expect, it } from 'vitest';
import { account, createInput, inMemory } from './fakes.ts';

const fnArn = `arn:aws:lambda:us-east-1:${account.accountId}:function:fn`;
const noneArn = `arn:aws:lambda:us-east-1:${account.accountId}:function:none`;
const prefix =
  '(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?';
const pattern = `${prefix}([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`;
const newPattern = `${prefix}([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?`;
const mismatch = 'The derived qualifier from the function name does not match the specified qualifier.';
const long = 'a'.repeat(129);
const tooLong = (value: string, at: string, max: number) =>
  `Value '${value}' at '${at}' failed to satisfy constraint: Member must have length less than or equal to ${max}`;
const unlike = (value: string, at: string, rule: string) =>
  `Value '${value}' at '${at}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${rule}`;

describe('Lambda refuses', () => {
  let call: ReturnType<typeof inMemory>['call'];
  beforeEach(async () => {
    ({ call } = inMemory(() => undefined));
    await call('CreateFunction', createInput());
  });

  const statement = { StatementId: 's', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' };
  it.each([
    ['GetFunction', { FunctionName: 'a!' }, `1 validation error detected: ${unlike('a!', 'functionName', pattern)}`],
    ['Invoke', { FunctionName: `${fnArn}:1:2` }, unlike(`${fnArn}:1:2`, 'functionName', pattern)],
    ['GetFunction', { FunctionName: 'arn:aws:lambda:nowhere:0:function:fn' }, pattern],
    [
      'GetFunction',
      { FunctionName: 'fn', Qualifier: 'x!' },
      unlike('x!', 'qualifier', '\\$(LATEST(\\.PUBLISHED)?)|[a-z'),
    ],
    [
      'DeleteFunction',
      { FunctionName: '*', Qualifier: long },
      `2 validation errors detected: ${tooLong(long, 'qualifier', 128)}; ${unlike('*', 'functionName', pattern)}`,
    ],
    ['GetFunction', { FunctionName: `${fnArn}:1`, Qualifier: '2' }, mismatch],
    ['DeleteFunction', { FunctionName: `${fnArn}:$LATEST`, Qualifier: '2' }, mismatch],
    ['DeleteFunction', { FunctionName: 'none', Qualifier: '$LATEST' }, '$LATEST version cannot be deleted without'],
    ['DeleteFunction', { FunctionName: 'fn', Qualifier: 'live' }, 'Deletion of aliases is not currently supported.'],
    ['DeleteFunction', { FunctionName: 'none', Qualifier: '$latest' }, `Function not found: ${noneArn}`],
    ['GetFunction', { FunctionName: 'none:$LATEST' }, `Function not found: ${noneArn}:$LATEST`],
    ['GetFunction', { FunctionName: 'a.b' }, 'Function not found: '],
    ['Invoke', { FunctionName: 'none' }, `Function not found: ${noneArn}:$LATEST`],
    ['PutFunctionConcurrency', { FunctionName: 'none' }, `Function not found: ${noneArn}:$LATEST`],
    [
      'PutFunctionConcurrency',
      { FunctionName: `${fnArn}:$LATEST` },
      'Aliases and versions do not support this operation.',
    ],
    [
      'GetFunctionEventInvokeConfig',
      { FunctionName: 'none', Qualifier: '3' },
      `The function ${noneArn}:3 doesn't have an EventInvokeConfig`,
    ],
    ['GetPolicy', { FunctionName: 'none' }, 'The resource you requested does not exist.'],
    ['RemovePermission', { FunctionName: 'none', StatementId: 's' }, `No policy found for: ${noneArn}`],
    ['AddPermission', { FunctionName: 'none', ...statement }, `Function not found: ${noneArn}`],
    ['AddPermission', { FunctionName: 'fn:$LATEST', ...statement }, 'do not support adding policies for $LATEST.'],
    ['AddPermission', { FunctionName: 'fn', Qualifier: '3', ...statement }, `Function not found: ${fnArn}:3`],
    ['AddPermission', { FunctionName: 'fn', Qualifier: 'live', ...statement }, `Cannot find alias arn: ${fnArn}:live`],
    ['AddPermission', { FunctionName: 'fn', ...statement, Principal: 's3' }, 'The provided principal was invalid.'],
    ['AddPermission', { FunctionName: 'fn', ...statement, StatementId: 'a.b' }, 'pattern: ([a-zA-Z0-9-_]+)'],
    [
      'AddPermission',
      { FunctionName: 'fn', ...statement, Action: 's3:x' },
      'pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])',
    ],
    [
      'AddPermission',
      { FunctionName: 'fn', ...statement, SourceAccount: '1' },
      unlike('1', 'sourceAccount', '\\d{12}'),
    ],
    ['AddPermission', { FunctionName: 'fn', ...statement, SourceArn: 'x' }, "Value 'x' at 'sourceArn'"],
    ['TagResource', { Resource: 'arn:aws:x', Tags: { a: '1' } }, 'arn:(aws[a-zA-Z-]*):lambda:(eusc-)?'],
    [
      'ListTags',
      { Resource: fnArn.replace(/function:.*/, 'capacity-provider:c') },
      'Capacity provider not found: arn:',
    ],
    ['TagResource', { Resource: fnArn, Tags: {} }, 'An error occurred and the request cannot be processed.'],
    ['CreateEventSourceMapping', { FunctionName: 'fn' }, 'Unrecognized event source.'],
    [
      'CreateEventSourceMapping',
      { FunctionName: 'none', EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:q' },
      'Function does not exist',
    ],
    [
      'CreateEventSourceMapping',
      { FunctionName: 'fn', EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:q', DestinationConfig: {} },
      'Unsupported DestinationConfig parameter',
    ],
  ])('%s with %j', async (operation, input, message) => {
    await expect(call(operation, input)).rejects.toThrow(message);
  });

  it.each([
    [{ FunctionName: `x:${'a'.repeat(140)}` }, tooLong(`x:${'a'.repeat(140)}`, 'functionName', 140)],
    [{ FunctionName: 'a.b' }, unlike('a.b', 'functionName', newPattern)],
    [{ FunctionName: 'a'.repeat(65) }, tooLong('a'.repeat(65), 'functionName', 64)],
    [{ Role: 'r1' }, 'pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+'],
    [{ SnapStart: { ApplyOn: 'x' } }, 'enum value set: [PublishedVersions, None]'],
    [{ TracingConfig: { Mode: 'x' } }, 'enum value set: [Active, PassThrough]'],
    [{ LoggingConfig: { LogFormat: 'x' } }, 'enum value set: [JSON, Text]'],
    [{ LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'TRACE' } }, 'enum value set: [DEBUG, INFO, WARN]'],
    [{ Runtime: 'nodejs14.x' }, 'The runtime parameter of nodejs14.x is no longer supported'],
    [
      { Runtime: 'cobol' },
      "Value cobol at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [",
    ],
    [{ Architectures: ['x86_64', 'arm64'] }, "Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint"],
    [
      { Architectures: ['X86_64'] },
      'Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64]',
    ],
  ])('a new function with %o', async (changes, message) => {
    await expect(call('CreateFunction', createInput({ FunctionName: 'new', ...changes }))).rejects.toThrow(message);
  });

  it('an archive that is too large', async () => {
    const Code = { ZipFile: Buffer.alloc(52_428_801) };
    await expect(call('CreateFunction', createInput({ FunctionName: 'new', Code }))).rejects.toMatchObject({
      code: 'RequestEntityTooLargeException',
      message: 'Zipped size must be smaller than 52428800 bytes',
    });
  });

  it.each([
    ['UpdateFunctionCode', { ZipFile: Buffer.from('zip') }],
    ['UpdateFunctionConfiguration', { Timeout: 4 }],
    ['AddPermission', statement],
    ['RemovePermission', { StatementId: 's' }],
  ])('%s of another revision', async (operation, input) => {
    if (operation === 'RemovePermission') await call('AddPermission', { FunctionName: 'fn', ...statement });
    const { RevisionId } = await call('GetFunctionConfiguration', { FunctionName: 'fn' });
    const run = (id: string) => call(operation, { FunctionName: 'fn', RevisionId: id, ...input });
    await expect(run('other')).rejects.toMatchObject({ code: 'PreconditionFailedException', status: 412 });
    await run(RevisionId);
  });

  it('no list of the mappings of a function that does not exist', async () => {
    expect(await call('ListEventSourceMappings', { FunctionName: 'none' })).toMatchObject({ EventSourceMappings: [] });
  });
});
