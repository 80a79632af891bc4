import { AwsError } from '../core/aws-error.ts';
import { isRecord } from '../core/is-record.ts';

/** A template, with values that are not resolved yet. */
export interface Template {
  readonly Resources: Readonly<Record<string, ResourceDefinition>>;
  readonly Parameters?: Readonly<Record<string, ParameterDefinition>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly Outputs?: Readonly<Record<string, OutputDefinition>>;
  readonly AWSTemplateFormatVersion?: string;
  readonly Description?: string;
}

/** One entry of `Resources`. */
export interface ResourceDefinition {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
  readonly DeletionPolicy?: unknown;
  readonly UpdateReplacePolicy?: unknown;
  readonly Metadata?: unknown;
}

/** One entry of `Parameters`. */
export interface ParameterDefinition {
  readonly Type?: string;
  readonly Default?: unknown;
  readonly AllowedValues?: readonly unknown[];
  readonly AllowedPattern?: string;
  readonly ConstraintDescription?: string;
  readonly Description?: string;
  readonly NoEcho?: boolean | string;
}

/** One entry of `Outputs`. */
export interface OutputDefinition {
  readonly Value: unknown;
  readonly Description?: string;
  readonly Condition?: string;
  readonly Export?: { readonly Name: unknown };
}

/** CloudFormation's error for an invalid request or template. */
export const validationError = (message: string): AwsError => new AwsError('ValidationError', message);

const RESOURCE_KEYS = [
  ...['Type', 'Properties', 'DependsOn', 'Condition', 'Metadata'],
  ...['CreationPolicy', 'DeletionPolicy', 'UpdatePolicy', 'UpdateReplacePolicy'],
];

/** Names of resources and parameters. */
const NAME = /^[A-Za-z0-9]{1,255}$/;

const PARAMETER_TYPE = /^(String|Number|CommaDelimitedList|List<Number>|List<String>|List<AWS::.+>|AWS::.+)$/;

/** Checks the outer form of a template. Throws ValidationError. */
export function checkTemplate(value: unknown): Template {
  const [problem] = problemsOf(value);
  if (problem !== undefined) throw validationError(problem);
  return value as Template;
}

function* problemsOf(template: unknown): Generator<string> {
  if (!isRecord(template)) return yield 'Template format error: unsupported structure.';
  const nothing = pathOfNull(template);
  if (nothing !== undefined) return yield `[${nothing}] 'null' values are not allowed in templates`;
  const { Transform, Resources: resources, Outputs: outputs = {} } = template;
  if ([Transform].flat().some((name) => name !== undefined)) {
    yield `The local runtime does not run template transforms: ${JSON.stringify(Transform)}.`;
  }
  if (resources !== undefined && !isRecord(resources)) {
    return yield 'Template format error: Any Resources member must be an object.';
  }
  if (!resources || Object.keys(resources).length === 0) {
    return yield 'Template format error: At least one Resources member must be defined.';
  }
  for (const section of ['Parameters', 'Conditions', 'Mappings', 'Outputs']) {
    const isValid = template[section] === undefined || isRecord(template[section]);
    if (!isValid) yield `Template format error: ${section} must be an object.`;
  }
  for (const [id, resource] of Object.entries(resources)) {
    const place = `Template format error: [/Resources/${id}]`;
    if (!NAME.test(id)) yield `Template format error: Resource name ${id} is non alphanumeric.`;
    if (!isRecord(resource) || typeof resource.Type !== 'string') {
      return yield isRecord(resource)
        ? `${place} Every Resources object must contain a Type member.`
        : 'Template format error: Any Resources member must be an object.';
    }
    const unknown = Object.keys(resource).find((key) => !RESOURCE_KEYS.includes(key));
    if (unknown !== undefined) yield `Invalid template resource property '${unknown}'`;
    const { Properties: properties = {} } = resource;
    if (!isRecord(properties)) yield `${place} Properties must be an object.`;
  }
  for (const [name, parameter] of Object.entries((template.Parameters ?? {}) as object)) {
    if (!NAME.test(name)) yield `Template format error: Parameter name ${name} is non alphanumeric.`;
    if (!isRecord(parameter) || parameter.Type === undefined) {
      return yield 'Template format error: Every Parameters object must contain a Type member.';
    }
    const { Type, Default, AllowedValues } = parameter;
    if (typeof Type !== 'string' || !PARAMETER_TYPE.test(Type)) {
      yield `Template format error: Unrecognized parameter type: ${JSON.stringify(Type)}`;
    }
    if (typeof Default === 'object') yield 'Template format error: Every Default member must be a string.';
    if (AllowedValues !== undefined && !Array.isArray(AllowedValues)) {
      yield `Template format error: [/Parameters/${name}] AllowedValues must be a list.`;
    }
  }
  for (const { Condition } of [...Object.values(resources), ...Object.values(outputs as object)]) {
    const isValid = Condition === undefined || typeof Condition === 'string';
    if (!isValid) yield 'Template format error: Every Condition member must be a string.';
  }
  for (const map of Object.values((template.Mappings ?? {}) as object)) {
    for (const [key, member] of Object.entries(map ?? {})) {
      if (!isRecord(member)) return yield `Template format error: Every Mappings member ${key} must be a map`;
      if (Object.values(member).some(isRecord)) {
        yield 'Template format error: Every Mappings attribute must be a String or a List.';
      }
    }
  }
  for (const output of Object.values(outputs as object)) {
    const isValid = isRecord(output) && output.Value !== undefined;
    if (!isValid) yield 'Template format error: Every Outputs member must contain a Value object';
  }
}

/** Where a template has null, e.g. `/Outputs/Name/Value`. */
function pathOfNull(value: unknown): string | undefined {
  if (value === null) return '';
  if (typeof value !== 'object') return undefined;
  for (const [key, item] of Object.entries(value)) {
    const path = pathOfNull(item);
    if (path !== undefined) return `/${key}${path}`;
  }
  return undefined;
}
