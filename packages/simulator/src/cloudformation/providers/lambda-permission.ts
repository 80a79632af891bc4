import type { Provider } from '../provider.ts';

type PermissionProperties = { readonly FunctionName: string };

/** AWS::Lambda::Permission. */
export const lambdaPermission: Provider<PermissionProperties> = {
  replacing: { allBut: [] },
  async create(properties, context) {
    const StatementId = context.name({ maxLength: 100 });
    await context.call('lambda', 'AddPermission', { ...properties, StatementId });
    return { physicalId: StatementId, attributes: { Id: StatementId } };
  },
  async delete({ physicalId }, { FunctionName }, context) {
    await context.call('lambda', 'RemovePermission', { FunctionName, StatementId: physicalId });
  },
};
