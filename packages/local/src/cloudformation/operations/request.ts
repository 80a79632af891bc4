import type { Account } from '../../core/account.ts';
import { arn } from '../../core/account.ts';
import type { Caller, Cloud, Permission } from '../../core/cloud.ts';
import type { StackRequest } from '../engine.ts';
import type { Stack } from '../stack.ts';
import type { Stacks } from '../stacks.ts';
import { parseTemplate, validationError } from '../template.ts';
import { readTemplateUrl } from './template-url.ts';

/** The members that CreateStack, UpdateStack and CreateChangeSet share. */
export interface StackInput {
  readonly StackName: string;
  readonly TemplateBody?: string;
  readonly TemplateURL?: string;
  readonly UsePreviousTemplate?: boolean | string;
  readonly Parameters?: readonly {
    readonly ParameterKey: string;
    readonly ParameterValue?: string;
    readonly UsePreviousValue?: boolean | string;
  }[];
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
  readonly Capabilities?: readonly string[];
  readonly DisableRollback?: boolean | string;
  readonly OnFailure?: string;
  readonly ClientRequestToken?: string;
  readonly EnableTerminationProtection?: boolean | string;
}

/** awsQuery writes booleans as text. */
export const isTrue = (value: boolean | string | undefined): boolean => String(value) === 'true';

const maxBodyBytes = 51_200;

/** Reads what a deployment is asked for; `stack` gives previous template, values and tags. Throws ValidationError. */
export async function readRequest(
  cloud: Cloud,
  input: StackInput,
  stack: Stack | undefined,
  caller: Caller,
): Promise<StackRequest> {
  const body = await readBody(cloud, input, stack, caller);
  const template = parseTemplate(body);
  const previous = stack?.deployed?.template.parameters.given;
  const parameters: Record<string, string> = {};
  for (const { ParameterKey, ParameterValue, UsePreviousValue } of input.Parameters ?? []) {
    const value = isTrue(UsePreviousValue) ? previous?.get(ParameterKey) : ParameterValue;
    if (value === undefined) throw validationError(`Parameters: [${ParameterKey}] must have values`);
    parameters[ParameterKey] = value;
  }
  const tags = (input.Tags ?? []).map(({ Key, Value }) => ({ Key, Value }));
  return {
    template,
    body,
    parameters,
    tags: input.Tags === undefined ? (stack?.deployed?.tags ?? []) : tags,
    capabilities: input.Capabilities ?? [],
  };
}

async function readBody(cloud: Cloud, input: StackInput, stack: Stack | undefined, caller: Caller): Promise<string> {
  const given = [input.TemplateBody, input.TemplateURL, isTrue(input.UsePreviousTemplate) ? '' : undefined];
  if (given.filter((item) => item !== undefined).length !== 1) {
    throw validationError('Either Template URL or Template Body must be specified.');
  }
  if (input.TemplateURL !== undefined) return await readTemplateUrl(cloud, input.TemplateURL, caller);
  if (input.TemplateBody === undefined) {
    if (!stack?.deployed) throw validationError('The stack has no previous template.');
    return stack.deployed.template.body;
  }
  if (Buffer.byteLength(input.TemplateBody) > maxBodyBytes) {
    throw validationError(
      `1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to ${maxBodyBytes}`,
    );
  }
  return input.TemplateBody;
}

/** Asks IAM for `cloudformation:<action>` on the stack's ARN; of a name without a stack on `stack/<name>/*`. */
export const onStack =
  (action: string, account: Account, stacks: Stacks) =>
  ({ StackName }: { readonly StackName?: string }): Permission[] => [
    { action: `cloudformation:${action}`, resource: stackArn(StackName, account, stacks) },
  ];

function stackArn(nameOrId: string | undefined, account: Account, stacks: Stacks): string {
  if (nameOrId === undefined) return '*';
  return (
    stacks.find(nameOrId)?.stackId ??
    (nameOrId.startsWith('arn:') ? nameOrId : arn(account, 'cloudformation', `stack/${nameOrId}/*`))
  );
}
