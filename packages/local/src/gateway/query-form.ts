import { AwsError } from '../core/aws-error.ts';

/** Members that aren't text, of the operations that are simulated. The form doesn't tell types apart. */
const booleans = new Set([
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
const numbers = new Set([
  'DurationSeconds',
  'MaxItems',
  'MaxSessionDuration',
  'MonitoringTimeInMinutes',
  'TimeoutInMinutes',
]);

/** Deeper names are refused. */
const deepest = 20;

interface Node {
  text?: string;
  readonly children: Map<string, Node>;
}

/**
 * Reads a form of AWS's query protocol: `Tags.member.1.Key=a` is `{Tags: [{Key: 'a'}]}`; `entry.1.key`/`.value` is a map; an empty
 * list is `Tags=`. Returns the operation apart.
 * @throws AwsError MissingAction, MalformedQueryString
 */
export function readForm(body: string): { readonly action: string; readonly version: string; readonly input: unknown } {
  const root: Node = { children: new Map() };
  let action = '';
  let version = '';
  for (const [name, value] of new URLSearchParams(body)) {
    if (name === 'Action') action = value;
    else if (name === 'Version') version = value;
    else set(root, name.split('.'), value);
  }
  if (action === '') throw new AwsError('MissingAction', 'The request must contain the parameter Action.', 400);
  return { action, version, input: toValue(root, '') };
}

function set(root: Node, path: readonly string[], value: string): void {
  if (path.length > deepest) throw new AwsError('MalformedQueryString', 'A parameter name is nested too deeply.', 400);
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

function toValue(node: Node, name: string): unknown {
  const { text, children } = node;
  if (children.size === 0) return scalar(name, text ?? '');
  const only = children.size === 1 ? [...children][0] : undefined;
  if (only?.[0] === 'member') return inOrder(only[1]).map((child) => toValue(child, ''));
  if (only?.[0] === 'entry') {
    return Object.fromEntries(
      inOrder(only[1]).map(({ children: entry }) => [entry.get('key')?.text ?? '', entry.get('value')?.text ?? '']),
    );
  }
  // From entries, so that `__proto__` is a member like any other.
  return Object.fromEntries([...children].map(([key, child]) => [key, toValue(child, key)]));
}

/** The numbers in the names say the order only: gaps don't cost memory. */
function inOrder({ children }: Node): Node[] {
  return [...children].sort(([a], [b]) => Number(a) - Number(b)).map(([, child]) => child);
}

function scalar(name: string, text: string): unknown {
  if (booleans.has(name)) return text === 'true';
  if (numbers.has(name)) return Number(text);
  return text;
}
