export type { Assets } from './assets.ts';
export {
  type CloudFormation,
  type CloudFormationExtras,
  createCloudFormation,
  type DeployRequest,
  type DeployResult,
} from './create-cloudformation.ts';
export {
  type CustomResponse,
  type CustomResponses,
  createCustomResponses,
  customResponsePath,
  type HttpCustomResponses,
} from './custom-responses.ts';
export { DeploymentError } from './deployment-error.ts';
export type { Handle, Properties, Provider, ProviderContext } from './provider.ts';
export type { StackEvent, StackStatus } from './stack.ts';
