import { Annotations, type Duration, Lazy, Stack, Token } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import {
  CfnEndpoint,
  CfnEndpointConfig,
  type CfnEndpointConfigProps,
  type CfnEndpointProps,
  CfnModel,
} from 'aws-cdk-lib/aws-sagemaker';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { BucketEvent } from './bucket-event';
import {
  type EndpointSpec,
  historyParameterName,
  INITIAL_HISTORY,
  INITIAL_STATE,
  type Slot,
  type SlotData,
  type SourceSpec,
  specParameterName,
  stateParameterName,
} from './contract';
import { ModelData } from './model-data';
import type { EndpointModel, ModelProps } from './model-props';
import { deliverEvents, warnOfUnnoticed } from './private/bucket-delivery';
import { dataBucket, letRoleRead, policyOf } from './private/data-bucket';
import { DEFAULT_BUCKET_EVENTS, DEFAULT_SWEEP_INTERVAL, DEFAULT_WAIT_TIME } from './private/defaults';
import { deploymentGate } from './private/deployment-gate';
import { digest8, guarded, renderedProperties, without } from './private/digest';
import { eventPattern } from './private/event-pattern';
import { boundVariants, type DeclaredModel, declaredModels, hasUnreadableVariants } from './private/models';
import { endpointId, suffixedName } from './private/naming';
import { passOnUnknownProperties } from './private/pass-through';
import { endpointPermits, knownPermits } from './private/permissions';
import { placedProps, placesOf, type SlotPlan, slotData, slotPlan } from './private/slot-data';
import { smokeTestSpecs } from './private/smoke-tests';
import { distinct, filterSources, modelSources } from './private/sources';
import { problemsWith, throwProblems } from './private/validation';
import { Refresher } from './refresher';
import type { SmokeTest } from './smoke-test';
import type { Verification } from './verification';

/** How an endpoint that keeps itself fresh is made. */
export interface SagemakerEndpointProps {
  /**
   * The endpoint, as CloudFormation takes it. Every property is passed on, except `endpointConfigName`: the endpoint
   * gets the config that the construct makes.
   *
   * `retainAllVariantProperties` and `retainDeploymentConfig` also hold for refreshes, where both are true unless
   * they are set to false here: instance counts, weights, canary settings and rollback alarms outlive a refresh.
   */
  readonly endpointProps: CfnEndpointProps;

  /**
   * The endpoint config, as CloudFormation takes it. Two are made of it, A and B, between which refreshes swap. Every
   * property is passed on.
   *
   * With an `endpointConfigName`, which must be the one in `endpointProps`, the configs are called
   * `<name>-<8 hex digits>-a` and `-b`, where the digits follow from the content. Without, CloudFormation names them.
   *
   * A variant names a model of `modelsProps` by its name or `customId`, or any other model by a token. With one model
   * it may leave `modelName` out, unless `executionRoleArn` is set: then it hosts inference components.
   */
  readonly endpointConfigProps: CfnEndpointConfigProps;

  /** The models; at least one. */
  readonly modelsProps: ModelProps[];

  /**
   * The bucket whose events refresh the endpoint. EventBridge delivery is switched on if the bucket belongs to the
   * app; for an imported bucket a warning says how to do it.
   */
  readonly modelsBucket: IBucket;

  /**
   * What in the bucket makes the endpoint look for new model data.
   *
   * @default - created objects whose key ends with `.tar.gz`
   */
  readonly bucketEvents?: BucketEvent[];

  /**
   * Whether each slot's models load copies of their own, or both slots' the sources themselves.
   *
   * @default ModelData.perSlot()
   */
  readonly modelData?: ModelData;

  /**
   * How much of an uploaded archive is read before the endpoint is asked to load it.
   *
   * @default Verification.quick()
   */
  readonly verification?: Verification;

  /**
   * What the endpoint is asked after each refresh to newer data. If an answer isn't as expected, the refresher goes back
   * to what was served before and quarantines the new revision with the answer. Needs model data per slot.
   *
   * @default - none
   */
  readonly smokeTests?: SmokeTest[];

