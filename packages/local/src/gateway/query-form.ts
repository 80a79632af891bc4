import { AwsError } from '../core/aws-error.ts';

/** Members of simulated operations that are not text. A form has no types. */
const BOOLEANS = new Set([
  'DisableRollback',
  'EnableTerminationProtection',
  'ImportExistingResources',
  'IncludeNestedStacks',
  'IncludePropertyValues',
  'RetainExceptOnCreate',
  'SetAsDefault',
  'UsePreviousTemplate',
  'UsePreviousValue',
]);
const NUMBERS = new Set([
  'DurationSeconds',
  'MaxItems',
  'MaxSessionDuration',
  'MonitoringTimeInMinutes',
  'TimeoutInMinutes',
]);

/** Members of simulated operations that are lists. Without elements, a form shows them as an empty text. */
const LISTS = new Set([
  'Capabilities',
  'NotificationARNs',
  'Parameters',
  'ResourceTypes',
  'RetainResources',
  'StackStatusFilter',
  'TagKeys',
  'Tags',
]);

/** Levels of a parameter's name. */
const MAX_DEPTH = 20;

interface FormNode {
  text?: string;
  readonly children: Map<string, FormNode>;
}

/**
 * Reads a form of AWS's query protocol: `Tags.member.1.Key=a` is `{Tags: [{Key: 'a'}]}`, `entry.1.key` and `.value` are
 * a map, and an empty list is `Tags=`. Throws AwsError MissingAction, MalformedQueryString.
 */
export function readForm(body: string): { readonly action: string; readonly input: unknown } {
  const root: FormNode = { children: new Map() };
  let action = '';
  for (const [name, value] of new URLSearchParams(body)) {
    if (name === 'Action') action = value;
    else if (name !== 'Version') set(root, name.split('.'), value);
  }
  if (action === '') throw new AwsError('MissingAction', 'The request must contain the parameter Action.', 400);
  return { action, input: toValue(root, '') };
}

function set(root: FormNode, path: readonly string[], value: string): void {
  if (path.length > MAX_DEPTH)
    throw new AwsError('MalformedQueryString', 'A parameter name is nested too deeply.', 400);
  let node = root;
  for (const step of path) {
    let next = node.children.get(step);
    if (!next) {
      next = { children: new Map() };
      node.children.set(step, next);
    }
    node = next;
  }
  node.text = value;
}

function toValue(node: FormNode, name: string): unknown {
  const { text, children } = node;
  if (children.size === 0) return scalar(name, text ?? '');
  const only = children.size === 1 ? [...children][0] : undefined;
  if (only?.[0] === 'member') return inOrder(only[1]).map((child) => toValue(child, ''));
  if (only?.[0] === 'entry') {
    return Object.fromEntries(
      inOrder(only[1]).map(({ children: entry }) => [entry.get('key')?.text ?? '', entry.get('value')?.text ?? '']),
    );
  }
  // From entries, so that `__proto__` becomes an ordinary member.
  return Object.fromEntries([...children].map(([key, child]) => [key, toValue(child, key)]));
}

/** The numbers in the names are an order, not positions: gaps take no memory. */
function inOrder({ children }: FormNode): FormNode[] {
  return [...children].sort(([a], [b]) => Number(a) - Number(b)).map(([, child]) => child);
}

function scalar(name: string, text: string): unknown {
  if (BOOLEANS.has(name)) return text === 'true';
  if (NUMBERS.has(name)) return Number(text);
  if (text === '' && LISTS.has(name)) return [];
  return text;
}
