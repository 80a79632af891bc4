import { arn } from '../../core/account.ts';
import type { Properties, Provider } from '../provider.ts';
import { apiType, jsonText, namesBut, without } from './api-type.ts';

/** Output of CreateKey. */
interface CreatedKey {
  readonly KeyMetadata: { readonly KeyId: string; readonly Arn: string };
}

/** Keys and their aliases, log groups and parameters. */
export const kmsLogsAndSsmTypes: Readonly<Record<string, Provider>> = {
  // Changes of a key's description are only recorded.
  'AWS::KMS::Key': apiType<Properties, CreatedKey>({
    api: { service: 'kms', create: 'CreateKey', remove: 'ScheduleKeyDeletion' },
    name: { id: 'KeyId' },
    replacing: ['KeySpec', 'KeyUsage', 'MultiRegion', 'Origin'],
    recordedParts: namesBut('Description', 'Enabled', 'KeyPolicy', 'PendingWindowInDays'),
    input: ({ Description, KeyPolicy }) => ({ Description, Policy: KeyPolicy && jsonText(KeyPolicy) }),
    handle: (_name, { KeyMetadata: { KeyId, Arn } }) => ({ physicalId: KeyId, attributes: { KeyId, Arn } }),
    async update(KeyId, { KeyPolicy }, _old, context) {
      // Removing the property keeps the policy.
      if (KeyPolicy !== undefined) await context.call('kms', 'PutKeyPolicy', { KeyId, Policy: jsonText(KeyPolicy) });
    },
    parts: (KeyId, { Enabled = true }, _old, context) =>
      context.call('kms', String(Enabled) === 'true' ? 'EnableKey' : 'DisableKey', { KeyId }),
    removeInput: ({ PendingWindowInDays: days }) => ({ PendingWindowInDays: days === undefined ? days : Number(days) }),
  }),

  'AWS::KMS::Alias': apiType({
    api: { service: 'kms', create: 'CreateAlias', update: 'UpdateAlias', remove: 'DeleteAlias' },
    name: { property: 'AliasName' },
    replacing: ['AliasName'],
  }),

  // Tags, key and class of a log group are those of its creation.
  'AWS::Logs::LogGroup': apiType({
    api: { service: 'logs', create: 'CreateLogGroup', remove: 'DeleteLogGroup' },
    name: { property: 'LogGroupName', maxLength: 512, member: 'logGroupName' },
    replacing: ['LogGroupName'],
    tags: 'list',
    recordedParts: namesBut('KmsKeyId', 'LogGroupClass', 'LogGroupName', 'RetentionInDays', 'Tags'),
    input: ({ KmsKeyId: kmsKeyId, LogGroupClass: logGroupClass }) => ({ kmsKeyId, logGroupClass }),
    handle: (name, _output, { account }) => ({
      physicalId: name,
      attributes: { Arn: `${arn(account, 'logs', `log-group:${name}`)}:*` },
    }),
    async parts(logGroupName, { RetentionInDays: retentionInDays }, old, context) {
      if (retentionInDays === old.RetentionInDays) return;
      if (retentionInDays === undefined) await context.call('logs', 'DeleteRetentionPolicy', { logGroupName });
      else await context.call('logs', 'PutRetentionPolicy', { logGroupName, retentionInDays });
    },
  }),

  // The Tags of a parameter are a map, unlike those of most types.
  'AWS::SSM::Parameter': apiType({
    api: { service: 'ssm', create: 'PutParameter', remove: 'DeleteParameter' },
    name: { property: 'Name', maxLength: 128, stackName: false, prefix: 'CFN-' },
    replacing: ['Name', 'DataType'],
    tags: 'map',
    input: (properties) => ({ ...texts(properties), Overwrite: false }),
    propertyAttributes: ['Type', 'Value'],
    update: (Name, properties, _old, context) =>
      context.call('ssm', 'PutParameter', { ...texts(without(properties, 'Tags')), Name, Overwrite: true }),
  }),
};

/** A template, or a parameter of type Number, can give a number for a text. */
const texts = (properties: Properties): Properties =>
  Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, typeof value === 'object' ? value : String(value)]),
  );
