import { Expect, ModelData, ModelSource, SagemakerEndpoint, type SagemakerEndpointProps } from '@freshpoint/cdk';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket, EventType, type IBucket } from 'aws-cdk-lib/aws-s3';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import {
  archiveKeys,
  DATA_STACK,
  EDITIONS,
  type Edition,
  ENDPOINT_ID,
  ENDPOINT_NAME,
  ENDPOINT_STACK,
  type EndpointLayout,
  type Layout,
  type SourceKeys,
  sourcesOf,
  VARIANT_NAME,
} from './layout.ts';
import { affixesOf, groupOf, kindOf, packageSource } from './source-names.ts';
import { synthesizedTemplates } from './synthesize.ts';

/** The settings that a layout is synthesized from. */
interface LayoutSettings {
  readonly name: string;
  readonly sources: SourceKeys;
  /** Of the editions that change the sources. */
  readonly otherSources: SourceKeys;
  /** In seconds, as the other intervals. */
  readonly waitTime: number;
  readonly maxWaitTime?: number;
  readonly pollInterval: number;
  readonly sweepInterval: number;
  readonly canary?: boolean;
  readonly inPlace?: boolean;
  readonly tested?: boolean;
  /** Seeds do not draw it. */
  readonly byName?: true;
}

const PACKAGES: SourceKeys = { keys: [packageSource('iris')] };
const PREFIX = {
  sources: { keys: ['tree/0', 'tree/1', 'tree/2', 'tree/3', 'tree/4', 'tree/5'], prefix: 'tree/' },
  otherSources: { keys: ['wood/0', 'wood/1', 'wood/2'], prefix: 'wood/' },
  waitTime: 90,
  maxWaitTime: 420,
  pollInterval: 30,
  sweepInterval: 1800,
};
const LAYOUTS: readonly LayoutSettings[] = [
  {
    name: 'one file',
    sources: { keys: ['models/iris.tar.gz'] },
    otherSources: { keys: ['models/iris.tar.gz', 'models/scaler.tar.gz'] },
    waitTime: 60,
    pollInterval: 30,
    sweepInterval: 3600,
  },
  {
    name: 'two files, canary, smoke test',
    sources: { keys: ['a/model.tar.gz', 'b/model.tar.gz'] },
    otherSources: { keys: ['a/model.tar.gz', 'c/model.tar.gz'] },
    waitTime: 30,
    pollInterval: 15,
    sweepInterval: 1800,
    canary: true,
    tested: true,
  },
  { name: 'a prefix', ...PREFIX, tested: true },
  { name: 'a prefix in place', ...PREFIX, inPlace: true },
  {
    name: 'two files in place, canary',
    sources: { keys: ['a/model.tar.gz', 'b/model.tar.gz'] },
    otherSources: { keys: ['c/model.tar.gz', 'b/model.tar.gz', 'a/model.tar.gz'] },
    waitTime: 30,
    pollInterval: 15,
    sweepInterval: 1800,
    canary: true,
    inPlace: true,
  },
  {
    name: 'an archive, and a prefix in place',
    sources: { keys: ['a/model.tar.gz', 'tree/0', 'tree/1'], prefix: 'tree' },
    otherSources: { keys: ['a/model.tar.gz', 'b/model.tar.gz', 'tree/0', 'tree/1'], prefix: 'tree' },
    waitTime: 30,
    pollInterval: 15,
    sweepInterval: 1800,
  },
  {
    name: 'an approved package',
    byName: true,
    sources: PACKAGES,
    otherSources: PACKAGES,
    waitTime: 60,
    pollInterval: 30,
    sweepInterval: 3600,
  },
  {
    name: 'the newest below a prefix',
    byName: true,
    sources: { keys: ['training/*/output/model.tar.gz'] },
    otherSources: { keys: ['training/*/output/model.tar.gz', 'models/scaler.tar.gz'] },
    waitTime: 60,
    maxWaitTime: 300,
    pollInterval: 30,
    sweepInterval: 3600,
  },
  {
    name: 'a pointer',
    byName: true,
    sources: { keys: ['current.txt'] },
    otherSources: { keys: ['current.txt', 'next.txt'] },
    waitTime: 30,
    pollInterval: 15,
    sweepInterval: 1800,
    canary: true,
    tested: true,
  },
  {
    name: 'two files and a marker',
    byName: true,
    sources: { keys: ['a/model.tar.gz', 'b/model.tar.gz'], marker: '_SUCCESS' },
    otherSources: { keys: ['a/model.tar.gz', 'c/model.tar.gz'], marker: '_SUCCESS' },
    waitTime: 30,
    maxWaitTime: 120,
    pollInterval: 15,
    sweepInterval: 1800,
    tested: true,
  },
  {
    name: 'a prefix with a marker',
    byName: true,
    ...PREFIX,
    sources: { ...PREFIX.sources, marker: 'tree/_SUCCESS' },
    otherSources: { ...PREFIX.otherSources, marker: 'tree/_SUCCESS' },
  },
];

