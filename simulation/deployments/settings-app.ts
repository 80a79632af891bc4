import { Expect, ModelData, SagemakerEndpoint, type SagemakerEndpointProps } from '@freshpoint/cdk';
import { App, CfnOutput, Duration, Fn, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { CfnParameter as SsmParameter } from 'aws-cdk-lib/aws-ssm';
import { DATA_STACK } from '../worlds/layout.ts';
import { synthesizedTemplates } from '../worlds/synthesize.ts';

export { DATA_STACK };

type ConfigProps = SagemakerEndpointProps['endpointConfigProps'];
type EndpointProps = SagemakerEndpointProps['endpointProps'];

/** One container. With `models`, a key prefix, it is a multi-model container, which loads its data in place. */
interface Container {
  readonly image?: string;
  readonly environment?: Record<string, string>;
  readonly key?: string;
  readonly models?: string;
}

/** The settings of one endpoint that a test sets. */
export interface Settings {
  /** @default 'Iris' */
  readonly endpointName?: string;
  /** Name given to model and configs. @default CloudFormation's names */
  readonly given?: string;
  /** Of the model. @default one */
  readonly containers?: readonly Container[];
  /** Which of the two roles the model has. @default 'One' */
  readonly role?: 'One' | 'Two';
  readonly variants?: ConfigProps['productionVariants'];
  readonly config?: Partial<ConfigProps>;
  readonly endpoint?: Partial<EndpointProps>;
  /** How old an upload must be, in seconds. @default 1 */
  readonly waitTime?: number;
  /** How long an upload waits at most while others follow it, in seconds. @default no limit */
  readonly maxWaitTime?: number;
  /** How often an updating endpoint is polled, in seconds. @default 1 */
  readonly pollInterval?: number;
  /** Both slots load the sources themselves. @default each slot has slot data */
  readonly inPlace?: boolean;
  /** A bucket of the account for the slot data. @default one that the stack creates */
  readonly dataBucket?: string;
  readonly retainRevisions?: number;
  /** What an answer contains that passes the smoke test. @default no smoke test */
  readonly expects?: string;
}

/** The app of one deployment. */
export interface AppSettings {
  /** By construct id. @default one, `Endpoint`, without settings */
  readonly endpoints?: Readonly<Record<string, Settings>>;
  readonly tag?: string;
  /** A resource that comes after everything of the endpoints, and can't be created. */
  readonly fails?: boolean;
  readonly outdir?: string;
}

export const SERVING_STACK = 'Serving';
export const KEY = 'iris/model.tar.gz';
export const OTHER_KEY = 'iris/other.tar.gz';
export const VARIANT = { variantName: 'All', modelName: 'model', instanceType: 'ml.m5.large', initialInstanceCount: 1 };

/** A stack with the bucket, and a stack with endpoints that load their model from it. */
export function settingsApp({ endpoints = { Endpoint: {} }, tag, fails = false, outdir }: AppSettings = {}): App {
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, DATA_STACK);
  const bucket = new Bucket(data, 'Models', { eventBridgeEnabled: true, removalPolicy: RemovalPolicy.RETAIN });
  new CfnOutput(data, 'BucketName', { value: bucket.bucketName, exportName: 'models' });

  const stack = new Stack(app, SERVING_STACK);
  const assumedBy = new ServicePrincipal('sagemaker.amazonaws.com');
  const roles = { One: new Role(stack, 'RoleOne', { assumedBy }), Two: new Role(stack, 'RoleTwo', { assumedBy }) };
  const grants = Object.values(roles).map((role) => bucket.grantRead(role));
  for (const [id, settings] of Object.entries(endpoints)) {
    const { roleArn } = roles[settings.role ?? 'One'];
    const { dataBucket } = settings;
    const given = dataBucket === undefined ? undefined : Bucket.fromBucketName(stack, `Data${id}`, dataBucket);
    const props = endpointProps(settings, { modelsBucket: bucket, dataBucket: given }, roleArn);
    const endpoint = new SagemakerEndpoint(stack, id, props);
    for (const model of endpoint.models) for (const grant of grants) grant.applyBefore(model);
    if (fails) {
      const last = new SsmParameter(stack, `Fails${id}`, { type: 'String', value: 'no', allowedPattern: '^yes$' });
      last.node.addDependency(endpoint);
    }
  }
  if (tag !== undefined) Tags.of(stack).add('team', tag);
  return app;
}

interface Buckets {
  readonly modelsBucket: IBucket;
  /** Of the slot data. Undefined: the stack creates it. */
  readonly dataBucket?: IBucket;
}

function endpointProps(
  settings: Settings,
  { modelsBucket, dataBucket }: Buckets,
  executionRoleArn: string,
): SagemakerEndpointProps {
  const { given, containers = [{}], endpointName = 'Iris' } = settings;
  // By the export's name, so that the bucket's stack does not change with the keys that are loaded.
  const declared = containers.map(({ key = KEY, models, image = 'iris:1', environment }) => ({
    image,
    environment,
    ...(models !== undefined && { mode: 'MultiModel' }),
    modelDataUrl: `s3://${Fn.importValue('models')}/${models ?? key}`,
  }));
  const model = declared.length === 1 ? { primaryContainer: declared[0] } : { containers: declared };
  return {
    modelsProps: [{ customId: 'model', props: { modelName: given, executionRoleArn, ...model } }],
    endpointConfigProps: {
      endpointConfigName: given,
      productionVariants: settings.variants ?? [VARIANT],
      ...settings.config,
    },
    endpointProps: { endpointName, endpointConfigName: given ?? 'any', ...settings.endpoint },
    modelsBucket,
    modelData: modelDataOf(settings, dataBucket),
    waitTime: Duration.seconds(settings.waitTime ?? 1),
    ...(settings.maxWaitTime !== undefined && { maxWaitTime: Duration.seconds(settings.maxWaitTime) }),
    pollInterval: Duration.seconds(settings.pollInterval ?? 1),
    ...(settings.expects !== undefined && {
      smokeTests: [{ payload: '[]', contentType: 'application/json', expect: Expect.contains(settings.expects) }],
    }),
  };
}

function modelDataOf({ inPlace, retainRevisions }: Settings, bucket: IBucket | undefined): ModelData {
  return inPlace ? ModelData.inPlace() : ModelData.perSlot({ bucket, retainRevisions });
}

const synthesized = new Map<string, Readonly<Record<string, object>>>();

/** The templates by stack name. */
export function templatesOf(settings: AppSettings = {}): Readonly<Record<string, object>> {
  const text = JSON.stringify(settings);
  let templates = synthesized.get(text);
  if (!templates) {
    templates = synthesizedTemplates(settingsApp(settings));
    synthesized.set(text, templates);
  }
  return templates;
}
