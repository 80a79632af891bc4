import { Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ModelSource } from '../src/index';
import { newApp } from './support/apps.ts';
import { image, newEndpoint } from './support/stacks.ts';

beforeEach(() => vi.stubEnv('CDK_VALIDATION', 'true'));
afterEach(() => vi.unstubAllEnvs());

test('a plain stack passes the validation of aws-cdk-lib, and cdk-nag finds nothing', () => {
  const app = newApp();
  const stack = new Stack(app, 'Test');
  // The pack's rules for buckets apply to those that the construct does not create, too.
  const log = new Bucket(stack, 'Log', { enforceSSL: true, serverAccessLogsPrefix: 'log/' });
  const modelsBucket = new Bucket(stack, 'Bucket', { enforceSSL: true, serverAccessLogsBucket: log });
  newEndpoint(stack, { modelsBucket });
  newEndpoint(stack, { modelsBucket, endpoint: { endpointName: 'second' } }, 'Second');

  app.synth();
  const { success, violations } = new AwsSolutionsChecks().validateScope(app);
  expect(violations).toEqual([]);
  expect(success).toBe(true);
});

test('nor in a stack whose sources are in buckets of another stack', () => {
  const app = newApp();
  const data = new Stack(app, 'Data');
  const log = new Bucket(data, 'Log', { enforceSSL: true, serverAccessLogsPrefix: 'log/' });
  const modelsBucket = new Bucket(data, 'Bucket', { enforceSSL: true, serverAccessLogsBucket: log });
  const { modelDataUrl } = ModelSource.newestBelow(modelsBucket, { prefix: 'training/' });
  const s3DataSource = { s3Uri: modelsBucket.s3UrlForObject('llm/'), s3DataType: 'S3Prefix', compressionType: 'None' };
  const stack = new Stack(app, 'Test');
  newEndpoint(stack, { modelsBucket, model: { primaryContainer: { image, modelDataUrl } } });
  const uncompressed = { primaryContainer: { image, modelDataSource: { s3DataSource } } };
  newEndpoint(stack, { modelsBucket, model: uncompressed, endpoint: { endpointName: 'second' } }, 'Second');

  app.synth();
  expect(new AwsSolutionsChecks().validateScope(app).violations).toEqual([]);
});
