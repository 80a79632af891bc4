import type { IncomingHttpHeaders } from 'node:http';
import type { NormalizedSchema } from '@smithy/core/schema';
import { fromText, toText } from './scalar-text.ts';

/** Where the members of a request that are not in its body come from. */
export interface BoundRequest {
  readonly labels: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly query: URLSearchParams;
}

/** A member of an input or output, and the part of the request or response that has it. */
interface Binding {
  readonly name: string;
  readonly member: NormalizedSchema;
  readonly part: 'label' | 'header' | 'headers' | 'query' | 'status' | 'payload' | 'document';
  /** The header, in lower case, the prefix of headers, or the parameter. */
  readonly at: string;
}

const bindings = new WeakMap<NormalizedSchema, readonly Binding[]>();

function bindingsOf(schema: NormalizedSchema): readonly Binding[] {
  const known = bindings.get(schema) ?? Array.from(schema.structIterator(), ([name, member]) => bind(name, member));
  bindings.set(schema, known);
  return known;
}

function bind(name: string, member: NormalizedSchema): Binding {
  const traits = member.getMergedTraits();
  const { httpHeader, httpPrefixHeaders, httpQuery } = traits;
  if (traits.httpLabel) return { name, member, part: 'label', at: name };
  if (httpHeader) return { name, member, part: 'header', at: httpHeader.toLowerCase() };
  if (httpPrefixHeaders) return { name, member, part: 'headers', at: httpPrefixHeaders.toLowerCase() };
  if (httpQuery) return { name, member, part: 'query', at: httpQuery };
  return {
    name,
    member,
    part: traits.httpResponseCode ? 'status' : traits.httpPayload ? 'payload' : 'document',
    at: '',
  };
}

/**
 * Reads the members of an input that are labels, headers and query parameters. An empty parameter is absent.
 * Throws the error of `malformed`, which gets the header's or parameter's name, and may return a value instead.
 */
export function readBindings(
  schema: NormalizedSchema,
  { labels, headers, query }: BoundRequest,
  malformed: (name: string, text: string, member: NormalizedSchema) => unknown,
): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const { name, member, part, at } of bindingsOf(schema)) {
    let text: string | undefined;
    if (part === 'label') text = labels[name];
    else if (part === 'header') text = headers[at]?.toString();
    else if (part === 'query' && !member.isListSchema()) text = query.get(at) || undefined;
    else if (part === 'query' && query.has(at)) input[name] = query.getAll(at);
    else if (part === 'headers') {
      const found = Object.entries(headers).filter(([header]) => header.startsWith(at));
      if (found.length === 0) continue;
      input[name] = Object.fromEntries(found.map(([header, value]) => [header.slice(at.length), String(value)]));
    }
    if (text === undefined) continue;
    const value = member.isListSchema()
      ? text.split(',').map((entry) => entry.trim())
      : (fromText(member, text) ?? malformed(member.getMergedTraits().httpHeader ?? at, text, member));
    if (value !== undefined) input[name] = value;
  }
  return input;
}

/** Whether the member is in the body of a request or response: the body itself, or a part of its document. */
export function isInBody(member: NormalizedSchema): boolean {
  return ['payload', 'document'].includes(bind('', member).part);
}

/** The member that is the whole body, with its name. */
export function payloadOf(schema: NormalizedSchema): Pick<Binding, 'name' | 'member'> | undefined {
  return bindingsOf(schema).find(({ part }) => part === 'payload');
}

/** Whether a member of the structure is this header. */
export function bindsHeader(schema: NormalizedSchema, header: string): boolean {
  return bindingsOf(schema).some(({ at }) => at === header);
}

/** The headers of an output, and its status if a member has it. */
export function writeBindings(schema: NormalizedSchema, output: object) {
  const headers: Record<string, string> = {};
  let status: number | undefined;
  for (const { name, member, part, at } of bindingsOf(schema)) {
    const value = (output as Record<string, unknown>)[name];
    if (value === undefined || value === null) continue;
    if (part === 'status') status = Number(value);
    else if (part === 'header') headers[at] = toText(member, value, 'http-date');
    else if (part === 'headers') {
      for (const [key, entry] of Object.entries(value)) headers[at + key] = String(entry);
    }
  }
  return { headers, status };
}
