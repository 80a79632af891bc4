import { Stack } from 'aws-cdk-lib';
import type { ScalableTarget } from 'aws-cdk-lib/aws-applicationautoscaling';
import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Grant, IGrantable, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import {
  CfnEndpoint,
  type CfnEndpointConfig,
  type CfnEndpointConfigProps,
  type CfnModel,
} from 'aws-cdk-lib/aws-sagemaker';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { type Construct, Dependable, type IDependable } from 'constructs';
import type { AutoScaleOptions } from './auto-scale-options';
import {
  type EndpointStore,
  METRIC_DIMENSIONS,
  METRIC_NAMES,
  METRICS_NAMESPACE,
  METRICS_SERVICE,
  type SourceSpec,
  storePrefix,
} from './contract';
import { type ISagemakerEndpoint, SagemakerEndpointBase } from './endpoint-base';
import type { EndpointModel } from './endpoint-model';
import { autoScaleVariant } from './private/auto-scaling';
import { sagemakerArn } from './private/bounded-arns';
import { enableEventDelivery } from './private/bucket-delivery';
import { configKeyPermits } from './private/config-key';
import { dataBucketOf } from './private/data-bucket';
import { DEFAULT_WAIT_TIME } from './private/defaults';
import { createDeploymentConfirmation } from './private/deployment-confirmation';
import { createDeploymentGate } from './private/deployment-gate';
import { type EndpointPlan, planEndpoint } from './private/endpoint-plan';
import { endpointSpec } from './private/endpoint-spec';
import { notifyOfEvents } from './private/event-notifications';
import { allowToDescribe, withExecutionRole } from './private/execution-role';
import { ImportedEndpoint } from './private/imported-endpoint';
import { bucketsOfStack } from './private/initial-data';
import { grantOperator } from './private/operator';
import { passOnUnknownProps } from './private/pass-through';
import { type PermitStage, stagingPermits, swapPermits } from './private/permits';
import { createReconcileRules } from './private/reconcile-rules';
import { rollbackAlarmsOf } from './private/rollback-alarms';
import { checkBucketPolicySize } from './private/size-validation';
import { configArns, createConfig } from './private/slot-config';
import { slotDataOf } from './private/slot-data';
import { stackDataBucketPolicy } from './private/slot-data-access';
import { createModels, type ModelPair, type StoredSlotData } from './private/slot-models';
import { readBuckets, watchedBuckets } from './private/source-validation';
import { createSpecParameter } from './private/spec-parameter';
import { warnOfUnawaitedPolicies } from './private/unawaited-policies';
import { patternsOfSources, warnOfUndetectedUploads } from './private/undetected-uploads';
import { variantNamesOf } from './private/variants';
import { Refresher } from './refresher';
import type { SagemakerEndpointProps } from './sagemaker-endpoint-props';

/** What is stored about an endpoint, and where. */
interface EndpointStorage {
  readonly bucket: IBucket;
  readonly store: EndpointStore;
  /** Absent: all model data stays in place. */
  readonly slots?: StoredSlotData;
}

/**
 * A SageMaker endpoint that keeps itself fresh: upload new model data to S3, and the endpoint serves it.
 *
 * The constructor reports all problems with the props in one error.
 */
export class SagemakerEndpoint extends SagemakerEndpointBase {
  /**
   * An endpoint that the app does not declare, with its grants, SageMaker's metrics and rules for events.
   *
   * @param endpointName the name, in the case in which it was created; if it is a token, in lower case
   */
  public static fromEndpointName(scope: Construct, id: string, endpointName: string): ISagemakerEndpoint {
    return new ImportedEndpoint(scope, id, endpointName);
  }

