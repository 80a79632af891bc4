import type { InputTransformer, Target as TargetInput } from '@aws-sdk/client-eventbridge';
import { AwsError } from '../core/aws-error.ts';

/** The names of the rule, for the template's reserved variables. */
export interface RuleNames {
  readonly name: string;
  readonly arn: string;
}

/** Makes the text that is delivered; undefined when InputPath finds nothing in the event. */
export type MakeInput = (event: unknown, rule: RuleNames, nowMs: number) => string | undefined;

/** Throws AwsError ValidationException. */
export function compileInput(target: TargetInput, targetId: string): MakeInput {
  const { Input, InputPath, InputTransformer } = target;
  if ([Input, InputPath, InputTransformer].filter((given) => given !== undefined).length > 1) {
    throw invalidEvents(`Only one of Input, InputPath, or InputTransformer must be provided for target ${targetId}.`);
  }
  if (Input !== undefined) {
    assertJson(Input, `JSON syntax error in input for target ${targetId}`);
    return () => Input;
  }
  if (InputPath !== undefined) {
    const path = parsePath(InputPath);
    return (event) => JSON.stringify(valueAt(event, path));
  }
  return InputTransformer ? compileTransformer(InputTransformer, targetId) : (event) => JSON.stringify(event);
}

const RESERVED_VARIABLES: Readonly<Record<string, (event: unknown, rule: RuleNames, nowMs: number) => unknown>> = {
  'aws.events.rule-arn': (_event, rule) => rule.arn,
  'aws.events.rule-name': (_event, rule) => rule.name,
  'aws.events.event.ingestion-time': (_event, _rule, nowMs) => new Date(nowMs).toISOString(),
  'aws.events.event': (event) => ({ ...(event as object), detail: undefined }),
  'aws.events.event.json': (event) => event,
};

type Path = readonly (string | number)[];

const PATH_STEPS = /\.([^.[\]*]+)|\[(\d+)\]|\['([^']+)'\]/g;

/** The names and indices of a path such as `$.detail.object.key`, `$.resources[0]` or `$['detail-type']`. */
function parsePath(path: string): Path {
  if (!path.startsWith('$') || path.replaceAll(PATH_STEPS, '') !== '$') {
    throw invalidEvents(`Parameter ${path} is not valid. Reason: Invalid JSONPath syntax.`);
  }
  return [...path.matchAll(PATH_STEPS)].map(([, dotted, index, quoted]) =>
    index === undefined ? (dotted ?? quoted ?? '') : Number(index),
  );
}

/** The value at the path; undefined if there is none. */
function valueAt(value: unknown, path: Path): unknown {
  const at = (holder: unknown, step: string | number) =>
    Object(holder) === holder && Object.hasOwn(holder as object, step)
      ? (holder as Record<string | number, unknown>)[step]
      : undefined;
  return path.reduce(at, value);
}

function compileTransformer({ InputPathsMap = {}, InputTemplate = '' }: InputTransformer, targetId: string): MakeInput {
  const paths = new Map<string, Path>();
  for (const [name, path] of Object.entries(InputPathsMap)) {
    if (/^aws\./i.test(name)) throw invalidTemplate(targetId, `Input path name ${name} is reserved`);
    paths.set(name, parsePath(path));
  }
  const parts = splitTemplate(InputTemplate);
  for (const { name } of parts) {
    if (name !== undefined && !paths.has(name) && !Object.hasOwn(RESERVED_VARIABLES, name)) {
      throw invalidTemplate(targetId, `Placeholder <${name}> is not defined in the input paths`);
    }
  }
  // With numbers as placeholders the template must be valid JSON, in which strings may contain line breaks.
  const sample = parts.map(({ text, name, quoted }) => text ?? (quoted ? name : '0')).join('');
  assertJson(sample.replaceAll(/[\r\n]/g, ' '), `Invalid InputTemplate for target ${targetId}`);

  return (event, rule, nowMs) =>
    parts
      .map(({ text, name = '', quoted }) => {
        if (text !== undefined) return text;
        const path = paths.get(name);
        const value = path ? valueAt(event, path) : RESERVED_VARIABLES[name]?.(event, rule, nowMs);
        return quoted ? insideQuotes(value) : JSON.stringify(value ?? '');
      })
      .join('');
}

interface TemplatePart {
  readonly text?: string;
  readonly name?: string;
  /** Whether the placeholder is inside a JSON string. */
  readonly quoted?: boolean;
}

/** Characters, brackets included. */
const MAX_PLACEHOLDER_LENGTH = 300;

function splitTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let text = '';
  let quoted = false;
  for (let i = 0; i < template.length; i++) {
    const char = template[i] ?? '';
    const placeholder = char === '<' ? /^<([\w.-]+)>/.exec(template.slice(i, i + MAX_PLACEHOLDER_LENGTH)) : null;
    if (placeholder) {
      parts.push({ text }, { name: placeholder[1], quoted });
      text = '';
      i += placeholder[0].length - 1;
      continue;
    }
    text += char;
    if (quoted && char === '\\') text += template[++i] ?? '';
    else if (char === '"') quoted = !quoted;
  }
  return [...parts, { text }];
}

function insideQuotes(value: unknown): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return JSON.stringify(text).slice(1, -1);
}

function assertJson(text: string, problem: string): void {
  parseJson(text, (error) => invalidEvents(`${problem} : ${error.message}`));
}

const invalidTemplate = (targetId: string, reason: string) =>
  invalidEvents(`Invalid InputTemplate for target ${targetId} : ${reason}`);

export const invalidEvents = (message: string) => new AwsError('ValidationException', message);

/** Throws the error of `invalid`. */
export function parseJson(text: string, invalid: (error: Error) => Error): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(error as Error);
  }
}
