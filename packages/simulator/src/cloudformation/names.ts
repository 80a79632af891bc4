import { constraintMessage } from '../core/constraint.ts';
import { validationError } from './template.ts';

/** Checks the name of a stack or change set. Throws ValidationError. */
export function checkStackName(member: string, name: string | undefined): void {
  if (/^[a-zA-Z][-a-zA-Z0-9]{0,127}$/.test(name ?? '')) return;
  throw validationError(constraintMessage(member, name, 'satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*'));
}
