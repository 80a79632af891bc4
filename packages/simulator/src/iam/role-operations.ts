import { AwsError } from '../core/aws-error.ts';
import type { Deps, Operation } from '../core/cloud.ts';
import { permitted } from '../core/permitted.ts';
import { tagList } from '../core/tags.ts';
import type {
  CreateRoleInput,
  IamPageInput,
  RoleInput,
  TagRoleInput,
  UntagRoleInput,
  UpdateAssumeRolePolicyInput,
  UpdateRoleInput,
} from './inputs.ts';
import {
  checkIamName,
  checkPath,
  iamPage,
  limitExceeded,
  MAX_ROLE_NAME_LENGTH,
  MAX_TRUST_POLICY_SIZE,
  policySize,
} from './limits.ts';
import { type PolicyText, readPolicy } from './policy-document.ts';
import type { Role, RoleStore } from './role-store.ts';

const DEFAULT_SESSION_SECONDS = 3600;

/** The operations on roles and their tags. */
export function roleOperations(deps: Deps, store: RoleStore): Record<string, Operation> {
  const { account, clock, ids } = deps;
  return onRole(deps, store, {
    CreateRole: (input: CreateRoleInput) => {
      const name = checkIamName('roleName', input.RoleName, MAX_ROLE_NAME_LENGTH);
      const path = checkPath(input.Path);
      const role: Role = {
        name,
        path,
        id: `AROA${ids.hex(17).toUpperCase()}`,
        arn: `arn:${account.partition}:iam::${account.accountId}:role${path}${name}`,
        created: new Date(clock.now()),
        description: input.Description,
        maxSessionDuration: input.MaxSessionDuration ?? DEFAULT_SESSION_SECONDS,
        trust: trustPolicy(input.AssumeRolePolicyDocument),
        inline: new Map(),
        attached: new Set(),
        tags: new Map(),
      };
      addTags(role, input);
      store.add(role);
      return { Role: describeRole(role) };
    },
    GetRole: ({ RoleName }: RoleInput) => ({ Role: describeRole(store.role(RoleName)) }),
    DeleteRole: ({ RoleName }: RoleInput) => {
      const role = store.role(RoleName);
      if (role.attached.size > 0) throw deleteConflict('Cannot delete entity, must detach all policies first.');
      if (role.inline.size > 0) throw deleteConflict('Cannot delete entity, must delete policies first.');
      store.remove(role);
      return {};
    },
    UpdateAssumeRolePolicy: (input: UpdateAssumeRolePolicyInput) => {
      store.role(input.RoleName).trust = trustPolicy(input.PolicyDocument);
      return {};
    },
    UpdateRole: ({ RoleName, Description, MaxSessionDuration }: UpdateRoleInput) => {
      const role = store.role(RoleName);
      role.description = Description ?? role.description;
      role.maxSessionDuration = MaxSessionDuration ?? role.maxSessionDuration;
      return {};
    },
    ListRoles(input: IamPageInput) {
      const found = [...store.roles()].filter(({ path }) => path.startsWith(input.PathPrefix ?? '/'));
      const { items, ...page } = iamPage(found, input);
      return { Roles: items.map(describeRole), ...page };
    },
    ...roleTags(store),
  });
}

function roleTags(store: RoleStore) {
  return {
    TagRole: (input: TagRoleInput) => {
      addTags(store.role(input.RoleName), input);
      return {};
    },
    UntagRole: ({ RoleName, TagKeys }: UntagRoleInput) => {
      for (const key of TagKeys) store.role(RoleName).tags.delete(key);
      return {};
    },
    ListRoleTags: (input: RoleInput & IamPageInput) => {
      const { items, ...page } = iamPage(tagList(store.role(input.RoleName).tags), input);
      return { Tags: items, ...page };
    },
  };
}

/** Operations that need permission on the role that their input names. */
export function onRole(
  { account }: Deps,
  store: RoleStore,
  runs: Parameters<typeof permitted>[2],
): Record<string, Operation> {
  const arnOf = ({ RoleName, Path = '/' }: Partial<RoleInput>) =>
    [...store.roles()].find(({ name }) => name === RoleName)?.arn ??
    `arn:${account.partition}:iam::${account.accountId}:role${Path}${RoleName}`;
  return permitted('iam', (input: Partial<RoleInput>) => (input.RoleName === undefined ? '*' : arnOf(input)), runs);
}

function trustPolicy(text: string | undefined): PolicyText {
  const policy = readPolicy(text, 'trust');
  if (policySize(policy.text) > MAX_TRUST_POLICY_SIZE) {
    throw limitExceeded(`Cannot exceed quota for ACLSizePerRole: ${MAX_TRUST_POLICY_SIZE}`);
  }
  return policy;
}

function addTags(role: Role, { Tags }: Pick<CreateRoleInput, 'Tags'>): void {
  for (const { Key = '', Value = '' } of Tags ?? []) role.tags.set(Key, Value);
}

function describeRole(role: Role) {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: role.created,
    AssumeRolePolicyDocument: encodeURIComponent(role.trust.text),
    Description: role.description,
    MaxSessionDuration: role.maxSessionDuration,
    Tags: tagList(role.tags),
  };
}

function deleteConflict(message: string): AwsError {
  return new AwsError('DeleteConflict', message, 409);
}
