import { type BucketEvent, ModelSource, SagemakerEndpoint } from '@freshpoint/cdk';
import { App, Stack } from 'aws-cdk-lib';
import { Bucket, EventType, type IBucket } from 'aws-cdk-lib/aws-s3';

export const BUCKET = 'models';

/** An endpoint, and what the models of its only container are. */
interface SourceSketch {
  readonly data: (bucket: IBucket) => object;
  readonly bucketEvents?: readonly BucketEvent[];
  readonly marker?: string;
}

const url = (key: string) => ({ modelDataUrl: `s3://${BUCKET}/${key}` });
/** No upload of a test has this key, so that only the source's own patterns match. */
const never = [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ suffix: '.never' }] }];

/** Each kind of source, and each form of a bucket event, by the endpoint's name. */
const SKETCHES: Readonly<Record<string, SourceSketch>> = {
  archive: { data: () => url('iris/model.tar.gz') },
  newest: {
    data: (bucket) => ModelSource.newestBelow(bucket, { prefix: 'training/', suffix: '/output/model.tar.gz' }),
    bucketEvents: never,
  },
  pointer: { data: (bucket) => ModelSource.pointer(bucket, 'current.txt'), bucketEvents: never },
  package: { data: (bucket) => ModelSource.approvedPackage('iris', { targetBuckets: [bucket] }), bucketEvents: never },
  marker: { data: () => url('llm/model.tar.gz'), bucketEvents: never, marker: 'llm/_SUCCESS' },
  files: {
    data: () => ({
      modelDataSource: {
        s3DataSource: { s3Uri: `s3://${BUCKET}/llm/`, s3DataType: 'S3Prefix', compressionType: 'None' },
      },
    }),
    bucketEvents: never,
  },
  filters: {
    data: () => url('iris/model.tar.gz'),
    bucketEvents: [
      // Prefix and suffix overlap, and have characters that are special in patterns.
      { eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix: 'a*b\\c/m.tar', suffix: '.tar.gz' }] },
      { eventType: EventType.OBJECT_CREATED_COPY, keyFilters: [{ prefix: 'copies/' }] },
      { eventType: EventType.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD, keyFilters: [{ suffix: '.parts' }] },
      { eventType: EventType.OBJECT_REMOVED_DELETE, keyFilters: [{ prefix: 'iris/' }] },
      { eventType: EventType.OBJECT_TAGGING },
    ],
  },
};

/** The patterns of each endpoint's rules, as they are deployed, by the endpoint's name. */
export function patternsOfSources(outdir: string): Readonly<Record<string, readonly object[]>> {
  const app = new App({ outdir, analyticsReporting: false });
  for (const [name, { data, bucketEvents, ...more }] of Object.entries(SKETCHES)) {
    const stack = new Stack(app, name);
    const bucket = Bucket.fromBucketName(stack, 'Models', BUCKET);
    new SagemakerEndpoint(stack, 'Endpoint', {
      modelsBucket: bucket,
      modelsProps: [{ props: { primaryContainer: { image: 'models:1', ...data(bucket) } } }],
      endpointConfigProps: {
        productionVariants: [{ variantName: 'All', instanceType: 'ml.m5.large', initialInstanceCount: 1 }],
      },
      endpointProps: { endpointName: name, endpointConfigName: 'any' },
      bucketEvents: bucketEvents && [...bucketEvents],
      ...more,
    });
  }
  return Object.fromEntries(app.synth().stacks.map(({ stackName, template }) => [stackName, rulesOf(template)]));
}

interface SynthesizedResource {
  readonly Type: string;
  readonly Properties: { readonly EventPattern?: unknown; readonly EndpointName?: string };
}

/** The patterns' only reference is to the endpoint's name. */
function rulesOf({ Resources }: { readonly Resources: Readonly<Record<string, SynthesizedResource>> }): object[] {
  return Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::Events::Rule')
    .map(({ Properties: { EventPattern } }) =>
      JSON.parse(JSON.stringify(EventPattern), (_key, value) => {
        const [id, attribute] = value?.['Fn::GetAtt'] ?? [];
        return attribute === 'EndpointName' ? Resources[id]?.Properties.EndpointName : value;
      }),
    );
}
