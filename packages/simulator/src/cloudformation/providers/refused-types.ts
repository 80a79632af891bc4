import { type ResourceDefinition, validationError } from '../template.ts';

/**
 * Types that the local runtime does not simulate and that decide what an endpoint serves or what a refresh may do. A
 * stack that has one is refused, as recording them would show a behaviour that AWS does not have.
 */
export const REFUSED_TYPES: ReadonlySet<string> = new Set([
  'AWS::CloudFormation::Macro',
  'AWS::CloudFormation::ModuleDefaultVersion',
  'AWS::CloudFormation::Stack',
  'AWS::IAM::RolePolicy',
  'AWS::KMS::ReplicaKey',
  'AWS::SQS::QueueInlinePolicy',
  'AWS::SageMaker::InferenceComponent',
  'AWS::SageMaker::InferenceExperiment',
  'AWS::SageMaker::ModelPackage',
  // CDK's BucketDeployment: its function needs Python and the AWS CLI from a layer.
  'Custom::CDKBucketDeployment',
]);

/** A stack's name, and the resources that it shall have. */
interface WantedStack {
  readonly stackName: string;
  readonly resources: Iterable<readonly [logicalId: string, resource: ResourceDefinition]>;
}

/** Throws a ValidationError that names every resource of a refused type, in all of the stacks. */
export function refuseUnsupportedTypes(stacks: readonly WantedStack[]): void {
  const problems = stacks.flatMap(({ stackName, resources }) => {
    const refused = [...resources].filter(([, { Type }]) => REFUSED_TYPES.has(Type));
    const named = refused.map(([logicalId, { Type }]) => `${Type} (${logicalId})`);
    return named.length === 0 ? [] : [`${stackName}: ${named.join(', ')}`];
  });
  if (problems.length === 0) return;
  throw validationError(
    'The local runtime does not simulate these types, which decide what is served, and so deploys nothing. ' +
      `${problems.join('; ')}. Deploy without them, e.g. by a context value of the app.`,
  );
}
