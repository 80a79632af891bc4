import type { IncomingHttpHeaders } from 'node:http';
import type { ApiModel, OperationModel } from './api-models.ts';
import { requiredCount } from './validate.ts';

/** A REST operation as its traits describe it. */
interface Route {
  readonly operation: OperationModel;
  readonly method: string;
  /** Status of success. */
  readonly status: number;
  /** Of the path: a literal, `{Label}`, or `{Label+}` for all that follows. */
  readonly segments: readonly string[];
  /** Labels that are not in the path: of S3 the bucket. */
  readonly outerLabels: number;
  /** Query parameters that select the operation; an empty value stands for any. */
  readonly literals: readonly (readonly [name: string, value: string])[];
  /** Names of the other query parameters. */
  readonly parameters: ReadonlySet<string>;
  readonly requiredParameters: readonly string[];
  readonly requiredHeaders: readonly string[];
}

/** What of a request selects an operation. */
export interface RestTarget {
  readonly method: string;
  /** Decoded. */
  readonly segments: readonly string[];
  /** How many labels the request has outside its path. @default 0 */
  readonly outerLabels?: number;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

export interface RestMatch {
  readonly operation: OperationModel;
  readonly status: number;
  /** The members in the path. */
  readonly labels: Readonly<Record<string, string>>;
}

interface Routes {
  readonly byMethod: ReadonlyMap<string, readonly Route[]>;
  /** Query parameters without a value that select an operation: `acl`, `uploads`. */
  readonly subresources: readonly string[];
}

const routes = new WeakMap<ApiModel, Routes>();

function routesOf(model: ApiModel): Routes {
  const all = Array.from(model.operations.values(), routeOf);
  const literals = all.flatMap((route) => route.literals).filter(([, value]) => value === '');
  const subresources = [...new Set(literals.map(([name]) => name))];
  return { byMethod: Map.groupBy(all, ({ method }) => method), subresources };
}

/** The operation that the request is for: of those that it can be, the one that explains most of its query. */
export function findRoute(model: ApiModel, target: RestTarget): RestMatch | undefined {
  const known = routes.get(model) ?? routesOf(model);
  routes.set(model, known);
  const subresources = known.subresources.filter((name) => target.query.has(name));
  const candidates: { readonly route: Route; readonly labels: Record<string, string> }[] = [];
  for (const route of known.byMethod.get(target.method) ?? []) {
    const labels = matches(route, target, subresources) ? labelsOf(route, target.segments) : undefined;
    if (labels) candidates.push({ route, labels });
  }
  const [first, ...others] = candidates;
  if (!first) return undefined;
  const best = others.reduce(
    (found, other) => (fitOf(other.route, target) > fitOf(found.route, target) ? other : found),
    first,
  );
  return { operation: best.route.operation, status: best.route.status, labels: best.labels };
}

function routeOf(operation: OperationModel): Route {
  const [method = '', uri = '', status = 200] = operation.traits.http as [string, string, number];
  const [path = '', search = ''] = uri.split('?', 2);
  const segments = segmentsOf(path);
  const members = [...operation.input.structIterator()].map(([, member]) => member.getMergedTraits());
  const required = members.slice(0, requiredCount(operation.input));
  const present = <T>(names: readonly (T | undefined)[]): T[] => names.filter((name) => name !== undefined);
  return {
    operation,
    method,
    status,
    segments,
    outerLabels: members.filter((traits) => traits.httpLabel).length - segments.filter(isLabel).length,
    literals: [...new URLSearchParams(search)],
    parameters: new Set(present(members.map((traits) => traits.httpQuery as string | undefined))),
    requiredParameters: present(required.map((traits) => traits.httpQuery as string | undefined)),
    requiredHeaders: present(required.map((traits) => (traits.httpHeader as string | undefined)?.toLowerCase())),
  };
}

/** The segments of a path, without an empty one at its end. */
export const segmentsOf = (path: string): string[] => path.split('/').filter((segment) => segment !== '');

const isLabel = (segment: string) => segment.startsWith('{');

/** Never matches a request for a subresource that the operation does not have: `DELETE ?acl` deletes no bucket. */
function matches(route: Route, { outerLabels = 0, query }: RestTarget, subresources: readonly string[]): boolean {
  return (
    route.outerLabels === outerLabels &&
    subresources.every((name) => route.parameters.has(name) || route.literals.some(([own]) => own === name)) &&
    route.literals.every(([name, value]) =>
      name === 'x-id' ? true : value === '' ? query.has(name) : query.get(name) === value,
    )
  );
}

function labelsOf({ segments }: Route, given: readonly string[]): Record<string, string> | undefined {
  if (given.length < segments.length) return undefined;
  const labels: Record<string, string> = {};
  for (let at = 0; at < segments.length; at++) {
    const segment = segments[at] ?? '';
    const value = given[at] ?? '';
    if (segment.endsWith('+}')) return { ...labels, [segment.slice(1, -2)]: given.slice(at).join('/') };
    if (isLabel(segment)) labels[segment.slice(1, -1)] = value;
    else if (segment !== value) return undefined;
  }
  return given.length === segments.length ? labels : undefined;
}

/** How well an operation explains the request: by its query first, then by what it requires, lacking or given. */
function fitOf(route: Route, { query, headers }: RestTarget): number {
  const { literals, parameters, requiredParameters, requiredHeaders } = route;
  const explained = [...query].filter(
    ([name, text]) =>
      parameters.has(name) || literals.some(([own, value]) => own === name && (value === '' || value === text)),
  );
  const required = [
    ...requiredParameters.map((name) => query.has(name)),
    ...requiredHeaders.map((name) => headers[name] !== undefined),
  ];
  const given = required.filter(Boolean).length;
  return 10_000 * explained.length - 100 * (required.length - given) + given;
}
