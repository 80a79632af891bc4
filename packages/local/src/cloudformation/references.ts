import { getAttTarget, intrinsic } from './intrinsics.ts';
import { parseSub } from './sub.ts';

/** What an expression names, before anything is resolved. */
export interface References {
  /** By Ref or in Fn::Sub: resources, parameters and pseudo parameters. */
  readonly refs: Set<string>;
  /** By Fn::GetAtt or `${A.B}` in Fn::Sub: resources. */
  readonly getAtts: Set<string>;
}

/** Collects the names in `value`; of Fn::If only the branch that `condition` takes. */
export function references(
  value: unknown,
  condition: (name: string) => boolean,
  found: References = { refs: new Set(), getAtts: new Set() },
): References {
  const visit = (item: unknown) => references(item, condition, found);
  if (Array.isArray(value)) {
    for (const item of value) visit(item);
    return found;
  }
  if (typeof value !== 'object' || value === null) return found;
  const call = intrinsic(value);
  if (call?.name === 'Ref') {
    found.refs.add(String(call.argument));
  } else if (call?.name === 'Fn::GetAtt') {
    const { logicalId, attribute } = getAttTarget(call.argument);
    found.getAtts.add(logicalId);
    visit(attribute);
  } else if (call?.name === 'Fn::If' && Array.isArray(call.argument)) {
    visit(call.argument[condition(String(call.argument[0])) ? 1 : 2]);
  } else if (call?.name === 'Fn::Sub') {
    const [template, variables] = Array.isArray(call.argument) ? call.argument : [call.argument, {}];
    const own = (variables ?? {}) as Record<string, unknown>;
    for (const part of typeof template === 'string' ? parseSub(template) : []) {
      if ('literal' in part || Object.hasOwn(own, part.variable)) continue;
      const dot = part.variable.indexOf('.');
      if (dot < 0) found.refs.add(part.variable);
      else found.getAtts.add(part.variable.slice(0, dot));
    }
    visit(own);
  } else {
    for (const item of Object.values(value)) visit(item);
  }
  return found;
}
