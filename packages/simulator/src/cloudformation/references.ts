import { getAttTarget, intrinsic } from './intrinsics.ts';
import { parseSub } from './sub.ts';

/** The names in an expression that is not resolved yet. */
export interface References {
  /** Resources, parameters and pseudo parameters in Ref and Fn::Sub. */
  readonly refs: Set<string>;
  /** Resources in Fn::GetAtt and in `${A.B}` of Fn::Sub. */
  readonly getAtts: Set<string>;
}

/** Collects the names in `value`. Of Fn::If it reads only the branch that `condition` selects. */
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
