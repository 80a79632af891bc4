import type { Stack, StackEvent, StackResource } from '../stack.ts';

/** `Stack` of DescribeStacks. */
export function describeStack(stack: Stack) {
  const { deployed } = stack;
  return {
    StackId: stack.stackId,
    StackName: stack.stackName,
    ChangeSetId: stack.lastChangeSetId,
    Description: deployed?.template.template.Description,
    Parameters: describeParameters(stack),
    CreationTime: stack.createdAt,
    DeletionTime: stack.deletedAt,
    LastUpdatedTime: stack.updatedAt,
    RollbackConfiguration: {},
    StackStatus: stack.status,
    StackStatusReason: stack.reason,
    DisableRollback: stack.disableRollback,
    NotificationARNs: [],
    Capabilities: deployed?.capabilities.filter((name) => name !== '*') ?? [],
    Outputs: stack.outputs.map(({ key, value, description, exportName }) => ({
      OutputKey: key,
      OutputValue: value,
      Description: description,
      ExportName: exportName,
    })),
    Tags: deployed?.tags.map(({ Key, Value }) => ({ Key, Value })) ?? [],
    EnableTerminationProtection: stack.terminationProtection,
    DriftInformation: { StackDriftStatus: 'NOT_CHECKED' },
  };
}

function describeParameters({ deployed }: Stack) {
  if (!deployed) return [];
  const { template, parameters } = deployed.template;
  return [...parameters.given].map(([ParameterKey, given]) => {
    const definition = template.Parameters?.[ParameterKey];
    const isSecret = String(definition?.NoEcho ?? false) === 'true';
    const isLookedUp = definition?.Type?.startsWith('AWS::SSM::Parameter::') ?? false;
    return {
      ParameterKey,
      ParameterValue: isSecret ? '****' : given,
      ...(isLookedUp && { ResolvedValue: String(parameters.values.get(ParameterKey)) }),
    };
  });
}

/** `StackEvent` of DescribeStackEvents. */
export function describeEvent(event: StackEvent) {
  return {
    StackId: event.stackId,
    EventId: event.eventId,
    StackName: event.stackName,
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId,
    ResourceType: event.type,
    Timestamp: event.timestamp,
    ResourceStatus: event.status,
    ResourceStatusReason: event.reason,
    ClientRequestToken: event.clientRequestToken,
  };
}

/** `StackResource` of DescribeStackResources. */
export function describeResource(stack: Stack, resource: StackResource) {
  return {
    StackName: stack.stackName,
    StackId: stack.stackId,
    LogicalResourceId: resource.logicalId,
    PhysicalResourceId: resource.handle?.physicalId,
    ResourceType: resource.type,
    Timestamp: resource.updatedAt,
    ResourceStatus: resource.status,
    ResourceStatusReason: resource.reason,
    DriftInformation: { StackResourceDriftStatus: 'NOT_CHECKED' },
  };
}
