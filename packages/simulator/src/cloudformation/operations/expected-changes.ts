import { isDeepStrictEqual } from 'node:util';
import type {
  Change,
  Replacement,
  ResourceChange,
  ResourceChangeDetail,
  ResourceTargetDefinition,
} from '@aws-sdk/client-cloudformation';
import { isRecord } from '../../core/is-record.ts';
import { preparedAgain } from '../engine.ts';
import { NO_VALUE, resolve } from '../intrinsics.ts';
import { mentions, type PreparedTemplate } from '../prepared-template.ts';
import { isReplacing, type Properties } from '../provider.ts';
import type { DesiredStack, Stack } from '../stack.ts';
import { type EngineContext, StackRun } from '../stack-run.ts';
import type { ResourceDefinition } from '../template.ts';
import { memberOf } from '../template-scope.ts';

/** Stands for what is known only once a resource is created. */
const UNKNOWN = '{{changeSet:KNOWN_AFTER_APPLY}}';

/** The attributes of a resource besides its properties. Changing them does not touch the physical resource. */
const OTHER_ATTRIBUTES = [
  'CreationPolicy',
  'DeletionPolicy',
  'Metadata',
  'UpdatePolicy',
  'UpdateReplacePolicy',
] as const;

interface ExpectedChanges {
  readonly Changes: Change[];
  /** Why the values are incomplete. */
  readonly StatusReason?: string;
}

type Cause = Omit<ResourceChangeDetail, 'Target'>;

/** The value of an expression of the resource `id`; undefined if it is omitted. */
type Resolver = (expression: unknown, id: string) => unknown;

/** The deployed template and the desired one. */
interface Comparison {
  readonly stack: Stack;
  readonly before?: PreparedTemplate;
  readonly desired: DesiredStack;
  readonly engine: EngineContext;
  readonly hasValues: boolean;
  /** Why values are unknown. */
  readonly problems: string[];
  /** The change of a resource; undefined if there is none. */
  changeOf(id: string): ResourceChange | undefined;
}

/**
 * The expected changes of a deployment. With values, they have the resolved properties before and after, and a resource
 * that only refers to one that is updated in place is left out, as by AWS.
 */
export function expectedChanges(
  stack: Stack,
  desired: DesiredStack,
  engine: EngineContext,
  { hasValues }: Pick<Comparison, 'hasValues'>,
): ExpectedChanges {
  const before = stack.deployed && preparedAgain(stack.deployed);
  const known = new Map<string, ResourceChange | undefined>();
  const problems: string[] = [];
  const changeOf = (id: string): ResourceChange | undefined => {
    if (!known.has(id)) known.set(id, describe(id));
    return known.get(id);
  };
  const describe = describerOf({ stack, before, desired, engine, hasValues, problems, changeOf });
  const ids = new Set([...desired.resources.keys(), ...(before?.resources.keys() ?? [])]);
  const Changes = [...ids].flatMap((id): Change[] => {
    const ResourceChange = changeOf(id);
    return ResourceChange ? [{ Type: 'Resource', ResourceChange }] : [];
  });
  if (!hasValues || problems[0] === undefined) return { Changes };
  const warning = '[WARN] --include-property-values option can return incomplete ChangeSet data because:';
  return { Changes, StatusReason: `${warning} ${problems[0]}` };
}

function describerOf(comparison: Comparison): Comparison['changeOf'] {
  const { stack, before, desired, engine, hasValues, changeOf } = comparison;
  const isStable = (id: string) => before?.resources.has(id) && (changeOf(id)?.Replacement ?? 'False') === 'False';
  const valueAfter = resolverOf(comparison, desired, isStable);
  const valueBefore = before && resolverOf(comparison, before, () => true);
  // In what is removed, AWS shows no resource's values.
  const valueRemoved = before && resolverOf(comparison, before, () => false);
  return (id) => {
    const next = desired.resources.get(id);
    const old = before?.resources.get(id);
    const now = next && propertiesOf(next, valueAfter, id);
    const then = old && propertiesOf(old, next ? valueBefore : valueRemoved, id);
    const change = {
      LogicalResourceId: id,
      PhysicalResourceId: stack.resources.get(id)?.handle?.physicalId,
      ResourceType: (next ?? old)?.Type,
      ...(hasValues && { BeforeContext: contextOf(then), AfterContext: contextOf(now) }),
    };
    if (!next) {
      const PolicyAction = policyAction(valueBefore?.(old?.DeletionPolicy, id));
      return { Action: 'Remove', ...change, PolicyAction, Scope: [], Details: [] };
    }
    if (!old) return { Action: 'Add', ...change, Scope: [], Details: [] };
    const { replacing } = engine.provider(next.Type);
    const names = [...new Set([...Object.keys(then ?? {}), ...Object.keys(now ?? {})])].sort();
    const Details = [
      ...OTHER_ATTRIBUTES.flatMap((Attribute) => {
        const [was, is] = [memberOf(old, Attribute), memberOf(next, Attribute)];
        const values = [valueBefore?.(was, id), valueAfter(is, id)] as const;
        return detailsOf(comparison, is, values, { Attribute, RequiresRecreation: 'Never' });
      }),
      ...names.flatMap((Name) => {
        const RequiresRecreation = isReplacing(replacing, Name) ? 'Always' : 'Never';
        const target = { Attribute: 'Properties', Name, RequiresRecreation } as const;
        return detailsOf(comparison, next.Properties?.[Name], [then?.[Name], now?.[Name]], target);
      }),
    ];
    if (Details.length === 0) return undefined;
    const Replacement = replacementOf(Details);
    const PolicyAction = `ReplaceAnd${policyAction(valueAfter(next.UpdateReplacePolicy, id))}` as const;
    const Scope = [...new Set(Details.flatMap(({ Target }) => Target?.Attribute ?? []))];
    return {
      Action: 'Modify',
      ...change,
      Replacement,
      ...(Replacement === 'True' && { PolicyAction }),
      Scope,
      Details,
    };
  };
}

