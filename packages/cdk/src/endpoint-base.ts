import { Resource } from 'aws-cdk-lib';
import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { type OnEventOptions, Rule } from 'aws-cdk-lib/aws-events';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { EndpointReference, IEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import { EVENT_SOURCE, EVENT_TYPES } from './contract';

const SAGEMAKER_NAMESPACE = 'AWS/SageMaker';

const INVOKE_ACTIONS = [
  'sagemaker:InvokeEndpoint',
  'sagemaker:InvokeEndpointAsync',
  'sagemaker:InvokeEndpointWithResponseStream',
];

/** Options of a metric that SageMaker publishes for a variant. */
export interface VariantMetricOptions extends MetricOptions {
  /**
   * Name of the variant.
   *
   * @default - the only variant of the endpoint; required for an imported endpoint, and for one with several variants
   */
  readonly variantName?: string;
}

/** A SageMaker endpoint: one that this app declares, or an imported one. */
export interface ISagemakerEndpoint extends IEndpoint {
  /**
   * A metric that SageMaker publishes for a variant, in the namespace `AWS/SageMaker`.
   *
   * @param metricName name of the metric, for example `OverheadLatency`
   * @default - the average over 5 minutes
   */
  metricVariant(metricName: string, props?: VariantMetricOptions): Metric;

  /**
   * The number of requests to a variant.
   *
   * @default - the sum over 5 minutes
   */
  metricInvocations(props?: VariantMetricOptions): Metric;

  /**
   * The number of requests to a variant that were answered with a 4xx status.
   *
   * @default - the sum over 5 minutes
   */
  metricInvocation4XXErrors(props?: VariantMetricOptions): Metric;

  /**
   * The number of requests to a variant that were answered with a 5xx status.
   *
   * @default - the sum over 5 minutes
   */
  metricInvocation5XXErrors(props?: VariantMetricOptions): Metric;

  /**
   * How long a variant's model takes to answer a request, in microseconds.
   *
   * @default - the average over 5 minutes
   */
  metricModelLatency(props?: VariantMetricOptions): Metric;

  /** Creates a rule for the event that a newer revision serves. */
  onRefreshed(id: string, options?: OnEventOptions): Rule;

  /**
   * Creates a rule for the event that an update to a newer revision failed.
   *
   * `detail.retried` is `true` if the controller tries the revision again; otherwise the revision is quarantined.
   */
  onRefused(id: string, options?: OnEventOptions): Rule;

  /** Creates a rule for the event that something has kept the newest revision from serving for `stalledAfter`. */
  onStalled(id: string, options?: OnEventOptions): Rule;
}

/** What declared and imported endpoints have in common. */
export abstract class SagemakerEndpointBase extends Resource implements ISagemakerEndpoint {
  public abstract readonly endpointName: string;
  public abstract readonly endpointArn: string;

  /**
   * Names of the variants. Undefined if they are not known at synthesis.
   *
   * @internal
   */
  public abstract readonly _variantNames?: readonly string[];

  public get endpointRef(): EndpointReference {
    return { endpointArn: this.endpointArn };
  }

  /** Grants `grantee` permission to invoke the endpoint: synchronously, asynchronously, and with a response stream. */
  public grantInvoke(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({ grantee, actions: INVOKE_ACTIONS, resourceArns: [this.endpointArn] });
  }

  public metricVariant(metricName: string, props: VariantMetricOptions = {}): Metric {
    const { variantName = this.onlyVariant(), ...options } = props;
    return new Metric({
      namespace: SAGEMAKER_NAMESPACE,
      metricName,
      dimensionsMap: { EndpointName: this.endpointName, VariantName: variantName },
      ...options,
    }).attachTo(this);
  }

  public metricInvocations(props?: VariantMetricOptions): Metric {
    return this.metricVariant('Invocations', { statistic: Stats.SUM, ...props });
  }

  public metricInvocation4XXErrors(props?: VariantMetricOptions): Metric {
    return this.metricVariant('Invocation4XXErrors', { statistic: Stats.SUM, ...props });
  }

  public metricInvocation5XXErrors(props?: VariantMetricOptions): Metric {
    return this.metricVariant('Invocation5XXErrors', { statistic: Stats.SUM, ...props });
  }

  public metricModelLatency(props?: VariantMetricOptions): Metric {
    return this.metricVariant('ModelLatency', props);
  }

  public onRefreshed(id: string, options: OnEventOptions = {}): Rule {
    return this.onEvent(id, EVENT_TYPES.succeeded, options);
  }

  public onRefused(id: string, options: OnEventOptions = {}): Rule {
    return this.onEvent(id, EVENT_TYPES.refused, options);
  }

  public onStalled(id: string, options: OnEventOptions = {}): Rule {
    return this.onEvent(id, EVENT_TYPES.stalled, options);
  }

  private onEvent(id: string, detailType: string, options: OnEventOptions): Rule {
    const { target, eventPattern, ruleName, description, crossStackScope } = options;
    const rule = new Rule(crossStackScope ?? this, id, { ruleName, description, eventPattern });
    rule.addEventPattern({
      source: [EVENT_SOURCE],
      detailType: [detailType],
      detail: { endpointName: [this.endpointName] },
    });
    rule.addTarget(target);
    return rule;
  }

  private onlyVariant(): string {
    const names = this._variantNames;
    if (names?.length === 1 && names[0] !== undefined) return names[0];
    const got = names ? `has ${names.length} variants (${names.join(', ')})` : 'has variants that are not known';
    throw new Error(`The endpoint "${this.node.path}" ${got}. Pass variantName, the name of one of its variants.`);
  }
}
