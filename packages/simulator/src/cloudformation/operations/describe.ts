import { unlessEmpty } from '../../core/unless-empty.ts';
import { neededCapability } from '../capabilities.ts';
import { parseTemplate } from '../parse-template.ts';
import type { Stack, StackDeployment, StackEvent } from '../stack.ts';

/** What GetTemplateSummary and ValidateTemplate say of a template's text. Throws ValidationError. */
export function summarizeTemplate(body: string) {
  const {
    AWSTemplateFormatVersion: Version = '2010-09-09',
    Description,
    Parameters: parameters = {},
    Resources,
  } = parseTemplate(body);
  const resources = Object.values(Resources);
  const needed = neededCapability(resources);
  const Parameters = Object.entries(parameters).map(([ParameterKey, definition]) => ({
    ParameterKey,
    ParameterType: definition.Type ?? 'String',
    ...(definition.Default !== undefined && { DefaultValue: String(definition.Default) }),
    NoEcho: String(definition.NoEcho ?? false) === 'true',
    Description: definition.Description,
    ParameterConstraints: { AllowedValues: definition.AllowedValues?.map(String) },
  }));
  return {
    Description,
    Parameters,
    ...(needed && { Capabilities: [needed.name], CapabilitiesReason: needed.reason }),
    ResourceTypes: [...new Set(resources.map(({ Type }) => Type))],
    Version,
  };
}

/** `Stack` of DescribeStacks, and `StackSummary` of ListStacks. */
export function describeStack(stack: Stack) {
  const { deployed } = stack;
  return {
    StackId: stack.stackId,
    StackName: stack.stackName,
    ChangeSetId: stack.lastChangeSetId,
    Description: deployed?.template.Description,
    TemplateDescription: deployed?.template.Description,
    Parameters: deployed && unlessEmpty(describeParameters(deployed)),
    CreationTime: stack.createdAt,
    DeletionTime: stack.deletedAt,
    LastUpdatedTime: stack.updatedAt,
    RollbackConfiguration: {},
    StackStatus: stack.status,
    StackStatusReason: stack.reason,
    DisableRollback: stack.disableRollback,
    NotificationARNs: [],
    Capabilities: unlessEmpty(deployed?.capabilities.filter((name) => name !== '*') ?? []),
    Outputs: unlessEmpty(stack.outputs),
    Tags: deployed?.tags ?? [],
    EnableTerminationProtection: stack.status === 'DELETE_COMPLETE' ? undefined : stack.terminationProtection,
    DriftInformation: { StackDriftStatus: 'NOT_CHECKED' },
  };
}

/** The values of a deployment's parameters. */
export function describeParameters({ template, parameters }: StackDeployment) {
  return [...parameters.given].map(([ParameterKey, given]) => {
    const { NoEcho = false, Type = '' } = template.Parameters?.[ParameterKey] ?? {};
    return {
      ParameterKey,
      ParameterValue: String(NoEcho) === 'true' ? '****' : given,
      ...(Type.startsWith('AWS::SSM::Parameter::') && { ResolvedValue: String(parameters.values.get(ParameterKey)) }),
    };
  });
}

/** `StackEvent` of DescribeStackEvents. */
export const describeEvent = (event: StackEvent) => ({
  StackId: event.stackId,
  EventId: event.eventId,
  StackName: event.stackName,
  LogicalResourceId: event.logicalId,
  PhysicalResourceId: event.physicalId,
  ResourceType: event.type,
  Timestamp: event.timestamp,
  ResourceStatus: event.status,
  ResourceStatusReason: event.reason,
  ResourceProperties: event.properties && JSON.stringify(event.properties),
  ClientRequestToken: event.clientRequestToken,
});

/** The stack's resources as `StackResource` of DescribeStackResources, and as the types like it of other operations. */
export const describeResources = ({ stackName, stackId, resources }: Stack) =>
  [...resources.values()].map(({ logicalId, handle, type, status, reason, updatedAt }) => ({
    StackName: stackName,
    StackId: stackId,
    LogicalResourceId: logicalId,
    PhysicalResourceId: handle?.physicalId,
    ResourceType: type,
    Timestamp: updatedAt,
    LastUpdatedTimestamp: updatedAt,
    ResourceStatus: status,
    ResourceStatusReason: reason,
    DriftInformation: { StackResourceDriftStatus: 'NOT_CHECKED' },
  }));

/** `Export` of ListExports. */
export const exportsOf = ({ stackId, outputs }: Stack) =>
  outputs.flatMap(({ ExportName, OutputValue }) =>
    ExportName === undefined ? [] : [{ ExportingStackId: stackId, Name: ExportName, Value: OutputValue }],
  );
