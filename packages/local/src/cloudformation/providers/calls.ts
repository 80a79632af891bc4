import { AwsError } from '../../core/aws-error.ts';
import { isMissing } from '../failure-reason.ts';
import type { ProviderContext } from '../provider.ts';

/** `properties` without the members that the API takes in another way. */
export function without(properties: Readonly<Record<string, unknown>>, ...names: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)));
}

/** Calls what has no effect here but to be recorded; a service that doesn't simulate it doesn't fail the stack. */
export async function recordWith(
  context: ProviderContext,
  service: string,
  operation: string,
  input: Record<string, unknown>,
): Promise<void> {
  try {
    await context.call(service, operation, input);
  } catch (error) {
    if (!(error instanceof AwsError && error.code === 'UnknownOperationException')) throw error;
  }
}

/**
 * Throws AlreadyExists when `look` finds something. For APIs that would quietly adopt what is there,
 * where CloudFormation refuses.
 */
export async function refuseExisting(what: string, look: () => Promise<unknown>): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  throw new AwsError('AlreadyExists', `${what} already exists`, 409);
}

/** Does nothing when the resource isn't there. */
export async function ifThere(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** JSON for an API that takes text; text stays as it is. */
export function jsonText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The last part of an ARN's path, or a name as it is. */
export function nameOf(arnOrName: string): string {
  return arnOrName.startsWith('arn:') ? arnOrName.slice(arnOrName.lastIndexOf('/') + 1) : arnOrName;
}