  /** The endpoint's name: the given one, or a token for the one that CloudFormation generates. */
  public readonly endpointName: string;
  /** Token for the endpoint's name. Resources that use it are created after the endpoint. */
  public readonly attrEndpointName: string;
  /** Token for the endpoint's ARN, which contains the name in lower case. */
  public readonly endpointArn: string;
  /** The endpoint. */
  public readonly endpoint: CfnEndpoint;
  /** The endpoint config of slot A, which the endpoint serves after a deployment that creates new configs. */
  public readonly endpointConfigA: CfnEndpointConfig;
  /** The endpoint config of slot B, to which the first refresh after such a deployment swaps. */
  public readonly endpointConfigB: CfnEndpointConfig;
  /**
   * The models of slot A in the order of `modelsProps`, then those of slot B in the same order. A model whose data
   * stays in place is shared by both slots and occurs once.
   */
  public readonly models: CfnModel[];
  /** The `modelsProps` with the models that were created for them. */
  public readonly modelsProps: EndpointModel[];
  /** The refresher that refreshes the endpoint. */
  public readonly refresher: Refresher;
  /** The execution role of the models that were declared without one. */
  public readonly executionRole?: Role;
  /** @internal */
  public readonly _variantNames?: readonly string[];

  private readonly configProps: CfnEndpointConfigProps;
  private readonly endpointId: string;
  private readonly sources: readonly SourceSpec[];
  private readonly sourceKeys: readonly IKey[];
  private readonly storage: EndpointStorage;

  constructor(scope: Construct, id: string, props: SagemakerEndpointProps) {
    super(scope, id);
    const plan = planEndpoint(this, props);
    const storage = this.createStorage(props, plan);
    this.configProps = props.endpointConfigProps;
    this._variantNames = variantNamesOf(props.endpointConfigProps);
    this.endpointId = plan.endpointId;
    this.sources = plan.sources;
    this.sourceKeys = sourceKeysOf(props, plan);
    this.storage = storage;

    const { models, role } = withExecutionRole(this, plan.models, props, storage.slots?.data);
    this.executionRole = role;
    const pairs = createModels(this, models, storage.slots);
    this.models = [...new Set([...pairs.map(({ a }) => a.cfnModel), ...pairs.map(({ b }) => b.cfnModel)])];
    warnOfUnawaitedPolicies(this, this.models);
    this.modelsProps = pairs.map(({ a, b }) => ({ ...a.declared, cfnModel: a.cfnModel, cfnModelB: b.cfnModel }));
    [this.endpointConfigA, this.endpointConfigB] = this.createConfigs(props, pairs);
    const { endpointProps, guardedDeployment } = props;
    this.endpoint = new CfnEndpoint(this, 'Endpoint', {
      ...endpointProps,
      endpointConfigName: this.endpointConfigA.attrEndpointConfigName,
    });
    passOnUnknownProps(this.endpoint, endpointProps);
    this.node.defaultChild = this.endpoint;
    this.attrEndpointName = this.endpoint.attrEndpointName;
    this.endpointName = endpointProps.endpointName ?? this.attrEndpointName;
    this.endpointArn = this.endpoint.ref;
    if (guardedDeployment) this.endpoint.deploymentConfig = guardedDeployment._bind(this);

    for (const bucket of new Set([props.modelsBucket, ...watchedBuckets(plan.models)])) {
      enableEventDelivery(this, bucket);
    }
    warnOfUndetectedUploads(this, plan.modelSources, props.modelsBucket, plan.bucketEvents);
    this.refresher = props.refresher ?? Refresher.of(this);
    const spec = this.createSpec(props, plan, storage);
    this.frameDeployments(props, plan, storage);
    this.createRules(props, plan, spec);
  }

  /**
   * Grants `grantee` the permissions that the `freshpoint` command needs for this endpoint: to read its spec, state,
   * history, sources and slot data, to write its state and history, to send reconcile requests and move dead letters
   * back, and to describe the endpoint and its stack. An operator can suspend it, roll it back and list all endpoints,
   * but not change or delete model data, configs or endpoints.
   */
  public grantOperate(grantee: IGrantable): Grant {
    const { endpointArn, endpointId, sources, sourceKeys, storage } = this;
    const { queue, deadLetterQueue } = this.refresher;
    const operated = {
      endpoint: this,
      endpointArn,
      endpointId,
      queue,
      deadLetterQueue,
      sources,
      sourceKeys,
      ...storage,
    };
    return grantOperator(operated, grantee);
  }

  /**
   * A metric that the controller publishes for this endpoint, in the namespace `Freshpoint`.
   *
   * @param metricName name of the metric, for example `Swaps`
   * @default - the average over 5 minutes
   */
  public metric(metricName: string, props: MetricOptions = {}): Metric {
    return new Metric({
      namespace: METRICS_NAMESPACE,
      metricName,
      dimensionsMap: {
        [METRIC_DIMENSIONS.service]: METRICS_SERVICE,
        [METRIC_DIMENSIONS.endpoint]: this.endpointId,
      },
      ...props,
    }).attachTo(this);
  }

