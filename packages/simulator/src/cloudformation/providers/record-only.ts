import { type Account, arn } from '../../core/account.ts';
import type { NameRule } from '../physical-names.ts';
import type { Properties, Provider, ProviderContext, Replacing } from '../provider.ts';
import type { CreatedResource } from '../stack.ts';
import { nameIn } from './calls.ts';

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
    isRecordOnly: true,
  };
}

const named = (property: string, rule: NameRule) => (properties: Properties, context: ProviderContext) =>
  (properties[property] as string | undefined) ?? context.name(rule);

/** A type whose physical id is an AWS-style id, e.g. `vpc-0123…`. */
const withId = (prefix: string) => recordOnly((_properties, context) => `${prefix}-${idDigits(context)}`);

const idDigits = (context: ProviderContext) => context.uuid().replaceAll('-', '').slice(0, 17);

/** A type whose Ref is an ARN that ends with the resource's name. */
const withArn = (property: string, service: string, resource: string) =>
  recordOnly(
    (properties, context) =>
      arn(context.account, service, `${resource}${properties[property] ?? context.name({ maxLength: 64 })}`),
    { replacing: [property], nameProperty: property },
  );

const recordedCustomResource = recordOnly((_properties, context) => context.name({ maxLength: 255 }));

/** The types that are only recorded, and whose ids or attributes have a form on which other resources rely. */
export const recordedTypes: Readonly<Record<string, Provider>> = {
  'AWS::CloudWatch::Alarm': recordOnly(named('AlarmName', { maxLength: 255 }), {
    replacing: ['AlarmName'],
    nameProperty: 'AlarmName',
    attributes: (name, _properties, context) => ({ Arn: arn(context.account, 'cloudwatch', `alarm:${name}`) }),
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
  'AWS::EC2::SecurityGroup': withId('sg'),
  'AWS::EC2::Subnet': withId('subnet'),
  'AWS::EC2::VPC': withId('vpc'),
  'AWS::SNS::Topic': withArn('TopicName', 'sns', ''),
  'AWS::SecretsManager::Secret': withArn('Name', 'secretsmanager', 'secret:'),
  'AWS::StepFunctions::StateMachine': withArn('StateMachineName', 'states', 'stateMachine:'),
  // CDK's own custom resources whose functions call services that are not simulated.
  'Custom::ECRAutoDeleteImages': recordedCustomResource,
  'Custom::LogRetention': recordedCustomResource,
  'Custom::VpcRestrictDefaultSG': recordedCustomResource,
};

/** Any other type. */
export const anyRecordedType: Provider = recordOnly((properties, context) => {
  const name = properties[`${context.resourceType.split('::').at(-1)}Name`] ?? properties.Name;
  return typeof name === 'string' ? name : context.name({ maxLength: 128 });
});

/** Attributes that templates take apart as lists. */
const LIST_ATTRIBUTES = new Set([
  'CidrBlockAssociations',
  'DnsEntries',
  'Ipv6CidrBlocks',
  'NameServers',
  'NetworkInterfaceIds',
]);

/**
 * An attribute of a resource that is only recorded: the property of that name, an ARN, or the resource's id and the
 * attribute's name. Other recorded resources need no more than a text.
 */
export function recordedAttribute(
  { type, properties, handle }: CreatedResource,
  name: string,
  account: Account,
): unknown {
  const { physicalId } = handle;
  if (Object.hasOwn(properties, name)) return properties[name];
  if (LIST_ATTRIBUTES.has(name)) return [`${physicalId}.${name}`];
  if (!/(Arn|ARN)$/.test(name)) return /(^Id$|Id$|Name$)/.test(name) ? nameIn(physicalId) : `${physicalId}.${name}`;
  if (physicalId.startsWith('arn:')) return physicalId;
  const [, service = '', kind = ''] = type.toLowerCase().split('::');
  return arn(account, service, `${kind}/${physicalId}`);
}
