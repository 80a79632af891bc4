export {
  type CloudFormation,
  type CloudFormationExtras,
  createCloudFormation,
  type DeployResult,
} from './create-cloudformation.ts';
export {
  type CustomResponse,
  createCustomResponses,
  customResponsePath,
} from './custom-responses.ts';
export type { Provider } from './provider.ts';
export type { StackEvent } from './stack.ts';