  /**
   * The number of successful refreshes.
   *
   * @default - the sum over 5 minutes
   */
  public metricSwaps(props?: MetricOptions): Metric {
    return this.metric(METRIC_NAMES.swaps, { statistic: Stats.SUM, ...props });
  }

  /**
   * The number of revisions that were quarantined.
   *
   * @default - the sum over 5 minutes
   */
  public metricQuarantines(props?: MetricOptions): Metric {
    return this.metric(METRIC_NAMES.quarantines, { statistic: Stats.SUM, ...props });
  }

  /**
   * The time from the upload of the newest source until it serves, in seconds.
   *
   * @default - the maximum over 5 minutes
   */
  public metricUploadToServed(props?: MetricOptions): Metric {
    return this.metric(METRIC_NAMES.uploadToServed, { statistic: Stats.MAXIMUM, ...props });
  }

  /**
   * 1 while the endpoint is stalled, and 0 when that ends. Otherwise there is no data.
   *
   * @default - the maximum over 5 minutes
   */
  public metricStalled(props?: MetricOptions): Metric {
    return this.metric(METRIC_NAMES.stalled, { statistic: Stats.MAXIMUM, ...props });
  }

  /**
   * Scales the number of a variant's instances with its load. Refreshes keep that number.
   *
   * The policy keeps to a number of requests per instance; of an asynchronous endpoint, to a number of waiting requests
   * per instance.
   *
   * @param variantName name of the variant
   * @returns the target, to which you can add schedules and other policies
   */
  public autoScale(variantName: string, options: AutoScaleOptions): ScalableTarget {
    const { attrEndpointName, configProps } = this;
    return autoScaleVariant({ endpoint: this, attrEndpointName, config: configProps }, variantName, options);
  }

  /** Sends a message to the topic when a revision is refused, when the endpoint stalls, and when that is over. */
  public notify(topic: ITopic): void {
    notifyOfEvents(this, topic);
  }

  private createStorage(
    { modelData }: SagemakerEndpointProps,
    { endpointId, slotData }: EndpointPlan,
  ): EndpointStorage {
    const bucket = dataBucketOf(this, modelData);
    checkBucketPolicySize(bucket);
    const store = { bucket: bucket.bucketName, prefix: storePrefix(endpointId) };
    if (!slotData) return { bucket, store };
    const data = slotDataOf(slotData.plan, store, Stack.of(this));
    return { bucket, store, slots: { data, bucket } };
  }

  private createConfigs(
    { endpointConfigProps }: SagemakerEndpointProps,
    pairs: readonly ModelPair[],
  ): [CfnEndpointConfig, CfnEndpointConfig] {
    const common = { props: endpointConfigProps, endpoint: () => this.endpoint };
    return [
      createConfig(this, { ...common, slot: 'a', models: pairs.map(({ a }) => a) }),
      createConfig(this, { ...common, slot: 'b', models: pairs.map(({ b }) => b) }),
    ];
  }

  private createSpec(
    props: SagemakerEndpointProps,
    plan: EndpointPlan,
    { store, slots }: EndpointStorage,
  ): CfnParameter {
    const stack = Stack.of(this);
    const spec = endpointSpec(this, props, plan, {
      endpointName: this.attrEndpointName,
      stackId: stack.stackId,
      configs: { a: this.endpointConfigA.attrEndpointConfigName, b: this.endpointConfigB.attrEndpointConfigName },
      queueUrl: this.refresher.queue.queueUrl,
      store,
      data: slots?.data,
      retainRevisions: plan.slotData?.options.retainRevisions,
    });
    return createSpecParameter(this, plan.endpointId, stack.toJsonString(spec));
  }

