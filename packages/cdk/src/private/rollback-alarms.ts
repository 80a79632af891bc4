import type { CfnEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import { alarmArn, type BoundedText } from './bounded-arns';
import { isReadable, isReadableList } from './tokens';

/**
 * The alarms that end an update of the endpoint. Who updates it must be allowed to describe them ("Auto-Rollback
 * Configuration and Monitoring", SageMaker AI Developer Guide). Empty if a token hides them.
 */
export function rollbackAlarmsOf({ deploymentConfig, stack }: CfnEndpoint): BoundedText[] {
  if (deploymentConfig === undefined || !isReadable(deploymentConfig)) return [];
  const { autoRollbackConfiguration: rollback } = deploymentConfig;
  if (rollback === undefined || !isReadable(rollback) || !isReadableList(rollback.alarms)) return [];
  return rollback.alarms.filter(isReadable).map(({ alarmName }) => alarmArn(stack, alarmName));
}
