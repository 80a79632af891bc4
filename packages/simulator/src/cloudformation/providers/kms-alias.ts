import type { Provider } from '../provider.ts';

type AliasProperties = { readonly AliasName: string; readonly TargetKeyId: string };

/** AWS::KMS::Alias. */
export const kmsAlias: Provider<AliasProperties> = {
  replacing: ['AliasName'],
  nameProperty: 'AliasName',
  async create({ AliasName, TargetKeyId }, context) {
    await context.call('kms', 'CreateAlias', { AliasName, TargetKeyId });
    return { physicalId: AliasName, attributes: {} };
  },
  async update(handle, { TargetKeyId }, _old, context) {
    await context.call('kms', 'UpdateAlias', { AliasName: handle.physicalId, TargetKeyId });
    return handle;
  },
  async delete({ physicalId }, _properties, context) {
    await context.call('kms', 'DeleteAlias', { AliasName: physicalId });
  },
};
