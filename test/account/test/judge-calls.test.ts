import { describe, expect, test } from 'vitest';
import {
  judgeApproval,
  judgeConditionalCopies,
  judgeCreateGrant,
  judgeDescribeAlarms,
  judgeKmsDenial,
  judgeMissingGroup,
  judgePackagesArn,
  judgePartCopies,
  judgePublicAccess,
  judgeTimeout,
} from '../probes/judge-calls.ts';
import type { CallEnd } from '../probes/refused-call.ts';
import { judgeRequeue } from '../probes/requeue-delay.ts';
import { judgeRollback, judgeRollbackOrder, type StackStep } from '../probes/rollback-stack.ts';

const accepted: CallEnd = { accepted: true, name: '', message: '' };
const refused = (message: string, status = 400, name = 'AccessDeniedException'): CallEnd => ({
  accepted: false,
  name,
  status,
  message,
});
const succeeded = { succeeded: true, reason: '', samples: [] };
const failed = (reason: string) => ({ succeeded: false, reason, samples: [] });

test('kms:CreateGrant is needed if the call is denied, or the update fails', () => {
  const denied = 'User is not authorized to perform: kms:CreateGrant';
  expect(judgeCreateGrant({ call: refused(denied) }).verdict).toBe('holds');
  expect(judgeCreateGrant({ call: accepted, update: failed('KMS') }).verdict).toBe('holds');
  expect(judgeCreateGrant({ call: accepted, update: succeeded }).verdict).toBe('differs');
  expect(judgeCreateGrant({ call: refused('No quota') }).verdict).toBe('open');
});

test('the role that may not describe the alarms is the one that the denial names', () => {
  const roles = { caller: 'Limited', execution: 'Execution' };
  const ofCaller = 'role/Limited is not authorized to perform: cloudwatch:DescribeAlarms';
  expect(judgeDescribeAlarms({ call: refused(ofCaller) }, roles)).toMatchObject({
    verdict: 'answered',
    answer: 'The call is refused: the caller needs cloudwatch:DescribeAlarms.',
  });
  const ofModel = 'role/Execution may not cloudwatch:DescribeAlarms';
  expect(judgeDescribeAlarms({ call: accepted, update: failed(ofModel) }, roles).answer).toContain(
    "the model's role needs",
  );
  expect(judgeDescribeAlarms({ call: accepted, update: succeeded }, roles).answer).toContain('Of neither');
  expect(judgeDescribeAlarms({ call: refused('No quota for Limited') }, roles).verdict).toBe('open');
  expect(judgeDescribeAlarms({ call: refused('alarms of Limited and Execution') }, roles).verdict).toBe('open');
});

test('the ARN of ListModelPackages is in the message of its denial', () => {
  const arn = (rest: string) => refused(`not authorized on resource: arn:aws:sagemaker:r:1:${rest} because no policy`);
  expect(judgePackagesArn(arn('model-package-group/x-Packages'), 'x-Packages').answer).toBe(
    'It is authorized on the group; the ARN has the name as given.',
  );
  expect(judgePackagesArn(arn('model-package/x-packages/*'), 'x-Packages').answer).toBe(
    'It is authorized on the packages; the ARN has the name in lower case.',
  );
  expect(judgePackagesArn(refused('on resource: *'), 'x-Packages').answer).toBe('It is authorized on *.');
  expect(judgePackagesArn(accepted, 'x-Packages').verdict).toBe('open');
  expect(judgePackagesArn(refused('denied'), 'x-Packages').verdict).toBe('open');
});

test("KMS's denial is 403, or it differs", () => {
  expect(judgeKmsDenial(refused('', 403)).verdict).toBe('holds');
  expect(judgeKmsDenial(refused('', 400))).toMatchObject({ verdict: 'differs', answer: 'It is answered with 400.' });
  expect(judgeKmsDenial(accepted).verdict).toBe('differs');
});

test('a missing group is an error or an empty list', () => {
  expect(judgeMissingGroup(refused('no', 400, 'ResourceNotFound')).answer).toBe('It is refused: ResourceNotFound.');
  expect(judgeMissingGroup(accepted).answer).toContain('no packages');
});

test('an approval changes the date of a package, or does not', () => {
  expect(judgeApproval(1, 1, 2).verdict).toBe('holds');
  expect(judgeApproval(1, undefined, 2).verdict).toBe('holds');
  expect(judgeApproval(1, 1, 1).verdict).toBe('differs');
  expect(judgeApproval(1, undefined, undefined)).toMatchObject({ verdict: 'differs', answer: 'There is none.' });
});

