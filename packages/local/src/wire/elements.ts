import type { NormalizedSchema } from '@smithy/core/schema';
import { isRecord } from '#simulator/core/is-record';
import { fromText, toText } from './scalar-text.ts';

/** The content of an XML element, or of a parameter of a form: text, or elements by name, each of which can repeat. */
export type ElementContent = string | { readonly [name: string]: ElementContent | readonly ElementContent[] };

/** An element or a parameter does not have the type that the model gives it. */
export class MalformedElement extends Error {
  constructor(name: string) {
    super(`The value of ${name} is malformed.`);
  }
}

/** Reads the members of a structure. Throws MalformedElement. */
export function readElements(
  schema: NormalizedSchema,
  content: ElementContent,
  includes: (member: NormalizedSchema) => boolean = () => true,
): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  if (typeof content === 'string') {
    if (content.trim() !== '') throw new MalformedElement(schema.getName() ?? 'structure');
    return value;
  }
  for (const [name, member] of schema.structIterator()) {
    const { xmlFlattened } = member.getMergedTraits();
    // boto3 writes an empty list that is flattened under the name of its member.
    const element = xmlFlattened && content[name] === '' ? name : elementName(name, member);
    if (!includes(member) || !Object.hasOwn(content, element)) continue;
    const found = content[element] ?? '';
    if (!xmlFlattened) value[name] = readElement(member, found, element);
    // The only entry of a list has no text: in a form, the list is empty, and S3 has no list of empty texts.
    else value[name] = readEntries(member, found === '' ? [] : asArray(found), element);
  }
  return value;
}

function readElement(
  schema: NormalizedSchema,
  found: ElementContent | readonly ElementContent[],
  name: string,
): unknown {
  // Of a repeated element that should be one, the last counts, as for a parameter.
  const content = asArray(found).at(-1) ?? '';
  if (schema.isStructSchema()) return readElements(schema, content);
  if (schema.isListSchema() || schema.isMapSchema()) {
    if (typeof content === 'string') return content.trim() === '' ? readEntries(schema, [], name) : malformed(name);
    const entry = schema.isMapSchema() ? 'entry' : elementName('member', schema.getValueSchema());
    return readEntries(schema, Object.hasOwn(content, entry) ? asArray(content[entry] ?? []) : [], name);
  }
  return typeof content === 'string' ? (fromText(schema, content) ?? malformed(name)) : malformed(name);
}

/** The entries of a list or map. */
function readEntries(schema: NormalizedSchema, entries: readonly ElementContent[], name: string): unknown {
  const item = schema.getValueSchema();
  if (schema.isListSchema()) return entries.map((entry) => readElement(item, entry, name));
  const keyName = elementName('key', schema.getKeySchema());
  const valueName = elementName('value', item);
  return Object.fromEntries(
    entries.map((entry) => {
      if (!isRecord(entry) || typeof entry[keyName] !== 'string') throw new MalformedElement(name);
      return [entry[keyName], readElement(item, (entry[valueName] ?? '') as ElementContent, name)];
    }),
  );
}

function malformed(name: string): never {
  throw new MalformedElement(name);
}

const asArray = <T>(found: T | readonly T[]): readonly T[] => (Array.isArray(found) ? found : [found as T]);

const elementName = (name: string, schema: NormalizedSchema): string =>
  (schema.getMergedTraits().xmlName as string | undefined) ?? name;

/** Writes the members of a structure as elements, those that are undefined not at all. */
export function writeElements(
  schema: NormalizedSchema,
  value: object,
  escapeText: (text: string) => string,
  includes: (member: NormalizedSchema) => boolean = () => true,
): string {
  const element = (name: string, shape: NormalizedSchema, given: unknown): string =>
    given === undefined || given === null ? '' : `<${name}>${content(shape, given)}</${name}>`;
  const entries = (name: string, shape: NormalizedSchema, given: object): string => {
    const item = shape.getValueSchema();
    if (shape.isListSchema()) return (given as unknown[]).map((entry) => element(name, item, entry)).join('');
    const pair = ([key, entry]: [string, unknown]) =>
      `<${name}>${element(elementName('key', shape.getKeySchema()), shape.getKeySchema(), key)}` +
      `${element(elementName('value', item), item, entry)}</${name}>`;
    return Object.entries(given).map(pair).join('');
  };
  const content = (shape: NormalizedSchema, given: unknown): string => {
    if (shape.isStructSchema()) return writeElements(shape, given as object, escapeText);
    if (shape.isMapSchema()) return entries('entry', shape, given as object);
    if (shape.isListSchema()) return entries(elementName('member', shape.getValueSchema()), shape, given as object);
    return escapeText(toText(shape, given, 'date-time'));
  };
  let written = '';
  for (const [name, member] of schema.structIterator()) {
    const given = (value as Record<string, unknown>)[name];
    if (given === undefined || given === null || !includes(member)) continue;
    const tag = elementName(name, member);
    written += member.getMergedTraits().xmlFlattened ? entries(tag, member, given) : element(tag, member, given);
  }
  return written;
}
