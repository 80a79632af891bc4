import { Lazy } from 'aws-cdk-lib';
import { CfnEndpointConfig, type CfnEndpointConfigProps } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';
import type { Slot } from '../contract';
import { digest8, guarded, omitProperties, renderedProperties } from './digest';
import { suffixedName } from './naming';
import { passOnUnknownProps } from './pass-through';
import type { SlotModel } from './slot-models';
import { withModelNames } from './variants';

export interface SlotConfigOptions {
  readonly slot: Slot;
  readonly props: CfnEndpointConfigProps;
  readonly models: readonly SlotModel[];
  /** The rendered `DeploymentConfig` of the endpoint. Called at synthesis. */
  readonly deploymentConfig: () => unknown;
}

/**
 * Creates the endpoint config of one slot.
 *
 * CloudFormation replaces a config when one of its properties changes, and a replaced model changes a property, its
 * name. The endpoint's deployment config must replace the configs as well, because SageMaker rejects an update to the
 * config in use. Therefore the digest in a given name covers it; for a generated name, the logical id does.
 */
export function createConfig(scope: Construct, options: SlotConfigOptions): CfnEndpointConfig {
  const { slot, props, models, deploymentConfig } = options;
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
      deploymentConfig: deploymentConfig(),
    }),
  );
  if (givenName === undefined) addToLogicalId(config, deploymentConfig);
  return config;
}

/** Appends a digest of the content to the logical id, unless the content is undefined. */
function addToLogicalId(config: CfnEndpointConfig, content: () => unknown): void {
  const suffix = guarded(() => {
    const value = content();
    return value === undefined ? '' : digest8(value);
  });
  config.overrideLogicalId(Lazy.uncachedString({ produce: () => `${config.stack.getLogicalId(config)}${suffix()}` }));
}
