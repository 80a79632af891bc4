import { type Account, arn } from '../../core/account.ts';
import type { Handle, Properties, Provider, ProviderContext, UpdatingProvider } from '../provider.ts';
import type { CreatedResource } from '../stack.ts';
import { nameIn } from './api-type.ts';

/** A type without effect on a laptop. It has an id and attributes, so that references to it resolve. */
export function recordOnly(
  create: (properties: Properties, context: ProviderContext) => string | Handle,
  names: Partial<Pick<Provider, 'replacing' | 'nameProperty'>> = {},
): UpdatingProvider {
  return {
    replacing: [],
    ...names,
    async create(properties, context) {
      const made = create(properties, context);
      return typeof made === 'string' ? { physicalId: made, attributes: {} } : made;
    },
    update: async (handle) => handle,
    delete: async () => undefined,
    isRecordOnly: () => true,
  };
}

/** A type of which some resources are only recorded. */
export function partlyRecorded(
  isRecorded: (properties: Properties) => boolean,
  recorded: UpdatingProvider,
  simulated: UpdatingProvider,
): Provider {
  const of = (properties: Properties) => (isRecorded(properties) ? recorded : simulated);
  return {
    ...simulated,
    isRecordOnly: isRecorded,
    create: (properties, context) => of(properties).create(properties, context),
    async update(handle, properties, old, context) {
      if (of(properties) === of(old)) return await of(properties).update(handle, properties, old, context);
      const made = await of(properties).create(properties, context);
      // With another id, it is deleted at the end of the deployment.
      if (made.physicalId === handle.physicalId) await of(old).delete(handle, old, context);
      return made;
    },
    delete: (handle, properties, context) => of(properties).delete(handle, properties, context),
  };
}

/** A type that is identified by its name. */
const named = (
  nameProperty: string,
  idOf = (name: string, _context: ProviderContext): string | Handle => name,
): UpdatingProvider =>
  recordOnly(
    (properties, context) => {
      const name = properties[nameProperty] ?? properties.Name ?? context.name({ maxLength: 128 });
      return idOf(String(name), context);
    },
    { nameProperty, replacing: [nameProperty, 'Name'] },
  );

/** A type whose physical id is an AWS-style id, e.g. `vpc-0123…`. */
const withId = (prefix: string) =>
  recordOnly((_properties, context) => `${prefix}-${context.uuid().replaceAll('-', '').slice(0, 17)}`);

/** A type whose Ref is an ARN that ends with the resource's name. */
const withArn = (nameProperty: string, service: string, resource: string) =>
  named(nameProperty, (name, { account }) => arn(account, service, `${resource}${name}`));

/** A version or an alias. Its Ref is its ARN. */
const ofFunction = (qualifierOf: (properties: Properties) => string) =>
  recordOnly((properties, { account }) => {
    const name = String(properties.FunctionName).split(':').at(-1);
    return arn(account, 'lambda', `function:${name}:${qualifierOf(properties)}`);
  });

const recordedCustomResource = recordOnly((_properties, context) => context.name({ maxLength: 255 }));

/** The types that are only recorded, and whose ids or attributes have a form on which other resources rely. */
export const recordedTypes: Readonly<Record<string, Provider>> = {
  'AWS::CloudWatch::Alarm': named('AlarmName', (physicalId, { account }) => ({
    physicalId,
    attributes: { Arn: arn(account, 'cloudwatch', `alarm:${physicalId}`) },
  })),
  'AWS::ApplicationAutoScaling::ScalableTarget': recordOnly(
    ({ ResourceId, ScalableDimension, ServiceNamespace }) => `${ResourceId}|${ScalableDimension}|${ServiceNamespace}`,
    { replacing: ['ResourceId', 'ScalableDimension', 'ServiceNamespace'] },
  ),
  'AWS::ApplicationAutoScaling::ScalingPolicy': recordOnly(
    ({ PolicyName, ServiceNamespace, ResourceId }, context) => {
      const resource = `${context.uuid()}:resource/${ServiceNamespace}/${ResourceId}:policyName/${PolicyName}`;
      return arn(context.account, 'autoscaling', `scalingPolicy:${resource}`);
    },
    { replacing: ['PolicyName', 'ResourceId', 'ScalableDimension', 'ScalingTargetId', 'ServiceNamespace'] },
  ),
  'AWS::EC2::SecurityGroup': withId('sg'),
  'AWS::EC2::Subnet': withId('subnet'),
  'AWS::EC2::VPC': withId('vpc'),
  'AWS::Lambda::Alias': ofFunction(({ Name }) => String(Name)),
  'AWS::Lambda::Version': ofFunction(() => '1'),
  'AWS::SNS::Topic': withArn('TopicName', 'sns', ''),
  'AWS::SecretsManager::Secret': withArn('Name', 'secretsmanager', 'secret:'),
  'AWS::StepFunctions::StateMachine': withArn('StateMachineName', 'states', 'stateMachine:'),
  // CDK's own custom resources whose functions call services that are not simulated.
  'Custom::ECRAutoDeleteImages': recordedCustomResource,
  'Custom::LogRetention': recordedCustomResource,
  'Custom::VpcRestrictDefaultSG': recordedCustomResource,
};

/** Any other type. */
export const anyRecordedType = (type: string): Provider => named(`${type.split('::').at(-1)}Name`);

/** Attributes that templates take apart as lists. */
const LIST_ATTRIBUTE = /^(CidrBlockAssociations|DnsEntries|Ipv6CidrBlocks|NameServers|NetworkInterfaceIds)$/;

/**
 * An attribute of a resource that is only recorded: the property of that name, an ARN, or the resource's id and the
 * attribute's name. Other recorded resources need no more than a text.
 */
export function recordedAttribute({ type, properties, handle }: CreatedResource, name: string, account: Account) {
  const { physicalId } = handle;
  if (Object.hasOwn(properties, name)) return properties[name];
  if (LIST_ATTRIBUTE.test(name)) return [`${physicalId}.${name}`];
  if (!/(Arn|ARN)$/.test(name)) return /(^Id$|Id$|Name$)/.test(name) ? nameIn(physicalId) : `${physicalId}.${name}`;
  if (physicalId.startsWith('arn:')) return physicalId;
  const [, service = '', kind = ''] = type.toLowerCase().split('::');
  return arn(account, service, `${kind}/${physicalId}`);
}
