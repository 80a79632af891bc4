import { type ParameterDefinition, validationError } from './template.ts';

/** The value of Ref for a parameter: text, a number for type Number, a list for list types. */
export type ParameterValue = string | number | readonly string[];

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
  if (unknown.length > 0) {
    throw validationError(`Parameters: [${unknown.join(', ')}] do not exist in the template`);
  }
  const missing = Object.keys(definitions).filter(
    (name) => !Object.hasOwn(given, name) && definitions[name]?.Default === undefined,
  );
  if (missing.length > 0) throw validationError(`Parameters: [${missing.join(', ')}] must have values`);

  const values = new Map<string, ParameterValue>();
  const texts = new Map<string, string>();
  for (const [name, definition] of Object.entries(definitions)) {
    const text = String(Object.hasOwn(given, name) ? given[name] : definition.Default);
    checkValue(name, definition, text);
    texts.set(name, text);
    const type = definition.Type ?? 'String';
    const ssm = /^AWS::SSM::Parameter::Value<(.*)>$/.exec(type);
    values.set(name, ssm ? typed(name, ssm[1] ?? '', await readSsm(text)) : typed(name, type, text));
  }
  return { values, given: texts };
}

function checkValue(name: string, definition: ParameterDefinition, text: string): void {
  const hint = definition.ConstraintDescription;
  if (definition.AllowedValues && !definition.AllowedValues.some((allowed) => String(allowed) === text)) {
    throw validationError(
      hint === undefined
        ? `Parameter '${name}' must be one of AllowedValues`
        : `Parameter ${name} failed to satisfy constraint: ${hint}`,
    );
  }
  if (definition.AllowedPattern !== undefined && !new RegExp(`^(?:${definition.AllowedPattern})$`).test(text)) {
    throw validationError(
      hint === undefined
        ? `Parameter ${name} failed to satisfy constraint: ` +
            `Parameter value ${text} does not match pattern ${definition.AllowedPattern}`
        : `Parameter ${name} failed to satisfy constraint: ${hint}`,
    );
  }
}

function typed(name: string, type: string, text: string): ParameterValue {
  if (type === 'Number') {
    const number = Number(text);
    if (text.trim() === '' || Number.isNaN(number)) {
      throw validationError(
        `Parameter validation failed: parameter value ${text} for parameter name ${name} is not a number.`,
      );
    }
    return number;
  }
  return type === 'CommaDelimitedList' || type.startsWith('List<') ? text.split(',').map((item) => item.trim()) : text;
}
