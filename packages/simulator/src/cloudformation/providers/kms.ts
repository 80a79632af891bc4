import type { Properties, Provider } from '../provider.ts';
import { apiType, jsonText } from './api-type.ts';

/** Output of CreateKey. */
interface CreatedKey {
  readonly KeyMetadata: { readonly KeyId: string; readonly Arn: string };
}

/** Keys and aliases. The rotation and tags of a key, and changes of its description, are only recorded. */
export const kmsTypes: Readonly<Record<string, Provider>> = {
  'AWS::KMS::Key': apiType<Properties, CreatedKey>({
    service: 'kms',
    create: 'CreateKey',
    remove: 'ScheduleKeyDeletion',
    idMember: 'KeyId',
    replacing: ['KeySpec', 'KeyUsage', 'MultiRegion', 'Origin'],
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
    service: 'kms',
    create: 'CreateAlias',
    update: 'UpdateAlias',
    remove: 'DeleteAlias',
    nameProperty: 'AliasName',
    replacing: ['AliasName'],
  }),
};
