import type { GetParameterResult } from '@aws-sdk/client-ssm';
import { AwsError } from '../core/aws-error.ts';
import { type Deps, root } from '../core/cloud.ts';
import { isRecord } from '../core/is-record.ts';
import { BOOTSTRAP_VERSION } from './bootstrap-stack.ts';
import { validationError } from './template.ts';

/** `{{resolve:ssm:name}}`, or with a version: `{{resolve:ssm:name:1}}`. */
const REFERENCE = /\{\{resolve:([a-z-]+):([^{}]*)\}\}/g;

/** Throws ValidationError for a dynamic reference to another service than SSM, or to a secure parameter. */
export function refuseUnsupportedReferences(resources: ReadonlyMap<string, { readonly Properties?: unknown }>): void {
  for (const [id, { Properties }] of resources) {
    const others = [...JSON.stringify(Properties ?? {}).matchAll(REFERENCE)].filter(([, service]) => service !== 'ssm');
    if (others[0]) {
      throw validationError(
        `Template error: the local runtime resolves dynamic references to ssm, not ${others[0][0]} of ${id}.`,
      );
    }
  }
}

/** The value with its dynamic references replaced by SSM parameters. Throws ValidationError. */
export async function resolveReferences<T>(value: T, deps: Pick<Deps, 'cloud' | 'account'>): Promise<T>;
export async function resolveReferences(value: unknown, deps: Pick<Deps, 'cloud' | 'account'>): Promise<unknown> {
  if (typeof value === 'string') {
    let text = value;
    for (const [reference, , name = ''] of value.matchAll(REFERENCE)) {
      const found = await readSsm(name, deps);
      text = text.replace(reference, () => found);
    }
    return text;
  }
  if (Array.isArray(value)) return await Promise.all(value.map((item) => resolveReferences(item, deps)));
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(async ([key, item]) => [key, await resolveReferences(item, deps)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** The value of an SSM parameter. Throws ValidationError. */
export async function readSsm(name: string, { cloud, account }: Pick<Deps, 'cloud' | 'account'>): Promise<string> {
  try {
    const input = { Name: name };
    const { Parameter } = await cloud.call<GetParameterResult>('ssm', 'GetParameter', input, root(account));
    return String(Parameter?.Value);
  } catch (cause) {
    // CDK's templates check the version of the bootstrap stack, which is not needed here.
    if (/^\/cdk-bootstrap\/[^/]+\/version$/.test(name)) return BOOTSTRAP_VERSION;
    const message = `Unable to fetch parameters [${name}] from parameter store for this account.`;
    throw new AwsError('ValidationError', message, 400, { cause });
  }
}