  /** Grants the refresher its permissions: those that it needs before the endpoint exists, and the others. */
  private allowRefresher(
    props: SagemakerEndpointProps,
    plan: EndpointPlan,
    { bucket, store, slots }: EndpointStorage,
    createdBuckets: readonly string[],
  ): Readonly<Record<PermitStage, IDependable>> {
    const stack = Stack.of(this);
    const { sources } = plan;
    const staging = stagingPermits(stack, {
      store,
      sources,
      data: slots?.data,
      initialData: plan.initialData,
      createdBuckets,
      modelsKey: props.modelsBucket.encryptionKey?.keyArn,
      sourceKeys: this.sourceKeys.map(({ keyArn }) => keyArn),
      dataKey: bucket.encryptionKey?.keyArn,
    });
    const rollbackAlarms = rollbackAlarmsOf(this.endpoint);
    if (this.executionRole) allowToDescribe(this.executionRole, rollbackAlarms);
    const swap = swapPermits({
      endpointArn: sagemakerArn(this.endpointArn, 'endpoint', props.endpointProps.endpointName),
      configArns: configArns(props.endpointConfigProps, [this.endpointConfigA, this.endpointConfigB]),
      hasSmokeTests: (props.smokeTests ?? []).length > 0,
      rollbackAlarms,
    }).concat(configKeyPermits(this, props.endpointConfigProps));
    return {
      Staging: this.refresher._allow(stack, 'Staging', staging),
      Swap: this.refresher._allow(stack, 'Swap', swap),
    };
  }

  /** Creates the custom resources before and after the endpoint that keep deployments and refreshes apart. */
  private frameDeployments(props: SagemakerEndpointProps, plan: EndpointPlan, storage: EndpointStorage): void {
    const { endpointId, sources, initialData } = plan;
    const { bucket, store, slots } = storage;
    const stack = Stack.of(this);
    const createdBuckets = bucketsOfStack(stack, [bucket, ...(initialData.length > 0 ? [props.modelsBucket] : [])]);
    const permissions = this.allowRefresher(props, plan, storage, createdBuckets);
    const configs = [this.endpointConfigA, this.endpointConfigB] as const;
    const serviceToken = this.refresher.handler.functionArn;
    const gate = createDeploymentGate(this, {
      endpointId,
      store,
      sources,
      data: slots?.data,
      initialData,
      createdBuckets,
      modelsOfSlotA: this.modelsProps.map(({ cfnModel }) => cfnModel),
      models: this.models,
      configs,
      endpoint: this.endpoint,
      serviceToken,
      dependencies: [permissions.Staging, ...stackDataBucketPolicy(bucket, stack)],
    });
    const confirmation = createDeploymentConfirmation(this, {
      gate,
      endpoint: this.endpoint,
      configs,
      serviceToken,
      // The refresher with its event source mapping: a deletion may wait in the queue until the endpoint is idle.
      dependencies: [permissions.Staging, permissions.Swap, this.refresher],
    });
    // The permissions name every endpoint of the stack. Otherwise an endpoint that depends on this one would, through
    // the confirmation, depend on itself.
    const withoutConfirmation = () => this.node.children.filter((child) => child !== confirmation);
    Dependable.implement(this, {
      get dependencyRoots() {
        return withoutConfirmation();
      },
    });
  }

  private createRules(
    { modelsBucket, sweepInterval, waitTime = DEFAULT_WAIT_TIME }: SagemakerEndpointProps,
    { endpointId, bucketEvents, sources }: EndpointPlan,
    spec: CfnParameter,
  ): void {
    const rules = createReconcileRules(this, {
      target: this.refresher._reconcileTarget(endpointId, waitTime),
      endpointName: this.attrEndpointName,
      bucket: modelsBucket,
      bucketEvents,
      patterns: patternsOfSources(this, sources, modelsBucket, bucketEvents),
      sweepInterval,
    });
    // No request before there is an endpoint to reconcile.
    for (const rule of rules) rule.node.addDependency(this.endpoint, spec);
  }
}

/** Keys of the objects that are read: to copy them, and to check archives, also in place. Prefixes are only listed. */
function sourceKeysOf(
  { modelsBucket, modelData }: SagemakerEndpointProps,
  { models, sources }: EndpointPlan,
): readonly IKey[] {
  if (sources.every((source) => 'prefix' in source)) return [];
  const keys = [modelsBucket, ...readBuckets(models)].flatMap(({ encryptionKey }) => encryptionKey ?? []);
  return [...new Set(keys), ...(modelData?._perSlot?.sourceKeys ?? [])];
}
