import { AwsError } from '../../core/aws-error.ts';
import { OperationNotImplemented } from '../../core/cloud.ts';
import { isMissing } from '../failure-reason.ts';
import type { ProviderContext } from '../provider.ts';

/** `properties` without the members that the API does not take. */
export function without(properties: Readonly<Record<string, unknown>>, ...names: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)));
}

/** Calls an operation that only records something: the stack does not fail if the service does not simulate it. */
export async function recordWith(
  context: ProviderContext,
  service: string,
  operation: string,
  input: object,
): Promise<void> {
  try {
    await context.call(service, operation, input);
  } catch (error) {
    if (!(error instanceof OperationNotImplemented)) throw error;
  }
}

/**
 * Throws AlreadyExists if `find` finds the resource: CloudFormation refuses it, where some APIs would adopt an existing
 * resource.
 */
export async function refuseExisting(name: string, find: () => Promise<unknown>): Promise<void> {
  try {
    await find();
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  throw new AwsError('AlreadyExists', `${name} already exists`, 409);
}

/** Ignores that the resource does not exist. */
export async function ignoreMissing(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** A value as JSON text, for an API that takes text; text stays as it is. */
export function jsonText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The last part of an ARN's path; a name stays as it is. */
export function nameIn(arnOrName: string): string {
  return arnOrName.startsWith('arn:') ? arnOrName.slice(arnOrName.lastIndexOf('/') + 1) : arnOrName;
}
