/** A piece of an Fn::Sub string. */
export type SubPart = { readonly literal: string } | { readonly variable: string };

/** Splits an Fn::Sub string into text and `${variables}`. `${!Name}` is the text `${Name}`. */
export function parseSub(template: string): SubPart[] {
  const parts: SubPart[] = [];
  let end = 0;
  for (const match of template.matchAll(/\$\{([^}]+)\}/g)) {
    if (match.index > end) parts.push({ literal: template.slice(end, match.index) });
    const [text, name = ''] = match;
    parts.push(name.startsWith('!') ? { literal: `\${${name.slice(1)}}` } : { variable: name.trim() });
    end = match.index + text.length;
  }
  if (end < template.length) parts.push({ literal: template.slice(end) });
  return parts;
}
