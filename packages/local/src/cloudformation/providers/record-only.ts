import { arn } from '../../core/account.ts';
import type { NameRule } from '../physical-names.ts';
import type { Properties, Provider, ProviderContext, Replacing } from '../provider.ts';

/** A type without effect on a laptop. It has an id and attributes, so that references to it resolve. */
function recordOnly(
  physicalId: (properties: Properties, context: ProviderContext) => string,
  options: {
    readonly replacing?: Replacing;
    readonly nameProperty?: string;
    readonly attributes?: (id: string, properties: Properties, context: ProviderContext) => Record<string, unknown>;
  } = {},
): Provider {
  return {
    replacing: options.replacing ?? [],
    nameProperty: options.nameProperty,
    async create(properties, context) {
      const id = physicalId(properties, context);
      return { physicalId: id, attributes: options.attributes?.(id, properties, context) ?? {} };
    },
    update: async (handle) => handle,
    delete: async () => undefined,
  };
}

const named = (property: string, rule: NameRule) => (properties: Properties, context: ProviderContext) =>
  (properties[property] as string | undefined) ?? context.name(rule);

/** The types that are only recorded. */
export const recordedTypes: Readonly<Record<string, Provider>> = {
  'AWS::CDK::Metadata': recordOnly((_properties, context) => context.uuid()),
  'AWS::CloudFormation::WaitConditionHandle': recordOnly((_properties, context) => context.uuid()),
  'AWS::CloudWatch::Alarm': recordOnly(named('AlarmName', { maxLength: 255 }), {
    replacing: ['AlarmName'],
    nameProperty: 'AlarmName',
    attributes: (name, _properties, context) => ({ Arn: arn(context.account, 'cloudwatch', `alarm:${name}`) }),
  }),
  'AWS::CloudWatch::Dashboard': recordOnly(named('DashboardName', { maxLength: 255 }), {
    replacing: ['DashboardName'],
    nameProperty: 'DashboardName',
  }),
  'AWS::ApplicationAutoScaling::ScalableTarget': recordOnly(
    ({ ResourceId, ScalableDimension, ServiceNamespace }) => `${ResourceId}|${ScalableDimension}|${ServiceNamespace}`,
    {
      replacing: ['ResourceId', 'ScalableDimension', 'ServiceNamespace'],
      attributes: (id) => ({ Id: id }),
    },
  ),
  'AWS::ApplicationAutoScaling::ScalingPolicy': recordOnly(
    ({ PolicyName, ServiceNamespace, ResourceId }, context) =>
      arn(
        context.account,
        'autoscaling',
        `scalingPolicy:${context.uuid()}:resource/${ServiceNamespace}/${ResourceId}:policyName/${PolicyName}`,
      ),
    {
      replacing: ['PolicyName', 'ResourceId', 'ScalableDimension', 'ScalingTargetId', 'ServiceNamespace'],
      attributes: (id, { PolicyName }) => ({ Arn: id, PolicyName }),
    },
  ),
};
