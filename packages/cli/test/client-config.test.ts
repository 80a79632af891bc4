import { expect, test } from 'vitest';
import { clientConfig } from '../src/endpoints/client-config.ts';

test.each([
  ['nothing, so that the SDK reads the profile', {}, {}, {}],
  ['--profile and --region first', { profile: 'p', region: 'a' }, { AWS_REGION: 'b' }, { profile: 'p', region: 'a' }],
  ['AWS_REGION', {}, { AWS_REGION: 'b', AWS_DEFAULT_REGION: 'c' }, { region: 'b' }],
  ['AWS_DEFAULT_REGION, as the AWS CLI', {}, { AWS_DEFAULT_REGION: 'c' }, { region: 'c' }],
])('the clients are configured with %s', (_, options, environment, expected) => {
  expect(clientConfig(options, environment)).toEqual(expected);
});
