import type {
  CreateStackInput,
  DeleteStackInput,
  UpdateStackInput,
  UpdateTerminationProtectionInput,
} from '@aws-sdk/client-cloudformation';
import type { Caller, Deps, Operation } from '../../core/cloud.ts';
import type { Engine } from '../engine.ts';
import type { Stacks } from '../stacks.ts';
import { validationError } from '../template.ts';
import { existingStack, onStack, readRequest } from './request.ts';

/** CreateStack, UpdateStack, DeleteStack, UpdateTerminationProtection. */
export function deployOperations({ account, cloud }: Deps, stacks: Stacks, engine: Engine): Record<string, Operation> {
  return onStack(account, stacks, {
    async CreateStack(input: CreateStackInput, caller: Caller) {
      const onFailure = input.OnFailure ?? 'ROLLBACK';
      if (onFailure === 'DELETE') throw validationError('The local runtime does not simulate OnFailure DELETE.');
      const request = await readRequest(cloud, input, undefined, caller);
      const { stack } = await engine.create(input.StackName ?? '', request, {
        disableRollback: input.DisableRollback === true || onFailure === 'DO_NOTHING',
        clientRequestToken: input.ClientRequestToken,
      });
      stack.terminationProtection = input.EnableTerminationProtection === true;
      return { StackId: stack.stackId };
    },
    async UpdateStack(input: UpdateStackInput, caller: Caller) {
      if (input.DisableRollback) {
        throw validationError('The local runtime does not simulate updates without rollback.');
      }
      const stack = existingStack(stacks, input);
      const request = await readRequest(cloud, input, stack, caller);
      await engine.update(stack.stackId, request, { clientRequestToken: input.ClientRequestToken });
      return { StackId: stack.stackId };
    },
    DeleteStack(input: DeleteStackInput) {
      // As in AWS, deleting a stack that does not exist succeeds.
      const stack = stacks.find(input.StackName ?? '');
      if (stack) engine.delete(stack, input.RetainResources ?? [], { clientRequestToken: input.ClientRequestToken });
      return {};
    },
    UpdateTerminationProtection(input: UpdateTerminationProtectionInput) {
      const stack = existingStack(stacks, input);
      stack.terminationProtection = input.EnableTerminationProtection === true;
      return { StackId: stack.stackId };
    },
  });
}
