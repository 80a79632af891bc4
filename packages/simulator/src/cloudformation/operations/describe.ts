import { neededCapability } from '../capabilities.ts';
import { parseTemplate } from '../parse-template.ts';
import type { Stack, StackEvent, StackResource } from '../stack.ts';

/** What GetTemplateSummary says of a template's text. Throws ValidationError. */
export function summarizeTemplate(body: string) {
  const { Description, Parameters: parameters = {}, Resources } = parseTemplate(body);
  const resources = Object.values(Resources);
  const needed = neededCapability(resources);
  const Parameters = Object.entries(parameters).map(([ParameterKey, definition]) => ({
    ParameterKey,
    ParameterType: definition.Type ?? 'String',
    ...(definition.Default !== undefined && { DefaultValue: String(definition.Default) }),
    NoEcho: String(definition.NoEcho ?? false) === 'true',
    Description: definition.Description,
    ParameterConstraints: definition.AllowedValues && { AllowedValues: definition.AllowedValues.map(String) },
  }));
  return {
    Description,
    Parameters,
    ...(needed && { Capabilities: [needed.name], CapabilitiesReason: needed.reason }),
    ResourceTypes: [...new Set(resources.map(({ Type }) => Type))],
    Version: '2010-09-09',
  };
}

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