/** Resolves expressions of one of the templates. Without values, names stand for resources. */
function resolverOf(
  { stack, engine, hasValues, problems }: Comparison,
  prepared: PreparedTemplate,
  isKnown: (id: string) => boolean | undefined,
): Resolver {
  const live = new StackRun(engine, stack).scope(prepared);
  const standIn = (id: string, attribute = '') => {
    if (!prepared.resources.has(id) || (hasValues && isKnown(id))) return undefined;
    return hasValues ? UNKNOWN : `${id}.${attribute}`;
  };
  const scope = {
    ...live,
    ref: (id: string) => standIn(id) ?? live.ref(id),
    getAtt: (id: string, attribute: string) => standIn(id, attribute) ?? live.getAtt(id, attribute),
  };
  return (expression, id) => {
    try {
      const value = resolve(expression, scope);
      return value === NO_VALUE || value === undefined ? undefined : asTexts(value);
    } catch (error) {
      const reason = (error as Error).message.replace(/ found\.$/, '');
      problems.push(`ChangeSet creation failed for resource [${id}] because: ${reason}`);
      return hasValues ? UNKNOWN : expression;
    }
  };
}

/** As CloudFormation compares and shows values. Text of which a part is unknown is unknown. */
function asTexts(value: unknown): unknown {
  if (typeof value === 'string') return value.includes(UNKNOWN) ? UNKNOWN : value;
  if (Array.isArray(value)) return value.map(asTexts);
  if (!isRecord(value)) return String(value);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asTexts(item)]));
}

function propertiesOf({ Properties = {} }: ResourceDefinition, value: Resolver | undefined, id: string): Properties {
  const entries = Object.entries(Properties).map(([name, item]) => [name, value?.(item, id)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

const contextOf = (Properties: Properties | undefined) => Properties && JSON.stringify({ Properties });

function detailsOf(
  comparison: Comparison,
  expression: unknown,
  [old, now]: readonly [unknown, unknown],
  target: ResourceTargetDefinition,
): ResourceChangeDetail[] {
  const isChanged = !isDeepStrictEqual(old, now);
  const found = causesOf(comparison, expression, { isChanged });
  const causes = [...new Map(found.map((cause) => [cause.CausingEntity, cause])).values()];
  const Target: ResourceTargetDefinition = {
    ...target,
    ...(comparison.hasValues && {
      Path: `/${target.Attribute}${target.Name === undefined ? '' : `/${target.Name}`}`,
      BeforeValue: shownValue(old),
      AfterValue: shownValue(now),
      AttributeChangeType: old === undefined ? 'Add' : now === undefined ? 'Remove' : 'Modify',
    }),
  };
  const direct = { ChangeSource: 'DirectModification', Evaluation: causes.length > 0 ? 'Dynamic' : 'Static' } as const;
  return [...causes, ...(isChanged ? [direct] : [])].map((cause) => ({ Target, ...cause }));
}

/** The parameters and resources from which a changed value follows. */
function causesOf(
  comparison: Comparison,
  expression: unknown,
  { isChanged }: { readonly isChanged: boolean },
): Cause[] {
  const { before, desired, hasValues, changeOf } = comparison;
  return mentions(expression, desired).flatMap(({ name, attribute }): Cause[] => {
    if (desired.parameters.values.has(name)) {
      const isSame = before?.parameters.given.get(name) === desired.parameters.given.get(name);
      if (!isChanged || isSame) return [];
      return [{ ChangeSource: 'ParameterReference', Evaluation: 'Static', CausingEntity: name }];
    }
    const { Action, Replacement = 'False' } = (desired.resources.has(name) && changeOf(name)) || {};
    const isInPlace = Replacement === 'False';
    if (Action !== 'Modify' || (isInPlace && (hasValues || attribute === undefined))) return [];
    return [
      {
        ChangeSource: attribute === undefined ? 'ResourceReference' : 'ResourceAttribute',
        Evaluation: Replacement === 'True' ? 'Static' : 'Dynamic',
        CausingEntity: attribute === undefined ? name : `${name}.${attribute}`,
      },
    ];
  });
}

function replacementOf(details: readonly ResourceChangeDetail[]): Replacement {
  const replacing = details.filter(({ Target }) => Target?.RequiresRecreation === 'Always');
  if (replacing.length === 0) return 'False';
  return replacing.some(({ Evaluation }) => Evaluation === 'Static') ? 'True' : 'Conditional';
}

/** What happens to a physical resource that is no longer part of the stack. */
const policyAction = (policy: unknown = 'Delete') =>
  String(policy).replace('ExceptOnCreate', '') as 'Delete' | 'Retain' | 'Snapshot';

const shownValue = (value: unknown) =>
  typeof value === 'string' || value === undefined ? value : JSON.stringify(value);
