import { AwsError } from '#simulator/core/aws-error';
import type { ElementContent } from './elements.ts';

interface FormNode {
  text: string;
  readonly children: Map<string, FormNode>;
}

/** Levels of a parameter's name. */
const MAX_DEPTH = 20;

const newNode = (): FormNode => ({ text: '', children: new Map() });

/**
 * Reads a form of AWS's query protocol as if it were XML: `Tags.member.1.Key=a` becomes
 * `{Tags: {member: [{Key: 'a'}]}}`, and an empty list, `Tags=`, an empty element.
 * Throws AwsError MissingAction, MalformedQueryString.
 */
export function readForm(form: string): { readonly action: string; readonly content: Exclude<ElementContent, string> } {
  const root = newNode();
  let action = '';
  for (const [name, value] of new URLSearchParams(form)) {
    if (name === 'Action') action = value;
    else if (name !== 'Version') set(root, name.split('.'), value);
  }
  if (action === '') throw new AwsError('MissingAction', 'The request must contain the parameter Action.', 400);
  return { action, content: Object.fromEntries([...root.children].map(([name, child]) => [name, contentOf(child)])) };
}

function set(root: FormNode, path: readonly string[], value: string): void {
  if (path.length > MAX_DEPTH) {
    throw new AwsError('MalformedQueryString', 'A parameter name is nested too deeply.', 400);
  }
  let node = root;
  for (const step of path) {
    const next = node.children.get(step) ?? newNode();
    node.children.set(step, next);
    node = next;
  }
  node.text = value;
}

/** Numbers in names are an order, not positions: gaps take no memory. */
function contentOf({ text, children }: FormNode): ElementContent | ElementContent[] {
  if (children.size === 0) return text;
  const entries = [...children];
  if (entries.every(([name]) => /^\d+$/.test(name))) {
    // The content of a number that has numbers itself is no list of AWS's.
    return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, child]) => [contentOf(child)].flat()[0] ?? '');
  }
  // From entries, so that `__proto__` becomes an ordinary member.
  return Object.fromEntries(entries.map(([name, child]) => [name, contentOf(child)]));
}
