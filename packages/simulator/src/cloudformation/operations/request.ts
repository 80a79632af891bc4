import type { UpdateStackInput } from '@aws-sdk/client-cloudformation';
import { type Account, arn } from '../../core/account.ts';
import type { Caller, Cloud } from '../../core/cloud.ts';
import { constraintMessage } from '../../core/constraint.ts';
import { readAll } from '../../core/read-all.ts';
import type { StackRequest } from '../engine.ts';
import { parseTemplate } from '../parse-template.ts';
import type { Stack, Stacks } from '../stack.ts';
import { validationError } from '../template.ts';

const MAX_BODY_BYTES = 51_200;
const MAX_TEMPLATE_BYTES = 1_048_576;

type TemplateInput = Pick<UpdateStackInput, 'TemplateBody' | 'TemplateURL' | 'UsePreviousTemplate'>;

/** The members that CreateStack, UpdateStack and CreateChangeSet share. */
type StackInput = TemplateInput & Pick<UpdateStackInput, 'Parameters' | 'Tags' | 'Capabilities'>;

/** Where the parts of a request come from. */
export interface RequestSource {
  readonly cloud: Cloud;
  readonly caller: Caller;
  /** Has the previous template, values and tags. */
  readonly stack?: Stack;
}

/** Reads the request for a deployment. Throws ValidationError. */
export async function readRequest(input: StackInput, source: RequestSource): Promise<StackRequest> {
  const { deployed } = source.stack ?? {};
  const body = await readTemplateBody(input, source);
  const parameters: Record<string, string> = {};
  for (const { ParameterKey = '', ParameterValue, UsePreviousValue } of input.Parameters ?? []) {
    if (UsePreviousValue && ParameterValue) {
      const advice = 'Cannot specify usePreviousValue as true and non empty value for a parameter';
      throw validationError(`Invalid input for parameter key ${ParameterKey}. ${advice}`);
    }
    const value = UsePreviousValue ? deployed?.parameters.given.get(ParameterKey) : ParameterValue;
    if (value === undefined) throw validationError(`Parameters: [${ParameterKey}] must have values`);
    parameters[ParameterKey] = value;
  }
  const tags = input.Tags?.map(({ Key = '', Value = '' }) => ({ Key, Value })) ?? deployed?.tags ?? [];
  return { template: parseTemplate(body), body, parameters, tags, capabilities: input.Capabilities ?? [] };
}

/** The text of the template that the input has or refers to. Throws ValidationError. */
export async function readTemplateBody(input: TemplateInput, { cloud, caller, stack }: RequestSource): Promise<string> {
  const given = [input.TemplateBody, input.TemplateURL, input.UsePreviousTemplate ? '' : undefined];
  if (given.filter((item) => item !== undefined).length !== 1) {
    throw validationError('Either Template URL or Template Body must be specified.');
  }
  if (input.TemplateURL !== undefined) return await readTemplateUrl(cloud, input.TemplateURL, caller);
  if (input.TemplateBody === undefined) {
    if (!stack?.deployed) throw validationError('The stack has no previous template.');
    return stack.deployed.body;
  }
  const sizeBytes = Buffer.byteLength(input.TemplateBody);
  if (sizeBytes <= MAX_BODY_BYTES) return input.TemplateBody;
  const rule = `have length less than or equal to ${MAX_BODY_BYTES}`;
  throw validationError(constraintMessage('templateBody', `${sizeBytes} bytes`, rule));
}

/** Reads a template from an object in S3, addressed in path style or by the bucket's host. Throws ValidationError. */
async function readTemplateUrl(cloud: Cloud, url: string, caller: Caller): Promise<string> {
  const [, bucket] = /^s3:\/\/([^/]*)/.exec(url) ?? [];
  if (bucket !== undefined)
    throw validationError(`S3 error: Domain name specified in ${bucket} is not a valid S3 domain`);
  const address = parseObjectUrl(url);
  if (!address) throw validationError('TemplateURL must be a supported URL.');
  let object: { readonly Body: AsyncIterable<Uint8Array> };
  try {
    object = await cloud.call('s3', 'GetObject', address, caller);
  } catch (error) {
    throw validationError(`S3 error: ${(error as Error).message}`);
  }
  const tooLarge = () => validationError(`Template may not exceed ${MAX_TEMPLATE_BYTES} bytes in size.`);
  return (await readAll(object.Body, MAX_TEMPLATE_BYTES, tooLarge)).toString();
}

/** Bucket and key of an S3 object's URL; undefined if it is another URL. */
function parseObjectUrl(text: string): { readonly Bucket: string; readonly Key: string } | undefined {
  let host: string;
  let path: string;
  try {
    const url = new URL(text);
    host = url.hostname;
    path = decodeURIComponent(url.pathname.slice(1));
  } catch {
    return undefined;
  }
  const [, named] = /^(?:(.+?)\.)?s3[.-][^/]*$/.exec(host) ?? /^(.+?)\.(?:s3\.)?localhost$/.exec(host) ?? [];
  const [, Bucket = '', Key = ''] = /^([^/]+)\/(.+)$/s.exec(named === undefined ? path : `${named}/${path}`) ?? [];
  return Bucket === '' ? undefined : { Bucket, Key };
}

/** The resource of a permission: the stack's ARN, `stack/<name>/*` if there is no such stack, `*` without a name. */
export const onStack =
  (account: Account, stacks: Stacks) =>
  ({ StackName }: { readonly StackName?: string }): string => {
    if (StackName === undefined) return '*';
    const unknown = StackName.startsWith('arn:') ? StackName : arn(account, 'cloudformation', `stack/${StackName}/*`);
    return stacks.find(StackName)?.stackId ?? unknown;
  };
