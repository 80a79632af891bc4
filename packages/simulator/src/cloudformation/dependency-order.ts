import { validationError } from './template.ts';

/** The logical ids that must exist before a resource, by its logical id. */
export type Dependencies = ReadonlyMap<string, ReadonlySet<string>>;

/** Throws a ValidationError that names the circle if there is one. */
export function checkNoCircle(dependencies: Dependencies): void {
  const done = new Set<string>();
  const path = new Set<string>();
  const visit = (id: string) => {
    if (done.has(id)) return;
    if (path.has(id)) {
      const circle = [...path].slice([...path].indexOf(id));
      throw validationError(`Circular dependency between resources: [${circle.join(', ')}]`);
    }
    path.add(id);
    for (const before of dependencies.get(id) ?? []) visit(before);
    path.delete(id);
    done.add(id);
  };
  for (const id of dependencies.keys()) visit(id);
}

/** The reversed graph: the ids that must be deleted before each id. Ids that are not nodes are dropped. */
export function reversed(dependencies: Dependencies): Dependencies {
  const out = new Map<string, Set<string>>([...dependencies.keys()].reverse().map((id) => [id, new Set()]));
  for (const [id, befores] of dependencies) for (const before of befores) out.get(before)?.add(id);
  return out;
}
