import { arn } from '../../core/account.ts';
import type { Provider, ProviderContext } from '../provider.ts';
import { type TaggedProperties, tagMap } from '../tags.ts';
import { recordWith } from './calls.ts';

type Retention = { readonly RetentionInDays?: number };

type LogGroupProperties = TaggedProperties &
  Retention & { readonly LogGroupName?: string; readonly KmsKeyId?: string; readonly LogGroupClass?: string };

/** AWS::Logs::LogGroup. */
export const logsLogGroup: Provider<LogGroupProperties> = {
  replacing: ['LogGroupName'],
  nameProperty: 'LogGroupName',
  tags: 'list',
  async create(properties, context) {
    const logGroupName = properties.LogGroupName ?? context.name({ maxLength: 512 });
    await context.call('logs', 'CreateLogGroup', {
      logGroupName,
      ...(properties.KmsKeyId !== undefined && { kmsKeyId: properties.KmsKeyId }),
      ...(properties.LogGroupClass !== undefined && { logGroupClass: properties.LogGroupClass }),
      tags: tagMap(properties.Tags),
    });
    const Arn = `${arn(context.account, 'logs', `log-group:${logGroupName}`)}:*`;
    const handle = { physicalId: logGroupName, attributes: { Arn } };
    context.identified(handle);
    await putRetention(logGroupName, properties, {}, context);
    return handle;
  },
  async update(handle, properties, old, context) {
    await putRetention(handle.physicalId, properties, old, context);
    return handle;
  },
  async delete({ physicalId }, _properties, context) {
    await context.call('logs', 'DeleteLogGroup', { logGroupName: physicalId });
  },
};

async function putRetention(logGroupName: string, now: Retention, old: Retention, context: ProviderContext) {
  const retentionInDays = now.RetentionInDays;
  if (retentionInDays === old.RetentionInDays) return;
  if (retentionInDays === undefined) await recordWith(context, 'logs', 'DeleteRetentionPolicy', { logGroupName });
  else await recordWith(context, 'logs', 'PutRetentionPolicy', { logGroupName, retentionInDays });
}
