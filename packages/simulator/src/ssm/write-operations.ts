import type { DeleteParameterRequest, DeleteParametersRequest, PutParameterRequest } from '@aws-sdk/client-ssm';
import { AwsError } from '../core/aws-error.ts';
import type { Clock } from '../core/clock.ts';
import type { Caller, Operation } from '../core/cloud.ts';
import { permitted } from '../core/permitted.ts';
import {
  addVersion,
  checkAllowedPattern,
  checkDataType,
  checkParameterName,
  checkParameterNames,
  checkParameterType,
  checkParameterValue,
  chooseTier,
  latest,
  type Parameter,
  type ParameterVersion,
  setTags,
  ssmValidationError,
} from './parameter.ts';
import { parameterNotFound, type SsmStore } from './ssm-store.ts';

/** PutParameter, DeleteParameter, DeleteParameters. */
export function writeOperations(store: SsmStore, clock: Clock): Record<string, Operation> {
  const resourcesOf = (input: DeleteParameterRequest | DeleteParametersRequest) =>
    store.arnsOf('Names' in input ? input.Names : [(input as DeleteParameterRequest).Name]);
  return permitted('ssm', resourcesOf, {
    PutParameter(input: PutParameterRequest, caller: Caller) {
      const name = checkParameterName(store.nameIn(input.Name));
      const existing = store.get(name);
      if (existing) checkOverwrite(input);
      const version = newVersion(input, existing, { at: new Date(clock.now()), by: caller.arn });
      const parameter = existing ?? { name, versions: [], tags: new Map() };
      addVersion(parameter, version);
      setTags(parameter, input.Tags);
      store.put(parameter);
      return { Version: version.version, Tier: version.tier };
    },
    DeleteParameter({ Name }: DeleteParameterRequest) {
      if (!store.delete(Name)) throw parameterNotFound();
      return {};
    },
    DeleteParameters({ Names }: DeleteParametersRequest) {
      const DeletedParameters: string[] = [];
      const InvalidParameters: string[] = [];
      for (const name of new Set(checkParameterNames(Names))) {
        (store.delete(name) ? DeletedParameters : InvalidParameters).push(name);
      }
      return { DeletedParameters, InvalidParameters };
    },
  });
}

function checkOverwrite(input: PutParameterRequest): void {
  if (input.Overwrite !== true) {
    throw new AwsError(
      'ParameterAlreadyExists',
      'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
    );
  }
  if ((input.Tags?.length ?? 0) > 0) {
    throw ssmValidationError(
      "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove " +
        'overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or ' +
        'RemoveTagsFromResource.',
    );
  }
}

function newVersion(
  input: PutParameterRequest,
  existing: Parameter | undefined,
  modified: { readonly at: Date; readonly by: string },
): ParameterVersion {
  const before = existing && latest(existing);
  const value = checkParameterValue(input.Value);
  const version: ParameterVersion = {
    version: (before?.version ?? 0) + 1,
    type: checkParameterType(input.Type ?? before?.type),
    value,
    tier: chooseTier(input.Tier, value, before?.tier),
    dataType: checkDataType(input.DataType ?? before?.dataType ?? 'text'),
    description: input.Description ?? before?.description,
    allowedPattern: input.AllowedPattern ?? before?.allowedPattern,
    modifiedAt: modified.at,
    modifiedBy: modified.by,
  };
  checkAllowedPattern(version);
  return version;
}
