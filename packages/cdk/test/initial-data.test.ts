import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ASSEMBLY_FOLDER } from '@freshpoint/test-support/assembly-folder';
import type { Stack } from 'aws-cdk-lib';
import { Annotations } from 'aws-cdk-lib/assertions';
import { Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { describe, expect, test } from 'vitest';
import { ModelData } from '../src/index';
import { newStack } from './support/apps.ts';
import {
  asText,
  type Changes,
  image,
  Match,
  modelProps,
  newBucket,
  newEndpoint,
  propertiesOf,
  resourcesOf,
} from './support/stacks.ts';

function archive(stack: Stack, content = 'model'): Asset {
  const path = join(ASSEMBLY_FOLDER, `${content}.tar.gz`);
  mkdirSync(ASSEMBLY_FOLDER, { recursive: true });
  writeFileSync(path, content);
  return new Asset(stack, content, { path });
}

/** An endpoint whose model has initial data. */
function initialized(stack: Stack, changes: Changes = {}): void {
  const initialModelData = archive(stack);
  const modelsBucket = changes.modelsBucket ?? newBucket(stack);
  newEndpoint(stack, {
    modelsProps: [{ props: modelProps(modelsBucket, changes.model), initialModelData }],
    ...changes,
  });
}

const gateOf = (stack: Stack) => propertiesOf(stack, 'Custom::FreshpointDeploymentGate');
interface Statement {
  readonly Action: readonly string[];
  readonly Resource: readonly unknown[];
}

const statements = (stack: Stack): Statement[] =>
  Object.values(resourcesOf(stack, 'AWS::IAM::ManagedPolicy')).flatMap(
    ({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement,
  );
const warnings = (stack: Stack) => Annotations.fromStack(stack).findWarning('/Test/Iris', Match.anyValue());

describe('initialModelData', () => {
  test('is copied by the deployment gate to the URL of the model, in every mode', () => {
    for (const modelData of [ModelData.perSlot(), ModelData.inPlace()]) {
      const stack = newStack();
      initialized(stack, { modelData });
      const [{ from, to }] = JSON.parse(asText(gateOf(stack).InitialData));
      expect(to).toEqual({ bucket: '<Bucket83908E77>', key: 'models/iris.tar.gz' });
      expect(from.key).toMatch(/^[0-9a-f]{64}\.gz$/);
    }
  });

  test('needs permissions on the asset and on the model’s object only', () => {
    const stack = newStack();
    initialized(stack);
    const allowed = (...actions: string[]) =>
      statements(stack)
        .filter(({ Action }) => JSON.stringify(Action) === JSON.stringify(actions))
        .flatMap(({ Resource }) => Resource.map(asText));
    const object = 'arn:<AWS::Partition>:s3:::<Bucket83908E77>/models/iris.tar.gz';
    expect(allowed('s3:PutObject', 's3:AbortMultipartUpload')).toEqual([object]);
    expect(allowed('s3:GetObject')).toEqual([
      object,
      expect.stringMatching(/cdk-hnb659fds-assets-[^/]+\/[0-9a-f]{64}\.gz$/),
    ]);
  });

  test('allows to encrypt with the key of the bucket', () => {
    const stack = newStack();
    initialized(stack, { modelsBucket: new Bucket(stack, 'Encrypted', { encryption: BucketEncryption.KMS }) });
    expect(statements(stack).map(({ Action }) => Action)).toContainEqual(['kms:GenerateDataKey']);
  });

  test('makes one deployment of one stack enough: no warning', () => {
    const stack = newStack();
    initialized(stack);
    expect(warnings(stack)).toEqual([]);
  });

  test('of one of two models still leaves a warning', () => {
    const stack = newStack();
    const props = modelProps(newBucket(stack));
    const other = { image, modelDataUrl: newBucket(stack).s3UrlForObject('b.tar.gz') };
    newEndpoint(stack, {
      modelsProps: [
        { modelName: 'one', props, initialModelData: archive(stack) },
        { modelName: 'two', props: { ...props, primaryContainer: other } },
      ],
      config: {
        productionVariants: [
          { variantName: 'all', modelName: 'one' },
          { variantName: 'two', modelName: 'two' },
        ],
      },
    });
    expect(JSON.stringify(warnings(stack))).toContain("is in the endpoint's own stack");
  });

  test('is removed after a failed creation from a bucket of the stack only', () => {
    const stack = newStack();
    initialized(stack);
    expect(asText(gateOf(stack).CreatedBuckets)).toBe('["<FreshpointData33F10FCE>","<Bucket83908E77>"]');
    const other = newStack('Serving');
    initialized(other, { modelsBucket: Bucket.fromBucketName(other, 'Imported', 'models') });
    expect(asText(gateOf(other).CreatedBuckets)).toBe('["<FreshpointData33F10FCE>"]');
  });

  test.each<[string, (stack: Stack) => void, RegExp]>([
    [
      'a prefix',
      (stack) => initialized(stack, { model: { primaryContainer: { image, modelDataUrl: 's3://models/a/' } } }),
      /needs exactly one archive at a readable URL, but the model has a prefix/,
    ],
    [
      'several archives',
      (stack) => {
        const containers = ['a', 'b'].map((key) => ({ image, modelDataUrl: newBucket(stack).s3UrlForObject(key) }));
        initialized(stack, { model: { primaryContainer: undefined, containers } });
      },
      /but the model has 2\./,
    ],
    [
      'another bucket',
      (stack) => {
        const modelDataUrl = new Bucket(stack, 'Other').s3UrlForObject('m.tar.gz');
        initialized(stack, { model: { primaryContainer: { image, modelDataUrl } } });
      },
      /which is not in modelsBucket \(Test\/Bucket\)/,
    ],
    [
      'a folder',
      (stack) => {
        const initialModelData = new Asset(stack, 'Folder', { path: 'packages/cdk/src' });
        newEndpoint(stack, { modelsProps: [{ props: modelProps(newBucket(stack)), initialModelData }] });
      },
      /is a folder, expected a .tar.gz file/,
    ],
    [
      'the same URL as another asset',
      (stack) => {
        const props = modelProps(newBucket(stack));
        newEndpoint(stack, {
          modelsProps: ['x', 'y'].map((modelName) => ({
            modelName,
            props,
            initialModelData: archive(stack, modelName),
          })),
          config: { productionVariants: [{ variantName: 'all', modelName: 'x' }] },
        });
      },
      /differs from that of another model with the same URL/,
    ],
    [
      'a path',
      (stack) => {
        const initialModelData = 'model.tar.gz' as unknown as Asset;
        newEndpoint(stack, { modelsProps: [{ props: modelProps(newBucket(stack)), initialModelData }] });
      },
      /modelsProps\[0\]\.initialModelData is "model.tar.gz", expected an Asset of aws-cdk-lib\/aws-s3-assets/,
    ],
  ])('is refused for %s', (_, declare, problem) => {
    expect(() => declare(newStack())).toThrow(problem);
  });
});
