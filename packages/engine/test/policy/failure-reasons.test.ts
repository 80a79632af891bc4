import { describe, expect, test } from 'vitest';
import { FAILURE_REASONS, type Fault, isRevisionsFault, judgeFailure } from '../../src/policy/failure-reasons.ts';
import { nextAttempt } from '../../src/policy/retries.ts';
import { MINUTE, NOON, quiet } from './situations.ts';

const FAULT_OF: ReadonlyArray<readonly [string | undefined, Fault]> = [
  ['The primary container for production variant AllTraffic did not pass the ping health check.', 'revision'],
  ['Failed to extract model data archive for container "container_1" from URL "s3://b/k".', 'revision'],
  ['The model data archive is too large. Please reduce the size of the model data archive.', 'revision'],
  ['Failed to extract model data archive from URL "s3://b/k". The model data archive is too large.', 'revision'],
  ['Unable to successfully stand up your model within the allotted 180 second timeout.', 'revision'],
  ["CannotStartContainerError. Please ensure the model container starts with 'docker run <image> serve'", 'revision'],
  ['Image size 13279248421 is greater than supported size 10737418240', 'image'],
  ['The repository of your image x.dkr.ecr.y/z does not grant ecr:BatchGetImage to sagemaker.amazonaws.com.', 'image'],
  ["Could not assume role arn:aws:iam::1:role/R. Please ensure that the role exists and allows principal 'x'.", 'role'],
  ['We encountered an internal error. Please try again.', 'sagemaker'],
  ['Unable to locate at least 2 availability zone(s) with the type that overlap with SageMaker subnets.', 'network'],
  ['Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error.', 'capacity'],
  [
    'CapacityError: Unable to provision requested ML compute capacity. Please retry using a different type.',
    'capacity',
  ],
  [
    "ResourceLimitExceeded: The account-level service limit 'ml.g5.2xlarge for endpoint usage' is 1 Instances.",
    'quota',
  ],
  ['Failed to download model data for container "container_1" from URL: "s3://b/model.tar.gz".', 'role'],
  ['AccessDeniedException: User: arn is not authorized to perform: sagemaker:UpdateEndpoint', 'role'],
  ['AccessDeniedException: User: arn is not authorized to perform: kms:CreateGrant on resource: arn', 'kms'],
  ['Please make sure all images included in the model for the production variant exist, and that …', 'image'],
  ['Request to service failed. If failure persists after retry, contact customer support.', 'sagemaker'],
  ['ThrottlingException: Rate exceeded', 'sagemaker'],
  ['One or more CloudWatch alarms went off during the deployment.', 'rollback-alarm'],
  [
    'AccessDenied: User: arn is not authorized to perform: cloudwatch:DescribeAlarms on resource: arn:aws:cloudwatch:us-east-1:1:alarm:iris-errors',
    'role',
  ],
  ['CloudWatch alarm iris-errors does not exist.', 'unknown'],
  ['There are not enough free addresses in the subnet.', 'network'],
  ['The deployment did not complete within MaximumExecutionTimeoutInSeconds (3600).', 'unknown'],
  ['Something that was never seen before.', 'unknown'],
  ['', 'unknown'],
  [undefined, 'unknown'],
];

describe('whose fault a failure is', () => {
  test.each(FAULT_OF)('%s: %s', (text, fault) => {
    expect(judgeFailure(text).fault).toBe(fault);
  });

  test.each(FAILURE_REASONS)('the example of $pattern is recognized by its own row', (kind) => {
    expect(judgeFailure(kind.example)).toBe(kind);
    expect(kind.todo).toMatch(/\.$/);
    expect(kind.source).not.toBe('');
  });
});

describe('after a failure', () => {
  const failed = { revision: 'v2', trigger: 'upload', stage: 'update', message: 'text', at: NOON } as const;

  test.each(FAULT_OF)('%s: the revision is quarantined at once only if it is at fault', (text) => {
    const { fault } = judgeFailure(text);
    const isQuarantined = nextAttempt(quiet, { ...failed, fault }) === undefined;
    expect(isQuarantined).toBe(isRevisionsFault(fault));
  });

  test.each(FAULT_OF)('%s: the way back and a rejected call are tried again, for ever', (text) => {
    const { fault } = judgeFailure(text);
    for (const change of [{ trigger: 'pin' }, { trigger: 'smoke-test' }, { stage: 'call' }] as const) {
      let state = quiet;
      for (let attempt = 1; attempt <= 100; attempt++) {
        const retries = nextAttempt(state, { ...failed, fault, ...change });
        expect(retries).toMatchObject({ attempts: attempt });
        state = { ...state, retries };
      }
    }
  });

  test('the pauses grow from one minute to 45', () => {
    let state = quiet;
    const pauses = Array.from({ length: 8 }, () => {
      state = { ...state, retries: nextAttempt(state, { ...failed, fault: 'capacity' }) };
      return ((state.retries?.nextAt ?? 0) - NOON) / MINUTE;
    });
    expect(pauses).toEqual([1, 2, 5, 10, 20, 45, 45, 45]);
  });

  test('capacity shortages do not count towards the three attempts of an unknown reason', () => {
    let state = quiet;
    const tryOnce = (fault: Fault) => {
      const retries = nextAttempt(state, { ...failed, fault });
      state = { ...state, retries };
      return retries;
    };
    for (let attempt = 0; attempt < 5; attempt++) tryOnce('capacity');
    expect(tryOnce('unknown')?.nextAt).toBe(NOON + 10 * MINUTE);
    expect(tryOnce('unknown')?.nextAt).toBe(NOON + 120 * MINUTE);
    expect(tryOnce('unknown')).toBeUndefined();
  });
});
