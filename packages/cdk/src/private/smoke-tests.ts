import { Token } from 'aws-cdk-lib';
import type { SmokeTestSpec } from '../contract';
import type { SagemakerEndpointProps } from '../sagemaker-endpoint';
import type { SmokeTest } from '../smoke-test';

/** Characters that the smoke tests of an endpoint may take: they are in its spec, and an SSM parameter holds 4 KB. */
const MOST_CHARACTERS = 2000;

/** The smoke tests as the spec has them. */
export function smokeTestSpecs(tests: readonly SmokeTest[]): SmokeTestSpec[] {
  return tests.map(({ payload, contentType, accept, expect }) => ({
    payload,
    contentType,
    ...(accept !== undefined && { accept }),
    ...(expect && { expect: expect._expectation }),
  }));
}

/** What is wrong with the smoke tests, apart from whether there is something to go back to. */
export function smokeTestProblems({ smokeTests = [] }: SagemakerEndpointProps): string[] {
  const problems: string[] = [];
  for (const [index, { payload, contentType }] of smokeTests.entries()) {
    for (const [name, value] of Object.entries({ payload, contentType })) {
      if (value === '') problems.push(`smokeTests[${index}].${name} is empty; write what is to be sent`);
    }
  }
  const text = JSON.stringify(smokeTestSpecs(smokeTests));
  if (!Token.isUnresolved(text) && text.length > MOST_CHARACTERS) {
    problems.push(
      `smokeTests take ${text.length} characters as JSON, at most ${MOST_CHARACTERS} are possible: they are kept in an ` +
        'SSM parameter; send fewer or shorter payloads',
    );
  }
  return problems;
}
