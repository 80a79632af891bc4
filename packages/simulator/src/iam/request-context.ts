import { type Glob, glob, literal } from '../core/glob.ts';

/** Condition keys in lower case, with their values. A key that the request does not have is absent. */
export type RequestContext = ReadonlyMap<string, readonly string[]>;

/** Lower-cases the keys, as IAM ignores their case. */
export function requestContext(
  values: Readonly<Record<string, string | readonly string[] | undefined>>,
): RequestContext {
  const context = new Map<string, readonly string[]>();
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined) context.set(key.toLowerCase(), typeof value === 'string' ? [value] : value);
  }
  return context;
}

/**
 * Replaces `${key}`, `${key, 'default'}` and the escapes `${*}`, `${?}`, `${$}` in a policy's text. `outside` parses
 * the text between variables (`literal`: without wildcards). Returns undefined when a variable has no single value and
 * no default: such a text matches nothing.
 */
export function expand(text: string, context: RequestContext, outside = glob): Glob | undefined {
  const tokens: Glob[number][] = [];
  for (const part of text.split(/(\$\{[^}]*\})/)) {
    const variable = /^\$\{(.*)\}$/s.exec(part)?.[1];
    if (variable === undefined) {
      tokens.push(...outside(part));
      continue;
    }
    const [key = '', fallback] = variable.split(/\s*,\s*/, 2);
    const values = /^[*?$]$/.test(key) ? [key] : context.get(key.trim().toLowerCase());
    const value = values?.length === 1 ? values[0] : fallback?.replace(/^'(.*)'$/, '$1');
    if (value === undefined) return undefined;
    tokens.push(...literal(value));
  }
  return tokens;
}
