import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import {
  historyParameterName,
  INITIAL_HISTORY,
  INITIAL_STATE,
  specParameterName,
  stateParameterName,
} from '../contract';

/** The SSM parameters of an endpoint. */
export interface EndpointParameters {
  readonly spec: CfnParameter;
  readonly state: CfnParameter;
  readonly history: CfnParameter;
}

/** Creates the SSM parameters. `spec` is the JSON of the endpoint's spec. */
export function createParameters(scope: Construct, endpointId: string, spec: string): EndpointParameters {
  // The standard tier is free and holds 4 KB. Only a spec with many sources needs the advanced tier.
  const common = { type: 'String', tier: 'Intelligent-Tiering' };
  return {
    spec: new CfnParameter(scope, 'Spec', {
      ...common,
      description: 'Freshpoint: what the stack declares about the endpoint',
      name: specParameterName(endpointId),
      value: spec,
    }),
    state: new CfnParameter(scope, 'State', {
      ...common,
      description: 'Freshpoint: state of the endpoint, written by the refresher',
      name: stateParameterName(endpointId),
      value: INITIAL_STATE,
    }),
    history: new CfnParameter(scope, 'History', {
      ...common,
      description: 'Freshpoint: the refreshes of the endpoint, one version each, written by the refresher',
      name: historyParameterName(endpointId),
      value: INITIAL_HISTORY,
    }),
  };
}
