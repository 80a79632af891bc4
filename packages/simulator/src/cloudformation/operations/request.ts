import type { UpdateStackInput } from '@aws-sdk/client-cloudformation';
import type { Account } from '../../core/account.ts';
import { arn } from '../../core/account.ts';
import type { Caller, Cloud, Operation } from '../../core/cloud.ts';
import { constraintMessage } from '../../core/constraint.ts';
import { permitted } from '../../core/permitted.ts';
import type { StackRequest } from '../engine.ts';
import { parseTemplate } from '../parse-template.ts';
import type { Stack } from '../stack.ts';
import type { Stacks } from '../stacks.ts';
import { validationError } from '../template.ts';
import { readTemplateUrl } from './template-url.ts';

/** The members that CreateStack, UpdateStack and CreateChangeSet share. */
export type StackInput = Pick<
  UpdateStackInput,
  'StackName' | 'TemplateBody' | 'TemplateURL' | 'UsePreviousTemplate' | 'Parameters' | 'Tags' | 'Capabilities'
>;

const MAX_BODY_BYTES = 51_200;

/** Reads the request for a deployment. `stack` has the previous template, values and tags. Throws ValidationError. */
export async function readRequest(
  cloud: Cloud,
  input: StackInput,
  stack: Stack | undefined,
  caller: Caller,
): Promise<StackRequest> {
  const body = await readTemplateBody(cloud, input, stack, caller);
  const template = parseTemplate(body);
  const previous = stack?.deployed?.template.parameters.given;
  const parameters: Record<string, string> = {};
  for (const { ParameterKey = '', ParameterValue, UsePreviousValue } of input.Parameters ?? []) {
    const value = UsePreviousValue ? previous?.get(ParameterKey) : ParameterValue;
    if (value === undefined) throw validationError(`Parameters: [${ParameterKey}] must have values`);
    parameters[ParameterKey] = value;
  }
  const tags = (input.Tags ?? []).map(({ Key = '', Value = '' }) => ({ Key, Value }));
  return {
    template,
    body,
    parameters,
    tags: input.Tags === undefined ? (stack?.deployed?.tags ?? []) : tags,
    capabilities: input.Capabilities ?? [],
  };
}

/** The text of the template that the input has or refers to. Throws ValidationError. */
export async function readTemplateBody(
  cloud: Cloud,
  input: Pick<StackInput, 'TemplateBody' | 'TemplateURL' | 'UsePreviousTemplate'>,
  stack: Stack | undefined,
  caller: Caller,
): Promise<string> {
  const given = [input.TemplateBody, input.TemplateURL, input.UsePreviousTemplate ? '' : undefined];
  if (given.filter((item) => item !== undefined).length !== 1) {
    throw validationError('Either Template URL or Template Body must be specified.');
  }
  if (input.TemplateURL !== undefined) return await readTemplateUrl(cloud, input.TemplateURL, caller);
  if (input.TemplateBody === undefined) {
    if (!stack?.deployed) throw validationError('The stack has no previous template.');
    return stack.deployed.template.body;
  }
  const sizeBytes = Buffer.byteLength(input.TemplateBody);
  if (sizeBytes > MAX_BODY_BYTES) {
    const rule = `have length less than or equal to ${MAX_BODY_BYTES}`;
    throw validationError(constraintMessage('templateBody', `${sizeBytes} bytes`, rule));
  }
  return input.TemplateBody;
}

/** The stack that the input names. Throws ValidationError. */
export function existingStack(stacks: Stacks, { StackName }: { readonly StackName?: string }): Stack {
  if (StackName === undefined) throw validationError(constraintMessage('stackName', undefined, 'not be null'));
  return stacks.get(StackName);
}

/** Operations that need permission on the stack's ARN, or on `stack/<name>/*` if there is no such stack. */
export function onStack(
  account: Account,
  stacks: Stacks,
  runs: Parameters<typeof permitted>[2],
): Record<string, Operation<{ readonly StackName?: string }>> {
  return permitted('cloudformation', ({ StackName }) => stackResource(StackName, account, stacks), runs);
}

/** `*` without a name. */
export function stackResource(nameOrId: string | undefined, account: Account, stacks: Stacks): string {
  if (nameOrId === undefined) return '*';
  return (
    stacks.find(nameOrId)?.stackId ??
    (nameOrId.startsWith('arn:') ? nameOrId : arn(account, 'cloudformation', `stack/${nameOrId}/*`))
  );
}
