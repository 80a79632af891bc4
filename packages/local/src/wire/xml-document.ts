import { XMLParser } from 'fast-xml-parser';
import { escapeXmlWithReferences } from '#simulator/core/escape-xml';
import { type ElementContent, MalformedElement } from './elements.ts';

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  removeNSPrefix: true,
  parseTagValue: false,
  // Keys can begin and end with blanks.
  trimValues: false,
  // XML's own entities and no others.
  processEntities: false,
  tagValueProcessor: (_, text) => unescapeXml(text),
});

/** Comments, and texts in which `&` is no entity; the parser would read them as any other. */
const SECTIONS = /<!--.*?(?:-->|$)|<!\[CDATA\[(.*?)(?:\]\]>|$)/gs;

/** Parses a document with the root element `root`. Throws MalformedElement. */
export function parseXml(root: string, text: string): ElementContent {
  const document = text.replace(SECTIONS, (_, literal = '') => escapeXmlWithReferences(literal));
  if (/<!(?:DOCTYPE|ENTITY)/i.test(document)) throw new MalformedElement(root);
  let parsed: Record<string, ElementContent>;
  try {
    parsed = parser.parse(document, true) as Record<string, ElementContent>;
  } catch {
    throw new MalformedElement(root);
  }
  const content = Object.hasOwn(parsed, root) ? parsed[root] : undefined;
  if (content === undefined || Array.isArray(content)) throw new MalformedElement(root);
  return content;
}

/** A document with one element. */
export const xmlDocument = (root: string, xmlns: string, content: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${xmlns}">${content}</${root}>`;

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(escaped: string): string {
  return escaped.replace(/&([^;\s&]{1,10});/g, (_, name: string) => {
    const char = name.startsWith('#') ? referenced(name) : ENTITIES[name];
    if (char === undefined) throw new Error(`The document has the entity ${name}.`);
    return char;
  });
}

/** The character of a reference such as `#x41` or `#65`; undefined if it is none. */
function referenced(reference: string): string | undefined {
  const [, hex, decimal] = /^#(?:x([0-9a-f]+)|(\d+))$/i.exec(reference) ?? [];
  const point = hex === undefined ? Number.parseInt(decimal ?? '', 10) : Number.parseInt(hex, 16);
  return point <= 0x10ffff ? String.fromCodePoint(point) : undefined;
}
