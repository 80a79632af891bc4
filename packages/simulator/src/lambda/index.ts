export type { CodeStore } from './code.ts';
export type { FunctionLogLine, LambdaExtras } from './function.ts';
export { createLambda } from './lambda.ts';
export type {
  EnvironmentSpec,
  FunctionFailure,
  FunctionRunner,
  FunctionRunnerFactory,
  Invocation,
  InvocationOutcome,
} from './runner.ts';
