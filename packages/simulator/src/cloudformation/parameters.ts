import { matchesPattern } from '../core/pattern.ts';
import { type ParameterDefinition, validationError } from './template.ts';

/** The value of Ref for a parameter: text, a number for type Number, a list for list types. */
type ParameterValue = string | number | readonly string[];

/** The values of a template's parameters. */
export interface ResolvedParameters {
  readonly values: ReadonlyMap<string, ParameterValue>;
  /** The text before SSM lookups and list splitting, as DescribeStacks shows it. */
  readonly given: ReadonlyMap<string, string>;
}

/**
 * Takes the given values and the defaults; `readSsm` provides the values of the types AWS::SSM::Parameter::Value<…>.
 * Throws ValidationError for missing, unknown and disallowed values.
 */
export async function resolveParameters(
  definitions: Readonly<Record<string, ParameterDefinition>>,
  given: Readonly<Record<string, string>>,
  readSsm: (name: string) => Promise<string>,
): Promise<ResolvedParameters> {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(definitions, name));
  if (unknown.length > 0) throw validationError(`Parameters: [${unknown.join(', ')}] do not exist in the template`);
  const isMissing = (name: string) => !Object.hasOwn(given, name) && definitions[name]?.Default === undefined;
  const missing = Object.keys(definitions).filter(isMissing);
  if (missing.length > 0) throw validationError(`Parameters: [${missing.join(', ')}] must have values`);

  const values = new Map<string, ParameterValue>();
  const texts = new Map<string, string>();
  for (const [name, definition] of Object.entries(definitions)) {
    const text = String(Object.hasOwn(given, name) ? given[name] : definition.Default);
    checkValue(name, definition, text);
    texts.set(name, text);
    const { Type = 'String' } = definition;
    const [, ssmType] = /^AWS::SSM::Parameter::Value<(.*)>$/.exec(Type) ?? [];
    values.set(name, ssmType === undefined ? typed(name, Type, text) : typed(name, ssmType, await readSsm(text)));
  }
  return { values, given: texts };
}

function checkValue(name: string, definition: ParameterDefinition, text: string): void {
  const { AllowedValues, AllowedPattern, ConstraintDescription } = definition;
  const isListed = AllowedValues?.some((allowed) => String(allowed) === text) ?? true;
  const isMatch = AllowedPattern === undefined || isAllowed(name, AllowedPattern, text);
  if (isListed && isMatch) return;
  if (!isListed && ConstraintDescription === undefined) {
    throw validationError(`Parameter '${name}' must be one of AllowedValues`);
  }
  const constraint = ConstraintDescription ?? `Parameter value ${text} does not match pattern ${AllowedPattern}`;
  throw validationError(`Parameter ${name} failed to satisfy constraint: ${constraint}`);
}

function isAllowed(name: string, pattern: string, text: string): boolean {
  try {
    return matchesPattern(`^(?:${pattern})$`, text);
  } catch {
    throw validationError(`Template format error: Parameter '${name}' AllowedPattern is no valid regular expression.`);
  }
}

function typed(name: string, type: string, text: string): ParameterValue {
  if (type === 'CommaDelimitedList' || type.startsWith('List<')) return text.split(',').map((item) => item.trim());
  if (type !== 'Number') return text;
  const number = Number(text);
  // Fn::Sub and outputs show 1.0 as it was given.
  if (text.trim() !== '' && !Number.isNaN(number)) return String(number) === text ? number : text;
  throw validationError(`Parameter '${name}' must be a number.`);
}
