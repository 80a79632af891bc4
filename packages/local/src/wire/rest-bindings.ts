import type { IncomingHttpHeaders } from 'node:http';
import type { NormalizedSchema } from '@smithy/core/schema';
import { fromText, toText } from './scalar-text.ts';

/** Where the members of a request that are not in its body come from. */
export interface BoundRequest {
  readonly labels: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly query: URLSearchParams;
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
  const set = (name: string, member: NormalizedSchema, text: string | undefined, from: string) => {
    if (text === undefined) return;
    const value = member.isListSchema()
      ? text.split(',').map((entry) => entry.trim())
      : (fromText(member, text) ?? malformed(from, text, member));
    if (value !== undefined) input[name] = value;
  };
  for (const [name, member] of schema.structIterator()) {
    const { httpLabel, httpHeader, httpPrefixHeaders, httpQuery } = member.getMergedTraits();
    if (httpLabel) set(name, member, labels[name], name);
    else if (httpHeader) set(name, member, headers[httpHeader.toLowerCase()]?.toString(), httpHeader);
    else if (httpQuery) {
      if (member.isListSchema() && query.has(httpQuery)) input[name] = query.getAll(httpQuery);
      else set(name, member, query.get(httpQuery) || undefined, httpQuery);
    } else if (httpPrefixHeaders) {
      const found = prefixed(headers, httpPrefixHeaders);
      if (found.length > 0) input[name] = Object.fromEntries(found);
    }
  }
  return input;
}

const prefixed = (headers: IncomingHttpHeaders, prefix: string): [string, string][] =>
  Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(prefix.toLowerCase()) ? [[name.slice(prefix.length), String(value)]] : [],
  );

/** Whether the member is in the body of a request or response: the body itself, or a part of its document. */
export function isInBody(member: NormalizedSchema): boolean {
  const traits = member.getMergedTraits();
  return !(
    traits.httpLabel ||
    traits.httpHeader ||
    traits.httpPrefixHeaders ||
    traits.httpQuery ||
    traits.httpResponseCode
  );
}

/** The member that is the whole body, with its name. */
export function payloadOf(schema: NormalizedSchema): readonly [string, NormalizedSchema] | undefined {
  return [...schema.structIterator()].find(([, member]) => member.getMergedTraits().httpPayload);
}

/** The headers of an output, and its status if a member has it. */
export function writeBindings(schema: NormalizedSchema, output: object) {
  const headers: Record<string, string> = {};
  let status: number | undefined;
  for (const [name, member] of schema.structIterator()) {
    const value = (output as Record<string, unknown>)[name];
    const { httpHeader, httpPrefixHeaders, httpResponseCode } = member.getMergedTraits();
    if (value === undefined || value === null) continue;
    if (httpResponseCode) status = Number(value);
    else if (httpHeader) headers[httpHeader.toLowerCase()] = toText(member, value, 'http-date');
    else if (httpPrefixHeaders) {
      for (const [key, entry] of Object.entries(value)) headers[`${httpPrefixHeaders}${key}`] = String(entry);
    }
  }
  return { headers, status };
}
