import type { Deps, Service } from '../core/cloud.ts';
import type { Parameter } from './parameter.ts';
import { readOperations } from './read-operations.ts';
import { SsmStore } from './ssm-store.ts';
import { parameterTagOperations } from './tag-operations.ts';
import { writeOperations } from './write-operations.ts';

/** Systems Manager's Parameter Store: String and StringList parameters, in the standard and advanced tiers. */
export interface Ssm {
  readonly service: Service;
}

export function createSsm({ account, clock }: Deps): Ssm {
  const store = new SsmStore(account);
  const operations = { ...readOperations(store), ...writeOperations(store, clock), ...parameterTagOperations(store) };
  const durable = { save: () => store.sorted(), load: (saved: Parameter[]) => store.load(saved) };
  return { service: { name: 'ssm', operations, durable } };
}
