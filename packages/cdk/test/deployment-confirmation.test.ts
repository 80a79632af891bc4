import { Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { CONFIRMATION_RESOURCE_TYPE, GATE_RESOURCE_TYPE } from '../src/contract';
import { Refresher } from '../src/index';
import { newApp, newStack } from './support/apps.ts';
import { dependenciesOf } from './support/dependencies.ts';
import { asText, type Changes, newEndpoint, propertiesOf } from './support/stacks.ts';

const matching = (ids: Set<string>, pattern: RegExp) => [...ids].filter((id) => pattern.test(id));

function confirmationWith(changes: Changes = {}): Record<string, unknown> {
  const stack = newStack();
  newEndpoint(stack, changes);
  return propertiesOf(stack, CONFIRMATION_RESOURCE_TYPE);
}

describe('the deployment confirmation', () => {
  test('has all properties of the gate, so that it changes with it, and the names of endpoint and configs', () => {
    const stack = newStack();
    newEndpoint(stack);
    const gate = propertiesOf(stack, GATE_RESOURCE_TYPE);
    const confirmation = propertiesOf(stack, CONFIRMATION_RESOURCE_TYPE);
    expect(confirmation).toMatchObject(gate);
    expect(confirmation.EndpointName).toEqual({
      'Fn::GetAtt': [expect.stringMatching(/^IrisEndpoint/), 'EndpointName'],
    });
    const configs = JSON.parse(asText(confirmation.Configs));
    expect(configs).toEqual({
      a: expect.stringMatching(/^<IrisEndpointConfigA.*EndpointConfigName>$/),
      b: expect.stringMatching(/^<IrisEndpointConfigB.*EndpointConfigName>$/),
    });
  });

  test('changes with tags alone, as the gate does', () => {
    const tags = [{ key: 'team', value: 'ml' }];
    expect(confirmationWith({ endpoint: { tags } }).Digest).not.toBe(confirmationWith().Digest);
  });

  test('comes after the endpoint and all that the function needs, and is deleted before any of it', () => {
    const stack = newStack();
    newEndpoint(stack);
    const before = dependenciesOf(stack, /^IrisDeploymentConfirmation/);
    for (const each of [
      /^IrisEndpoint(?!Config)/,
      /^IrisDeploymentGate/,
      /StagingPermissions/,
      /SwapPermissions/,
      /RoleDefaultPolicy/,
      /SqsEventSource/,
      /^FreshpointData/,
    ]) {
      expect(matching(before, each), String(each)).not.toEqual([]);
    }
  });

  test('comes after the permissions that a shared refresher has in the stack of the endpoint', () => {
    const app = newApp();
    const modelsBucket = new Bucket(new Stack(app, 'Data'), 'Bucket', { eventBridgeEnabled: true });
    const refresher = new Refresher(new Stack(app, 'Shared'), 'Refresher');
    const stack = new Stack(app, 'One');
    newEndpoint(stack, { modelsBucket, refresher });
    app.synth();
    expect(matching(dependenciesOf(stack, /^IrisDeploymentConfirmation/), /SwapPermissions/)).not.toEqual([]);
  });

  test('does not make an endpoint depend on itself that depends on another one', () => {
    const stack = newStack();
    const first = newEndpoint(stack);
    const second = newEndpoint(stack, { endpoint: { endpointName: 'other' } }, 'Other');
    second.node.addDependency(first);
    expect(matching(dependenciesOf(stack, /^OtherEndpoint(?!Config)/), /^OtherEndpoint(?!Config)/)).toEqual([]);
    expect(matching(dependenciesOf(stack, /^OtherEndpoint(?!Config)/), /^IrisEndpoint(?!Config)/)).not.toEqual([]);
  });
});
