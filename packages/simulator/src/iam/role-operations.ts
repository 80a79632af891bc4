import type { Tag } from '@aws-sdk/client-iam';
import { AwsError } from '../core/aws-error.ts';
import type { Deps } from '../core/cloud.ts';
import { tagList } from '../core/tags.ts';
import { deleteConflict, entityExists, invalidInput, limitExceeded, noSuchEntity } from './errors.ts';
import {
  checkIamName,
  checkPath,
  checkTagTexts,
  iamPage,
  MAX_INLINE_POLICIES_SIZE,
  MAX_POLICIES_PER_ROLE,
  policySize,
  readLimitedPolicy,
} from './limits.ts';
import { isAwsManaged } from './managed-policies.ts';
import type { PolicyText } from './policy-document.ts';
import { readPolicy } from './policy-grammar.ts';
import type { IamStore, Role } from './store.ts';

const DEFAULT_SESSION_SECONDS = 3_600;

/** The operations on roles and their tags. */
export function roleOperations({ clock, ids }: Deps, store: IamStore) {
  return store.operations({
    CreateRole({ RoleName, Path = '/', Description, MaxSessionDuration = DEFAULT_SESSION_SECONDS, ...input }) {
      const name = checkIamName('roleName', RoleName, 64);
      const role: Role = {
        RoleName: name,
        Path: checkPath(Path),
        RoleId: `AROA${ids.hex(17).toUpperCase()}`,
        Arn: store.arnOf(`role${Path}${name}`),
        CreateDate: new Date(clock.now()),
        Description,
        MaxSessionDuration,
        trust: readLimitedPolicy(input.AssumeRolePolicyDocument, 'trust'),
        inline: new Map(),
        attached: new Set(),
        tags: new Map(),
      };
      addTags(role, input.Tags);
      if (store.roles.has(name.toLowerCase())) throw entityExists(`Role with name ${name} already exists.`);
      store.roles.set(name.toLowerCase(), role);
      return { Role: { ...describeRole(role), MaxSessionDuration: undefined } };
    },
    GetRole: ({ RoleName }) => ({ Role: { ...describeRole(store.role(RoleName)), RoleLastUsed: {} } }),
    DeleteRole({ RoleName = '' }) {
      const { attached, inline } = store.role(RoleName);
      if (attached.size > 0) throw deleteConflict('Cannot delete entity, must detach all policies first.');
      if (inline.size > 0) throw deleteConflict('Cannot delete entity, must delete policies first.');
      store.roles.delete(RoleName.toLowerCase());
    },
    UpdateAssumeRolePolicy({ RoleName, PolicyDocument }) {
      store.role(RoleName).trust = readLimitedPolicy(PolicyDocument, 'trust');
    },
    UpdateRole({ RoleName, Description, MaxSessionDuration = DEFAULT_SESSION_SECONDS }) {
      const role = store.role(RoleName);
      role.Description = Description ?? role.Description;
      role.MaxSessionDuration = MaxSessionDuration;
    },
    ListRoles({ PathPrefix = '/', ...input }) {
      const found = [...store.roles.values()].filter(({ Path }) => Path?.startsWith(PathPrefix));
      const described = found.map((role) => ({ ...describeRole(role), Tags: undefined }));
      return iamPage('Roles', described, input);
    },
    TagRole: ({ RoleName, Tags }) => addTags(store.role(RoleName), Tags),
    UntagRole({ RoleName, TagKeys = [] }) {
      checkTagTexts('tagKeys', TagKeys, 128);
      for (const key of TagKeys) store.role(RoleName).tags.delete(key);
    },
    ListRoleTags: (input) => iamPage('Tags', tagList(store.role(input.RoleName).tags), input),
  });
}

/** The operations on a role's inline and attached policies. */
export function rolePolicyOperations(store: IamStore) {
  return store.operations({
    PutRolePolicy({ RoleName, PolicyName, PolicyDocument }) {
      const role = store.role(RoleName);
      const name = checkIamName('policyName', PolicyName, 128);
      const inline = new Map(role.inline).set(name, readPolicy(PolicyDocument, 'identity'));
      const size = [...inline.values()].reduce((sum, policy) => sum + policySize(policy), 0);
      if (size > MAX_INLINE_POLICIES_SIZE) {
        throw limitExceeded(
          `Maximum policy size of ${MAX_INLINE_POLICIES_SIZE} bytes exceeded for role ${role.RoleName}`,
        );
      }
      role.inline = inline;
    },
    GetRolePolicy({ RoleName, PolicyName = '' }) {
      const { text } = inlinePolicy(store.role(RoleName), PolicyName);
      return { RoleName, PolicyName, PolicyDocument: encodeURIComponent(text) };
    },
    DeleteRolePolicy({ RoleName, PolicyName = '' }) {
      const role = store.role(RoleName);
      inlinePolicy(role, PolicyName);
      role.inline.delete(PolicyName);
    },
    ListRolePolicies: (input) => iamPage('PolicyNames', [...store.role(input.RoleName).inline.keys()].sort(), input),
    AttachRolePolicy({ RoleName, PolicyArn = '' }) {
      const { attached } = store.role(RoleName);
      if (!PolicyArn.startsWith('arn:')) throw new AwsError('ValidationError', 'Invalid ARN:  Could not be parsed!');
      if (!isAwsManaged(PolicyArn) && !store.policies.has(PolicyArn)) {
        throw noSuchEntity(`Policy ${PolicyArn} does not exist or is not attachable.`);
      }
      if (!attached.has(PolicyArn) && attached.size >= MAX_POLICIES_PER_ROLE) {
        throw limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${MAX_POLICIES_PER_ROLE}`);
      }
      attached.add(PolicyArn);
    },
    DetachRolePolicy({ RoleName, PolicyArn = '' }) {
      if (!store.role(RoleName).attached.delete(PolicyArn)) throw noSuchEntity(`Policy ${PolicyArn} was not found.`);
    },
    ListAttachedRolePolicies({ RoleName, PathPrefix = '/', ...input }) {
      const pathOf = (arn: string) => arn.slice(arn.indexOf(':policy/') + ':policy'.length);
      const found = [...store.role(RoleName).attached].filter((arn) => pathOf(arn).startsWith(PathPrefix));
      const described = found.map((arn) => ({ PolicyName: arn.slice(arn.lastIndexOf('/') + 1), PolicyArn: arn }));
      return iamPage('AttachedPolicies', described, input);
    },
  });
}

function addTags({ tags }: Role, added: readonly Tag[] = []): void {
  const keys = added.map(({ Key = '' }) => Key);
  checkTagTexts('tags', keys, 128);
  checkTagTexts(
    'tags',
    added.map(({ Value = '' }) => Value),
    256,
  );
  if (new Set(keys.map((key) => key.toLowerCase())).size < keys.length) {
    throw invalidInput('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  }
  for (const { Key = '', Value = '' } of added) tags.set(Key, Value);
}

function inlinePolicy({ inline }: Role, name: string): PolicyText {
  const policy = inline.get(name);
  if (!policy) throw noSuchEntity(`The role policy with name ${name} cannot be found.`);
  return policy;
}

function describeRole({ trust, inline: _inline, attached: _attached, tags, ...described }: Role) {
  const Tags = tags.size > 0 ? tagList(tags) : undefined;
  return { ...described, AssumeRolePolicyDocument: encodeURIComponent(trust.text), Tags };
}