  /**
   * How old the newest file must be before it is taken, so that an upload of several is taken whole. At most 12 hours.
   *
   * @default Duration.seconds(60)
   */
  readonly waitTime?: Duration;

  /**
   * After how long an endless stream of uploads is taken all the same. At least `waitTime`.
   *
   * @default - no bound
   */
  readonly maxWaitTime?: Duration;

  /**
   * Time between two looks at an endpoint that is being updated. At least one second. AWS throttles frequent looks.
   *
   * @default Duration.seconds(30)
   */
  readonly pollInterval?: Duration;

  /**
   * How often the endpoint is looked at without any event. Whole minutes, at least one.
   *
   * @default Duration.hours(1)
   */
  readonly sweepInterval?: Duration;

  /**
   * What does the refreshes. Must be in the endpoint's account and region.
   *
   * @default - one that all endpoints of the stack share
   */
  readonly refresher?: Refresher;
}

interface BoundModel extends DeclaredModel {
  readonly cfnModel: CfnModel;
  readonly digest: () => string;
}

/** The models of both slots, in the order of `modelsProps`. */
type BoundModels = { readonly [slot in Slot]: readonly BoundModel[] };

/** The copies that the slots' models load, and the bucket that they are in. */
interface Copies {
  readonly data: SlotData;
  readonly bucket: IBucket;
}

/**
 * A SageMaker endpoint that keeps itself fresh: upload new model data to S3 and the endpoint serves it.
 *
 * The constructor throws one error that lists everything that is wrong with the props.
 */
export class SagemakerEndpoint extends Construct {
  /** The endpoint's name: the one given, else a token for the one that CloudFormation makes. */
  public readonly endpointName: string;
  /** Token for the endpoint's name. Whoever uses it is deployed after the endpoint. */
  public readonly attrEndpointName: string;
  /** Token for the endpoint's ARN, in which the name is in lower case. */
  public readonly endpointArn: string;
  /** The endpoint. */
  public readonly endpoint: CfnEndpoint;
  /** The config that a deployment makes the endpoint serve. */
  public readonly endpointConfigA: CfnEndpointConfig;
  /** The config that the first refresh after a deployment swaps to. */
  public readonly endpointConfigB: CfnEndpointConfig;
  /**
   * The models: slot A's in the order of `modelsProps`, then those that slot B has of its own because it loads its own
   * copies, in the same order.
   */
  public readonly models: CfnModel[];
  /** The `modelsProps`, each with the models made of it. */
  public readonly modelsProps: EndpointModel[];
  /** What does the refreshes. */
  public readonly refresher: Refresher;

  constructor(scope: Construct, id: string, props: SagemakerEndpointProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const declared = declaredModels(props.modelsProps);
    const problems = problemsWith(this, props, declared);
    const bucketEvents = props.bucketEvents ?? DEFAULT_BUCKET_EVENTS;
    const ofModels = modelSources(declared, stack);
    const ofFilters = filterSources(bucketEvents, props.modelsBucket.bucketName);
    const sources = distinct([...ofModels.sources.map(({ source }) => source), ...ofFilters]);
    if (sources.length === 0 && declared.length > 0) {
      problems.push(
        'There is nothing to watch: no model has a modelDataUrl or an s3DataSource that can be read' +
          `${ofModels.unreadable.map((each) => ` (${each})`).join('')}, and no bucket event has a prefix; ` +
          'write the URL as s3://<bucket>/<key>, or add a prefix to keyFilters',
      );
    }
    const modelData = props.modelData ?? ModelData.perSlot();
    const plan = modelData._perSlot ? slotPlan(declared, stack) : undefined;
    const isPerSlot = plan !== undefined && plan.files.length > 0;
    if (!isPerSlot && props.smokeTests?.length) {
      problems.push(
        'smokeTests need model data per slot, and no model has any: going back would load the same bytes again; ' +
          'leave smokeTests out, or load a .tar.gz archive per slot (ModelData.perSlot(), single-model container)',
      );
    }
    throwProblems(this, problems);

    const copies = isPerSlot ? this.planCopies(modelData, plan) : undefined;
    if (plan) this.tellWhatStays(plan);
    const models = this.makeModels(declared, copies);
    const shared = new Set(models.a.map(({ cfnModel }) => cfnModel));
    const ofB = models.b.map(({ cfnModel }) => cfnModel);
    this.models = [...shared, ...ofB.filter((cfnModel) => !shared.has(cfnModel))];
    this.modelsProps = models.a.map(({ declared, cfnModel }, index) => ({
      ...declared,
      cfnModel,
      cfnModelB: ofB[index]!,
    }));
    this.endpointConfigA = this.makeConfig('a', props.endpointConfigProps, models.a);
    this.endpointConfigB = this.makeConfig('b', props.endpointConfigProps, models.b);
    this.endpoint = new CfnEndpoint(this, 'Endpoint', {
      ...props.endpointProps,
      endpointConfigName: this.endpointConfigA.attrEndpointConfigName,
    });
    passOnUnknownProperties(this.endpoint, props.endpointProps);
    this.attrEndpointName = this.endpoint.attrEndpointName;
    this.endpointName = props.endpointProps.endpointName ?? this.attrEndpointName;
    this.endpointArn = this.endpoint.ref;

    deliverEvents(this, props.modelsBucket);
    warnOfUnnoticed(this, ofModels, props.modelsBucket, bucketEvents);
    this.warnOfUnreadableVariants(props.endpointConfigProps);
    this.refresher = props.refresher ?? Refresher.of(this);
    this.connect(props, bucketEvents, sources, copies);
  }