test('a timeout has an OriginalStatusCode, or none', () => {
  const end = { name: 'ModelError', status: 424, message: 'timed out', seconds: 60.2 };
  expect(judgeTimeout(end)).toMatchObject({ verdict: 'holds', evidence: [expect.stringMatching(/^after 60 s/)] });
  expect(judgeTimeout({ ...end, originalStatus: 504 }).verdict).toBe('differs');
  expect(judgeTimeout({ ...end, status: undefined }).verdict).toBe('open');
  expect(judgeTimeout(undefined).verdict).toBe('open');
});

test('conditions of a copy hold if all three do', () => {
  const precondition = refused('', 412);
  const kept = { ifOther: precondition, ifNone: precondition, ifSame: accepted };
  expect(judgeConditionalCopies(kept).verdict).toBe('holds');
  for (const name of ['ifOther', 'ifNone', 'ifSame'] as const) {
    const other = name === 'ifSame' ? precondition : accepted;
    expect(judgeConditionalCopies({ ...kept, [name]: other }).verdict).toBe('differs');
  }
});

test('parts have a rate, unless one is refused', () => {
  const copies = { parts: 16, partBytes: 256 * 1024 ** 2, seconds: 32, ends: [accepted] };
  expect(judgePartCopies(copies).answer).toBe('16 parts of 256 MiB at once are copied at 128 MiB/s.');
  expect(judgePartCopies({ ...copies, ends: [accepted, refused('SlowDown', 503)] }).verdict).toBe('differs');
});

test('the policy of the data bucket is for everyone, and public access is blocked', () => {
  const policy = (statement: object) => JSON.stringify({ Statement: [statement] });
  const ofRole = { Principal: { AWS: '*' }, Condition: { ArnEquals: { 'aws:PrincipalArn': 'arn' } } };
  expect(judgePublicAccess({ policy: policy(ofRole), blocksPublicAccess: true }).verdict).toBe('holds');
  expect(judgePublicAccess({ policy: policy(ofRole), blocksPublicAccess: false }).verdict).toBe('open');
  expect(judgePublicAccess({ policy: policy({ ...ofRole, Condition: {} }), blocksPublicAccess: true }).verdict).toBe(
    'open',
  );
  const named = { ...ofRole, Principal: { AWS: 'arn' } };
  expect(judgePublicAccess({ policy: policy(named), blocksPublicAccess: true }).verdict).toBe('open');
});

test('requeued messages come back after their delay, or after the visibility timeout', () => {
  const settling = (atMs: number) => ({ atMs, decision: 'requeue', reason: 'Settling', seconds: 30 });
  const after = (ms: number) => [settling(0), { atMs: ms, decision: 'stage', reason: 'NewRevision' }];
  expect(judgeRequeue(after(45_000))).toMatchObject({
    verdict: 'holds',
    evidence: ['requeued for 30 s, the next pass after 45.0 s'],
  });
  expect(judgeRequeue([settling(0), ...after(365_000)]).verdict).toBe('differs');
  expect(judgeRequeue(after(200_000)).verdict).toBe('open');
  expect(judgeRequeue([settling(0)]).verdict).toBe('open');
  expect(judgeRequeue([{ ...settling(0), reason: 'Updating' }, settling(1)]).verdict).toBe('open');
});

describe('a stack whose update fails', () => {
  const step = (resource: string, status: string): StackStep => ({ resource, status, reason: '' });
  const run = (status: string, ...restored: string[]) => ({
    stackName: 's',
    status,
    steps: [
      ...['First', 'Second', 'Third'].map((name) => step(name, 'UPDATE_COMPLETE')),
      step('Endpoint', 'UPDATE_FAILED'),
      step('s', 'UPDATE_ROLLBACK_IN_PROGRESS'),
      ...restored.map((name) => step(name, 'UPDATE_COMPLETE')),
    ],
  });

  test('is rolled back, or is not', () => {
    expect(judgeRollback(run('UPDATE_ROLLBACK_COMPLETE')).verdict).toBe('holds');
    expect(judgeRollback(run('UPDATE_ROLLBACK_FAILED'))).toMatchObject({
      verdict: 'differs',
      answer: 'The stack ends in UPDATE_ROLLBACK_FAILED.',
    });
    expect(judgeRollback({ ...run('UPDATE_COMPLETE'), steps: [] }).verdict).toBe('open');
  });

  test('restores its resources in an order', () => {
    const orderOf = (...restored: string[]) => judgeRollbackOrder(run('UPDATE_ROLLBACK_COMPLETE', ...restored));
    expect(orderOf('First', 'Second', 'Third').answer).toContain('In the order of an update');
    expect(orderOf('Third', 'Second', 'First').answer).toContain('In the reverse order');
    expect(orderOf('Second', 'First', 'Third').answer).toContain('In neither order');
    expect(orderOf('First').verdict).toBe('open');
  });
});
