export type { CodeStore } from './code.ts';
export type { LambdaExtras } from './context.ts';
export type { FunctionLogLine } from './invoker.ts';
export { createLambda } from './lambda.ts';
export type {
  EnvironmentSpec,
  FunctionFailure,
  FunctionRunner,
  FunctionRunnerFactory,
  Invocation,
  InvocationOutcome,
} from './runner.ts';