/** The second endpoint, and the id of its construct. */
const SECOND_NAME = 'Rose';
const SECOND = 'Second';
const SECOND_SOURCES: SourceKeys = { keys: ['rose/model.tar.gz'] };
const IMAGE = '000000000000.dkr.ecr.us-east-1.amazonaws.com/iris:1';
const CANARY_WAIT_SECONDS = 120;
/** By how much the edition `settings` lengthens waitTime and pollInterval. */
const LONGER_SECONDS = 10;

const FAILING: readonly Edition[] = ['failing', 'failing sources'];

/** Each layout's templates, as `cdk synth` makes them. Takes seconds: once per process. */
export function synthesize(): Layout[] {
  return LAYOUTS.map((settings) => {
    const templates = EDITIONS.map((edition) => ({ edition, ...synthesizeEdition(settings, edition) }));
    return {
      name: settings.name,
      ...(settings.byName && { isByName: settings.byName }),
      endpoint: endpointLayout(settings),
      second: secondLayout(settings),
      bucketStack: templates[0]?.bucket ?? {},
      editions: Object.fromEntries(templates.map(({ edition, serving }) => [edition, serving])) as Layout['editions'],
    };
  });
}

function endpointLayout(settings: LayoutSettings): EndpointLayout {
  const { sources, otherSources, waitTime, maxWaitTime, pollInterval, sweepInterval } = settings;
  return {
    endpointName: ENDPOINT_NAME,
    id: ENDPOINT_ID,
    sources,
    otherSources,
    waitTime,
    maxWaitTime,
    pollInterval,
    sweepInterval,
    slotData: slotDataOf(settings),
    isTested: settings.tested === true,
  };
}

/** The same settings, for one archive. */
function secondLayout(settings: LayoutSettings): EndpointLayout {
  const id = `${ENDPOINT_STACK}/${SECOND}`;
  return { ...endpointLayout(secondOf(settings)), endpointName: SECOND_NAME, id };
}

function secondOf({ name, waitTime, pollInterval, sweepInterval }: LayoutSettings): LayoutSettings {
  return { name, sources: SECOND_SOURCES, otherSources: SECOND_SOURCES, waitTime, pollInterval, sweepInterval };
}

function slotDataOf({ inPlace, sources }: LayoutSettings): EndpointLayout['slotData'] {
  if (inPlace) return undefined;
  // Only a prefix that ends with a slash is copied.
  return sources.prefix === undefined || sources.prefix.endsWith('/') ? 'all' : 'archives';
}

