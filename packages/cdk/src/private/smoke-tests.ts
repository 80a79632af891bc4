import { Token } from 'aws-cdk-lib';
import { MAX_SMOKE_TEST_SECONDS, SMOKE_TEST_TIMEOUT_SECONDS, SMOKE_TEST_TRIES, type SmokeTestSpec } from '../contract';
import type { SagemakerEndpointProps } from '../sagemaker-endpoint-props';
import type { SmokeTest } from '../smoke-test';
import { concreteSeconds, wholeSeconds } from './durations';

/** Length of an endpoint's smoke tests as JSON, in characters. They are part of its spec, an SSM parameter of 4 KB. */
const MAX_SMOKE_TESTS_CHARACTERS = 2000;

/** The smoke tests in the form of the spec. */
export function smokeTestSpecs(tests: readonly SmokeTest[]): SmokeTestSpec[] {
  return tests.map(({ payload, contentType, accept, expect, timeout, tries }) => ({
    payload,
    contentType,
    ...(accept !== undefined && { accept }),
    ...(expect && { expect: expect._expectation }),
    ...(timeout && { timeout: wholeSeconds(timeout) }),
    ...(tries !== undefined && { tries }),
  }));
}

/** Problems with the smoke tests that do not depend on the models. */
export function smokeTestProblems({ smokeTests = [] }: SagemakerEndpointProps): string[] {
  const problems: string[] = [];
  for (const [index, test] of smokeTests.entries()) {
    const { payload, contentType } = test;
    for (const [name, value] of Object.entries({ payload, contentType })) {
      if (value === '') problems.push(`smokeTests[${index}].${name} is empty, expected a non-empty text.`);
    }
    problems.push(...timeProblems(test).map((problem) => `smokeTests[${index}].${problem}`));
  }
  const text = JSON.stringify(smokeTestSpecs(smokeTests));
  if (!Token.isUnresolved(text) && text.length > MAX_SMOKE_TESTS_CHARACTERS) {
    problems.push(
      `smokeTests take ${text.length} characters as JSON, expected at most ${MAX_SMOKE_TESTS_CHARACTERS}, because ` +
        'they are stored in an SSM parameter. Use fewer or shorter payloads.',
    );
  }
  if (!Token.isUnresolved(text) && text.includes('{{')) {
    problems.push(
      'smokeTests contain "{{", which SSM refuses in a parameter, where they are stored. Put a space in between, or in ' +
        'JSON write \\u007b for one of them.',
    );
  }
  return problems;
}

function timeProblems({ timeout, tries = SMOKE_TEST_TRIES }: SmokeTest): string[] {
  const seconds = timeout ? concreteSeconds(timeout) : SMOKE_TEST_TIMEOUT_SECONDS;
  const isReadable = !Token.isUnresolved(tries);
  const problems: string[] = [];
  if (seconds !== undefined && seconds < 1) problems.push(`timeout is ${seconds} seconds, expected at least 1 second.`);
  if (isReadable && (!Number.isInteger(tries) || tries < 1)) {
    problems.push(`tries is ${tries}, expected a whole number, at least 1.`);
  }
  if (seconds === undefined || !isReadable || problems.length > 0) return problems;
  const total = Math.ceil(seconds) * tries;
  if (total <= MAX_SMOKE_TEST_SECONDS) return [];
  return [
    `timeout is ${seconds} seconds, for ${tries === 1 ? '1 try' : `${tries} tries`} ${total} seconds, expected at most ` +
      `${MAX_SMOKE_TEST_SECONDS} seconds: the refresher's function, like SageMaker's containers, has 60 seconds. ` +
      'Reduce timeout or tries.',
  ];
}
