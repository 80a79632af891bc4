import { XMLParser } from 'fast-xml-parser';
import { escapeXmlWithReferences } from '../../core/escape-xml.ts';
import { isRecord } from '../../core/is-record.ts';
import { malformedXml } from '../errors.ts';

type Scalar = 'string' | 'integer' | 'boolean' | 'timestamp';

/** The XML form of a member of an SDK shape. */
interface Field {
  readonly kind: Scalar | Shape;
  /** Name of its element. @default the member's name */
  readonly tag?: string;
  /** `flat`: the element repeats. `entry`: one element that holds elements of this name. */
  readonly list?: 'flat' | { readonly entry: string };
}

/** A structure: its members, in the order of their elements. */
export interface Shape {
  readonly [member: string]: Field;
}

/** Text. */
export const text: Field = { kind: 'string' };
/** A decimal number. */
export const integer: Field = { kind: 'integer' };
/** `true` or `false`. */
export const boolean: Field = { kind: 'boolean' };
/** ISO 8601; a Date in the SDK's shape. */
export const timestamp: Field = { kind: 'timestamp' };
/** A structure in one element. */
export const one = (kind: Shape, tag?: string): Field => ({ kind, ...(tag === undefined ? {} : { tag }) });
/** The element `tag` repeats. */
export const many = (kind: Scalar | Shape, tag: string): Field => ({ kind, tag, list: 'flat' });
/** Entries within one element of the member's name. */
export const wrapped = (kind: Scalar | Shape, entry: string): Field => ({ kind, list: { entry } });

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** A document with `value` under the element `root`. */
export function toXml(root: string, shape: Shape, value: object): string {
  return documentOf(root, renderMembers(shape, value));
}

/** A document with one element that holds text. */
export const textXml = (root: string, value: string): string => documentOf(root, escapeXmlWithReferences(value));

const documentOf = (root: string, content: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${content}</${root}>`;

function renderMembers(shape: Shape, value: object): string {
  return Object.entries(shape)
    .map(([member, field]) => renderField(field, field.tag ?? member, (value as Record<string, unknown>)[member]))
    .join('');
}

function renderField({ kind, list }: Field, tag: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  const element = (name: string, entry: unknown) => `<${name}>${renderValue(kind, entry)}</${name}>`;
  if (!list) return element(tag, value);
  const entries = value as unknown[];
  if (list === 'flat') return entries.map((entry) => element(tag, entry)).join('');
  return `<${tag}>${entries.map((entry) => element(list.entry, entry)).join('')}</${tag}>`;
}

function renderValue(kind: Field['kind'], value: unknown): string {
  if (typeof kind === 'object') return renderMembers(kind, value as object);
  return escapeXmlWithReferences(value instanceof Date ? value.toISOString() : String(value));
}

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  removeNSPrefix: true,
  parseTagValue: false,
  // Keys can begin and end with blanks. unescapeXml decodes XML's own entities and no others.
  trimValues: false,
  processEntities: false,
});

/** Reads a document with the root element `root`. Throws MalformedXML. */
export function fromXml(root: string, shape: Shape, document: string): Record<string, unknown> {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(document)) throw malformedXml();
  let parsed: Record<string, unknown>;
  try {
    parsed = parser.parse(document, true) as Record<string, unknown>;
  } catch {
    throw malformedXml();
  }
  if (!Object.hasOwn(parsed, root)) throw malformedXml();
  return readMembers(shape, parsed[root]);
}

function readMembers(shape: Shape, node: unknown): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  if (typeof node === 'string') {
    if (node.trim() !== '') throw malformedXml();
    return value;
  }
  if (!isRecord(node)) throw malformedXml();
  for (const [member, field] of Object.entries(shape)) {
    const tag = field.tag ?? member;
    if (Object.hasOwn(node, tag)) value[member] = readField(field, node[tag]);
  }
  return value;
}

function readField({ kind, list }: Field, node: unknown): unknown {
  if (!list) return readValue(kind, node);
  if (list === 'flat') return asArray(node).map((entry) => readValue(kind, entry));
  if (typeof node === 'string') return [];
  if (!isRecord(node)) throw malformedXml();
  const entries = Object.hasOwn(node, list.entry) ? node[list.entry] : [];
  return asArray(entries).map((entry) => readValue(kind, entry));
}

function readValue(kind: Field['kind'], node: unknown): unknown {
  if (typeof kind === 'object') return readMembers(kind, node);
  if (typeof node !== 'string') throw malformedXml();
  const value = unescapeXmlWithReferences(node);
  switch (kind) {
    case 'string':
      return value;
    case 'integer': {
      if (!/^-?\d{1,15}$/.test(value.trim())) throw malformedXml();
      return Number(value);
    }
    case 'boolean': {
      const word = value.trim().toLowerCase();
      if (word !== 'true' && word !== 'false') throw malformedXml();
      return word === 'true';
    }
    case 'timestamp': {
      const time = new Date(value.trim());
      if (Number.isNaN(time.getTime())) throw malformedXml();
      return time;
    }
  }
}

const asArray = (node: unknown): unknown[] => (Array.isArray(node) ? node : [node]);

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXmlWithReferences(escaped: string): string {
  return escaped.replace(/&([^;\s&]{1,10});/g, (_, name: string) => {
    const char = name.startsWith('#') ? referenced(name) : ENTITIES[name];
    if (char === undefined) throw malformedXml();
    return char;
  });
}

/** The character of a reference such as `#x41` or `#65`; undefined if it is none. */
function referenced(reference: string): string | undefined {
  const [, hex, decimal] = /^#(?:x([0-9a-f]+)|(\d+))$/i.exec(reference) ?? [];
  const point = hex === undefined ? Number.parseInt(decimal ?? '', 10) : Number.parseInt(hex, 16);
  return point <= 0x10ffff ? String.fromCodePoint(point) : undefined;
}