function synthesizeEdition(settings: LayoutSettings, edition: Edition): { bucket: object; serving: object } {
  const app = new App({ analyticsReporting: false });
  const data = new Stack(app, DATA_STACK);
  const bucket = new Bucket(data, 'Models', { eventBridgeEnabled: true });
  new CfnOutput(data, 'BucketName', { value: bucket.bucketName });
  const stack = new Stack(app, ENDPOINT_STACK);
  const role = new Role(stack, 'ModelRole', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
  bucket.grantRead(role);
  const endpoint = new SagemakerEndpoint(stack, 'Endpoint', propsOf(settings, edition, bucket, role.roleArn));
  for (const model of endpoint.models) model.node.addDependency(role);
  if (edition === 'second endpoint') {
    const props = propsOf(secondOf(settings), edition, bucket, role.roleArn);
    const named = { ...props, endpointProps: { ...props.endpointProps, endpointName: SECOND_NAME } };
    const second = new SagemakerEndpoint(stack, SECOND, named);
    for (const model of second.models) model.node.addDependency(role);
  }
  if (FAILING.includes(edition)) {
    const failing = new CfnParameter(stack, 'Failing', { type: 'String', value: 'ok', allowedPattern: '^never$' });
    failing.node.addDependency(endpoint.endpoint);
  }
  const templates = synthesizedTemplates(app);
  return { bucket: templates[DATA_STACK] ?? {}, serving: templates[ENDPOINT_STACK] ?? {} };
}

function propsOf(
  settings: LayoutSettings,
  edition: Edition,
  bucket: IBucket,
  executionRoleArn: string,
): SagemakerEndpointProps {
  const longer = edition === 'settings' ? LONGER_SECONDS : 0;
  const sources = sourcesOf(settings, edition);
  const { prefix } = sources;
  const environment = edition === 'models' || edition === 'failing' ? { EDITION: edition } : undefined;
  return {
    modelsProps: [{ props: { executionRoleArn, ...containersOf(sources, environment, bucket) } }],
    endpointConfigProps: {
      productionVariants: [
        {
          variantName: VARIANT_NAME,
          instanceType: edition === 'configs' ? 'ml.m5.xlarge' : 'ml.m5.large',
          initialInstanceCount: 2,
        },
      ],
    },
    endpointProps: {
      endpointName: ENDPOINT_NAME,
      endpointConfigName: 'iris',
      // Deployments keep the counts that a person or autoscaling has set, too.
      retainAllVariantProperties: true,
      ...(settings.canary && { deploymentConfig: canary() }),
      ...(edition === 'tags' && { tags: [{ key: 'team', value: 'iris' }] }),
    },
    modelsBucket: bucket,
    ...(settings.inPlace && { modelData: ModelData.inPlace() }),
    ...(sources.marker !== undefined && { marker: sources.marker }),
    ...(settings.tested && {
      smokeTests: [{ payload: '1', contentType: 'text/csv', expect: Expect.json({ ok: true }) }],
    }),
    ...(prefix &&
      archiveKeys(sources).length === 0 && {
        bucketEvents: [EventType.OBJECT_CREATED, EventType.OBJECT_REMOVED].map((eventType) => ({
          eventType,
          keyFilters: [{ prefix }],
        })),
      }),
    waitTime: Duration.seconds(settings.waitTime + longer),
    ...(settings.maxWaitTime && { maxWaitTime: Duration.seconds(settings.maxWaitTime) }),
    pollInterval: Duration.seconds(settings.pollInterval + longer),
    sweepInterval: Duration.seconds(settings.sweepInterval),
  };
}

function containersOf(sources: SourceKeys, environment: Record<string, string> | undefined, bucket: IBucket) {
  const { prefix } = sources;
  const s3DataSource = {
    s3Uri: `s3://${bucket.bucketName}/${prefix}`,
    s3DataType: 'S3Prefix',
    compressionType: 'None',
  };
  const archives = archiveKeys(sources).map((key) => ({
    image: IMAGE,
    environment,
    modelDataUrl: urlOf(key, bucket),
  }));
  const uncompressed = prefix ? [{ image: IMAGE, environment, modelDataSource: { s3DataSource } }] : [];
  const containers = [...archives, ...uncompressed];
  return containers.length === 1 ? { primaryContainer: containers[0] } : { containers };
}

/** The modelDataUrl of the source with this name. */
function urlOf(name: string, bucket: IBucket): string {
  switch (kindOf(name)) {
    case 'package':
      return ModelSource.approvedPackage(groupOf(name), { targetBuckets: [bucket] }).modelDataUrl;
    case 'newest':
      return ModelSource.newestBelow(bucket, affixesOf(name)).modelDataUrl;
    case 'pointer':
      return ModelSource.pointer(bucket, name).modelDataUrl;
    case undefined:
      return `s3://${bucket.bucketName}/${name}`;
  }
}

function canary() {
  return {
    blueGreenUpdatePolicy: {
      trafficRoutingConfiguration: {
        type: 'CANARY',
        canarySize: { type: 'CAPACITY_PERCENT', value: 50 },
        waitIntervalInSeconds: CANARY_WAIT_SECONDS,
      },
    },
  };
}
