import { Token } from 'aws-cdk-lib';
import type { SmokeTestSpec } from '../contract';
import type { SagemakerEndpointProps } from '../sagemaker-endpoint-props';
import type { SmokeTest } from '../smoke-test';

/** Length of an endpoint's smoke tests as JSON, in characters. They are part of its spec, an SSM parameter of 4 KB. */
const MAX_SMOKE_TESTS_CHARACTERS = 2000;

/** The smoke tests in the form of the spec. */
export function smokeTestSpecs(tests: readonly SmokeTest[]): SmokeTestSpec[] {
  return tests.map(({ payload, contentType, accept, expect }) => ({
    payload,
    contentType,
    ...(accept !== undefined && { accept }),
    ...(expect && { expect: expect._expectation }),
  }));
}

/** Problems with the smoke tests that do not depend on the models. */
export function smokeTestProblems({ smokeTests = [] }: SagemakerEndpointProps): string[] {
  const problems: string[] = [];
  for (const [index, { payload, contentType }] of smokeTests.entries()) {
    for (const [name, value] of Object.entries({ payload, contentType })) {
      if (value === '') problems.push(`smokeTests[${index}].${name} is empty, expected a non-empty text.`);
    }
  }
  const text = JSON.stringify(smokeTestSpecs(smokeTests));
  if (!Token.isUnresolved(text) && text.length > MAX_SMOKE_TESTS_CHARACTERS) {
    problems.push(
      `smokeTests take ${text.length} characters as JSON, expected at most ${MAX_SMOKE_TESTS_CHARACTERS}, because ` +
        'they are stored in an SSM parameter. Use fewer or shorter payloads.',
    );
  }
  return problems;
}
