import { Lazy, Token } from 'aws-cdk-lib';
import { type CfnEndpoint, CfnEndpointConfig, type CfnEndpointConfigProps } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';
import type { Slot } from '../contract';
import { type BoundedText, sagemakerArn } from './bounded-arns';
import { digest8, guarded, omitProperties, renderedProperties } from './digest';
import { suffixedName } from './naming';
import { passOnUnknownProps } from './pass-through';
import type { SlotModel } from './slot-models';
import { withModelNames } from './variants';

/** Digest and slot in the name of a config, each character as a wildcard of IAM. */
const ANY_SUFFIX = '-????????-?';

export interface SlotConfigOptions {
  readonly slot: Slot;
  readonly props: CfnEndpointConfigProps;
  readonly models: readonly SlotModel[];
  /** The endpoint with this config. */
  readonly endpoint: () => CfnEndpoint;
}

/**
 * Creates the endpoint config of one slot.
 *
 * CloudFormation replaces a config when one of its properties changes, and a replaced model changes a property, its
 * name. A changed setting of the endpoint must replace the configs as well, because SageMaker rejects an update to the
 * config in use. Therefore the digest in a given name covers these settings; for a generated name, the logical id does.
 */
export function createConfig(scope: Construct, options: SlotConfigOptions): CfnEndpointConfig {
  const { slot, props, models } = options;
  const settings = () => endpointSettings(options.endpoint());
  const givenName = props.endpointConfigName;
  const names = { models, nameOf: ({ cfnModel }: SlotModel) => cfnModel.attrModelName };
  const { productionVariants, shadowProductionVariants } = props;
  const config: CfnEndpointConfig = new CfnEndpointConfig(scope, `EndpointConfig${slot.toUpperCase()}`, {
    ...props,
    endpointConfigName:
      givenName && Lazy.uncachedString({ produce: () => suffixedName(givenName, `-${digest()}-${slot}`) }),
    productionVariants: withModelNames(productionVariants, props, names),
    shadowProductionVariants: shadowProductionVariants && withModelNames(shadowProductionVariants, props, names),
  });
  passOnUnknownProps(config, props);
  const digest = guarded(() =>
    digest8({
      config: omitProperties(renderedProperties(config), 'EndpointConfigName', 'Tags'),
      models: Object.fromEntries(models.map((model) => [model.id, model.digest()])),
      endpoint: settings(),
    }),
  );
  if (givenName === undefined) addToLogicalId(config, settings);
  return config;
}

/**
 * ARNs that match the configs of both slots. Given names differ only in digest and slot, so one text with a wildcard
 * for each of these characters matches both, and those of later deployments, too.
 */
export function configArns(
  { endpointConfigName }: CfnEndpointConfigProps,
  configs: CfnEndpointConfig[],
): BoundedText[] {
  const [config] = configs;
  if (!config || endpointConfigName === undefined || Token.isUnresolved(endpointConfigName)) {
    return configs.map(({ ref }) => sagemakerArn(ref, 'endpoint-config'));
  }
  const name = suffixedName(endpointConfigName, ANY_SUFFIX);
  // The ARN has the name in lower case, so it is taken from the resource.
  const produce = () => {
    const named = String(config.stack.resolve(config.endpointConfigName));
    const beginning = { 'Fn::Select': [0, { 'Fn::Split': [named.slice(-ANY_SUFFIX.length), config.ref] }] };
    return { 'Fn::Join': ['', [beginning, ANY_SUFFIX]] };
  };
  return [sagemakerArn(Lazy.uncachedString({ produce: () => Token.asString(produce()) }), 'endpoint-config', name)];
}

/** What the endpoint declares besides names and tags: all that an update of it takes, apart from the config. */
function endpointSettings(endpoint: CfnEndpoint): Record<string, unknown> {
  return omitProperties(renderedProperties(endpoint), 'EndpointName', 'EndpointConfigName', 'Tags');
}

/** Appends a digest of the settings to the logical id, if there are any. */
function addToLogicalId(config: CfnEndpointConfig, settings: () => Record<string, unknown>): void {
  const suffix = guarded(() => {
    const found = settings();
    return Object.keys(found).length === 0 ? '' : digest8(found);
  });
  config.overrideLogicalId(Lazy.uncachedString({ produce: () => `${config.stack.getLogicalId(config)}${suffix()}` }));
}
