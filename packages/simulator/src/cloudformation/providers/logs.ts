import { arn } from '../../core/account.ts';
import type { Provider } from '../provider.ts';
import { apiType } from './api-type.ts';

/** Log groups. Their tags, key and class are those of their creation. */
export const logsTypes: Readonly<Record<string, Provider>> = {
  'AWS::Logs::LogGroup': apiType({
    service: 'logs',
    create: 'CreateLogGroup',
    remove: 'DeleteLogGroup',
    nameProperty: 'LogGroupName',
    nameRule: { maxLength: 512 },
    nameMember: 'logGroupName',
    replacing: ['LogGroupName'],
    tags: 'list',
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
};