  /**
   * Lets `grantee` ask the endpoint for predictions (`sagemaker:InvokeEndpoint`).
   */
  public grantInvoke(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: ['sagemaker:InvokeEndpoint'],
      resourceArns: [this.endpointArn],
    });
  }

  private planCopies(modelData: ModelData, plan: SlotPlan): Copies {
    const options = modelData._perSlot ?? {};
    const id = endpointId(this);
    const bucket = dataBucket(this, id, options);
    return { data: slotData(id, bucket.bucketName, plan, Stack.of(this)), bucket };
  }

  private tellWhatStays({ inPlace }: SlotPlan): void {
    if (inPlace.length === 0) return;
    Annotations.of(this).addInfoV2(
      '@freshpoint/cdk:dataInPlace',
      `Both slots load this model data from where it is uploaded: ${inPlace.join('; ')}. While it is overwritten, an ` +
        'instance that starts later loads other bytes than those before it.',
    );
  }

  private makeModels(declared: DeclaredModel[], copies: Copies | undefined): BoundModels {
    const scope = new Construct(this, 'Models');
    const a = declared.map((model) => this.makeModel(scope, model, 'a', copies));
    if (!copies) return { a, b: a };
    const scopeOfB = new Construct(this, 'ModelsB');
    const isCopied = ({ declared: { props } }: DeclaredModel) =>
      placesOf(props, copies.data, 'b', Stack.of(this)).length > 0;
    return { a, b: a.map((model) => (isCopied(model) ? this.makeModel(scopeOfB, model, 'b', copies) : model)) };
  }

  private makeModel(scope: Construct, model: DeclaredModel, slot: Slot, copies: Copies | undefined): BoundModel {
    const { givenName } = model;
    const stack = Stack.of(this);
    const given = model.declared.props;
    const props = copies ? placedProps(given, copies.data, slot, stack) : given;
    const cfnModel: CfnModel = new CfnModel(scope, model.id, {
      ...props,
      modelName: givenName && Lazy.uncachedString({ produce: () => suffixedName(givenName, `-${digest()}`) }),
    });
    const digest = guarded(() => digest8(without(renderedProperties(cfnModel), 'ModelName', 'Tags')));
    passOnUnknownProperties(cfnModel, props);
    const keys = copies ? placesOf(given, copies.data, slot, stack) : [];
    if (copies && keys.length > 0 && given.executionRoleArn !== undefined) {
      // SageMaker reads the data with this role as soon as the model is made.
      cfnModel.node.addDependency(...letRoleRead(this, copies.bucket, given.executionRoleArn, keys));
    }
    return { id: model.id, givenName, declared: model.declared, cfnModel, digest };
  }

  /**
   * CloudFormation replaces a config when one of its properties changes; a changed model changes the name by which
   * the config refers to it. The endpoint's deployment config must renew the configs as well: an update that names
   * the config in use is refused. So a given name's digest covers it, and where CloudFormation makes the name, the
   * logical id does.
   */
  private makeConfig(slot: Slot, props: CfnEndpointConfigProps, models: readonly BoundModel[]): CfnEndpointConfig {
    const given = props.endpointConfigName;
    const config: CfnEndpointConfig = new CfnEndpointConfig(this, `EndpointConfig${slot.toUpperCase()}`, {
      ...props,
      endpointConfigName: given && Lazy.uncachedString({ produce: () => suffixedName(given, `-${digest()}-${slot}`) }),
      productionVariants: boundVariants(
        props.productionVariants,
        models,
        props,
        ({ cfnModel }) => cfnModel.attrModelName,
      )!,
      shadowProductionVariants: boundVariants(
        props.shadowProductionVariants,
        models,
        props,
        ({ cfnModel }) => cfnModel.attrModelName,
      ),
    });
    passOnUnknownProperties(config, props);

    const deploymentConfig = () => renderedProperties(this.endpoint).DeploymentConfig;
    const digest = guarded(() =>
      digest8({
        config: without(renderedProperties(config), 'EndpointConfigName', 'Tags'),
        models: Object.fromEntries(models.map((model) => [model.id, model.digest()])),
        deploymentConfig: deploymentConfig(),
      }),
    );
    if (given === undefined) {
      const suffix = guarded(() => {
        const content = deploymentConfig();
        return content === undefined ? '' : digest8(content);
      });
      config.overrideLogicalId(
        Lazy.uncachedString({ produce: () => `${config.stack.getLogicalId(config)}${suffix()}` }),
      );
    }
    return config;
  }

  private warnOfUnreadableVariants(props: CfnEndpointConfigProps): void {
    if (![props.productionVariants, props.shadowProductionVariants].some(hasUnreadableVariants)) return;
    Annotations.of(this).addWarningV2(
      '@freshpoint/cdk:unreadableVariants',
      'A variant of endpointConfigProps is a token and passed on as it is: its modelName is not replaced by the name ' +
        'that a model of modelsProps gets. Write the variant out, or refer to the model by a token.',
    );
  }

  private connect(
    props: SagemakerEndpointProps,
    bucketEvents: BucketEvent[],
    sources: SourceSpec[],
    copies: Copies | undefined,
  ): void {
    const stack = Stack.of(this);
    const id = endpointId(this);
    const spec = new CfnParameter(this, 'Spec', {
      type: 'String',
      description: 'What the stack declares about the endpoint, for the Freshpoint refresher',
      name: specParameterName(id),
      value: stack.toJsonString(this.spec(props, sources, copies)),
      // Standard holds 4 KB free of charge, which only a long list of sources exceeds.
      tier: 'Intelligent-Tiering',
    });
    const state = new CfnParameter(this, 'State', {
      type: 'String',
      description: 'What the Freshpoint refresher knows about the endpoint; written by it',
      name: stateParameterName(id),
      value: INITIAL_STATE,
      tier: 'Intelligent-Tiering',
    });
    const history = new CfnParameter(this, 'History', {
      type: 'String',
      description: 'What became of each refresh of the endpoint, a version each; written by the Freshpoint refresher',
      name: historyParameterName(id),
      value: INITIAL_HISTORY,
      tier: 'Intelligent-Tiering',
    });
    const known = {
      specParameter: specParameterName(id),
      stateParameter: stateParameterName(id),
      historyParameter: historyParameterName(id),
      sources,
      data: copies?.data,
      sourceKeys: sourceKeys(props, sources).map(({ keyArn }) => keyArn),
      dataKey: copies?.bucket.encryptionKey?.keyArn,
    };
    const early = this.refresher._allow(stack, knownPermits(stack, known), true);
    const configs = [this.endpointConfigA, this.endpointConfigB];
    this.refresher._allow(
      stack,
      endpointPermits({
        endpointArn: this.endpointArn,
        configArns: configs.map(({ ref }) => ref),
        isTested: (props.smokeTests ?? []).length > 0,
      }),
      false,
    );
    deploymentGate(this, stack, {
      endpointId: id,
      sources,
      data: copies?.data,
      models: this.modelsProps.map(({ cfnModel }) => cfnModel),
      allModels: this.models,
      config: this.endpointConfigA,
      configs,
      endpoint: this.endpoint,
      serviceToken: this.refresher.handler.functionArn,
      after: [early, state, history, ...(copies ? policyOf(copies.bucket, stack) : [])],
    });

    const promise = this.refresher._promise(id);
    const rules = bucketEvents.map(
      (event, index) =>
        new Rule(this, `Event${index + 1}`, {
          description: "Freshpoint: look at an endpoint after an event of its models' bucket",
          eventPattern: eventPattern(props.modelsBucket.bucketName, event),
          targets: [promise],
        }),
    );
    const sweep = new Rule(this, 'Sweep', {
      description: 'Freshpoint: look at an endpoint whatever happened',
      schedule: Schedule.rate(props.sweepInterval ?? DEFAULT_SWEEP_INTERVAL),
      targets: [promise],
    });
    // Nothing is promised before there is an endpoint to look at.
    for (const rule of [...rules, sweep]) rule.node.addDependency(this.endpoint, spec, state, history);
  }

  private spec(props: SagemakerEndpointProps, sources: SourceSpec[], copies: Copies | undefined): EndpointSpec {
    const { endpointProps, maxWaitTime, pollInterval, verification, smokeTests = [] } = props;
    const excluded = this.excludedVariantProperties(endpointProps);
    return {
      version: 1,
      endpointName: this.attrEndpointName,
      stackId: Stack.of(this).stackId,
      configs: { a: this.endpointConfigA.attrEndpointConfigName, b: this.endpointConfigB.attrEndpointConfigName },
      sources,
      ...(copies && { data: copies.data }),
      ...(verification?._whole && { verification: 'full' as const }),
      ...(smokeTests.length > 0 && { smokeTests: smokeTestSpecs(smokeTests) }),
      queueUrl: this.refresher.queue.queueUrl,
      waitTime: wholeSeconds(props.waitTime ?? DEFAULT_WAIT_TIME),
      ...(maxWaitTime && { maxWaitTime: wholeSeconds(maxWaitTime) }),
      ...(pollInterval && { pollInterval: wholeSeconds(pollInterval) }),
      // Tokens become part of the JSON text when the stack is deployed.
      retainAllVariantProperties: (endpointProps.retainAllVariantProperties ?? true) as boolean,
      retainDeploymentConfig: (endpointProps.retainDeploymentConfig ?? true) as boolean,
      ...(excluded.length > 0 && { excludeRetainedVariantProperties: excluded }),
    };
  }

  private excludedVariantProperties({ excludeRetainedVariantProperties: given }: CfnEndpointProps): string[] {
    if (given === undefined) return [];
    const listed = Array.isArray(given) && !Token.isUnresolved(given) ? given : [given];
    const readable = listed.filter((each): each is CfnEndpoint.VariantPropertyProperty => !Token.isUnresolved(each));
    if (readable.length < listed.length) {
      Annotations.of(this).addWarningV2(
        '@freshpoint/cdk:unreadableExclusions',
        'endpointProps.excludeRetainedVariantProperties contains a token: deployments follow it, refreshes do not. Write it out.',
      );
    }
    return readable.flatMap(({ variantPropertyType }) => variantPropertyType ?? []);
  }
}

/** Keys of the objects that are read: to copy them, and to see whether they are archives, also where they stay in place. */
function sourceKeys({ modelsBucket, modelData }: SagemakerEndpointProps, sources: SourceSpec[]): IKey[] {
  if (!sources.some((source) => 'key' in source)) return [];
  const key = modelsBucket.encryptionKey;
  return [...(key ? [key] : []), ...(modelData?._perSlot?.sourceKeys ?? [])];
}

function wholeSeconds(duration: Duration): number {
  return duration.isUnresolved() ? duration.toSeconds() : Math.ceil(duration.toSeconds({ integral: false }));
}
