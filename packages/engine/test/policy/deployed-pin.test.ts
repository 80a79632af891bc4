import { describe, expect, test } from 'vitest';
import { concludeDeployment } from '../../src/policy/deployed.ts';
import type { SourcesView } from '../../src/policy/observation.ts';
import { refreshAnew } from '../../src/policy/person-actions.ts';
import type { EndpointState, Pin } from '../../src/policy/state.ts';
import { withSources } from '../../src/policy/target.ts';
import { endpoint, NOON, settling, spec, testing, v2 } from './situations.ts';

const data = { bucket: 'data', root: 'Iris/Endpoint/slots/1/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
const pin: Pin = { revision: 'v1', by: 'ann', at: NOON, supersedes: 'v2' };
const pinAfter: Pin = { ...pin, revision: 'v1+', supersedes: 'v2+' };
const deployment = { revision: 'v1+', newestSource: NOON, pin: pinAfter };
const pinned: EndpointState = { version: 1, pin, deployment };

function pinOnceMoved(state: EndpointState, sources?: SourcesView): Pin | undefined {
  const deployed = { endpoint, spec: { data }, sources, slot: 'a' } as const;
  return concludeDeployment(deployed, state, state.deployment ?? deployment).state.pin;
}

test('an upload that a deployment took along untested is rolled out anew', () => {
  const deployed = { endpoint, spec: { data }, slot: 'a' } as const;
  const servingOf = (rollout: EndpointState['rollout']) =>
    concludeDeployment(deployed, { version: 1, rollout }, deployment).state.serving;
  expect(servingOf(settling('v1+', 0))).toMatchObject({ revision: 'v1+', untested: true });
  expect(servingOf(settling('v2', 0))?.untested).toBeUndefined();
  expect(servingOf({ ...testing(1), revision: 'v1+' })?.untested).toBeUndefined();
});

test('what served untested does so again when a deployment with other sources is rolled back', () => {
  const deployed = { endpoint, spec: { data }, slot: 'a' } as const;
  const replaced = { configs: { a: 'config-a', b: 'config-b' }, revision: 'v1+', untested: true } as const;
  const { serving } = concludeDeployment(deployed, { version: 1, replaced }, deployment).state;
  expect(serving).toMatchObject({ revision: 'v1+', untested: true });
});

test('a deployment is recorded by what its slot has where other data is in place and has changed since', () => {
  const partial = { endpoint, spec: { data: { ...data, partial: true } }, sources: v2, slot: 'a' } as const;
  const { state, events } = concludeDeployment(partial, pinned, deployment);
  expect(state.serving).toMatchObject({ revision: undefined, slotRevision: 'v1+' });
  expect(events).toEqual([expect.objectContaining({ type: 'deployed', revision: 'v1+' })]);
});

test('a deployment brings the pin in the terms of its sources once it has moved the endpoint', () => {
  expect(pinOnceMoved(pinned)).toEqual(pinAfter);
  // The rollback of a deployment brings back the pin that the deployment ended.
  expect(pinOnceMoved({ ...pinned, pin: undefined })).toEqual(pinAfter);
  expect(pinOnceMoved({ ...pinned, deployment: { ...deployment, pin: undefined } })).toEqual(pin);
});

test.each([{ by: 'bob' }, { at: NOON + 1 }])('a pin that was set during the deployment stays: %o', (other) => {
  expect(pinOnceMoved({ ...pinned, pin: { ...pin, ...other } })).toEqual({ ...pin, ...other });
});

test('what a pin has passed over since the last deployment is not forgotten by its rollback', () => {
  const passedOver: Pin = { ...pin, supersedesNewest: NOON, passedOver: true };
  expect(pinOnceMoved({ ...pinned, pin: passedOver, deployment: { ...deployment, pin } })).toEqual(passedOver);
});

test('a pin whose revision has the same digest with the new sources takes precedence over those', () => {
  const same: Pin = { ...pin, supersedes: 'v2+' };
  expect(pinOnceMoved({ ...pinned, deployment: { ...deployment, pin: same } })).toEqual(same);
});

test('a pin that a person ended during the deployment does not come back', () => {
  const replaced = { configs: { a: 'config-a', b: 'config-b' }, pin };
  const { state } = refreshAnew({ ...pinned, replaced }, { by: 'ann', at: NOON + 1 });
  expect(pinOnceMoved(state)).toBeUndefined();
  expect(state.replaced?.pin).toBeUndefined();
});

describe('a pin that was set while a deployment with other sources was rolled back', () => {
  const configs = { a: 'config-a', b: 'config-b' };
  const replaced = { configs, root: data.root, nextRoot: 'Iris/Endpoint/slots/2/' };
  const set: Pin = { revision: 'v1', by: 'bob', at: NOON, supersedes: 'v2+', supersedesNewest: v2.newest };
  const back: EndpointState = { ...pinned, replaced, pin: set };

  test.each([undefined, pinAfter])('holds over what was at those before: brought %o', (brought) => {
    const state = { ...back, deployment: { ...deployment, pin: brought } };
    expect(pinOnceMoved(state, v2)).toEqual({ ...set, supersedes: 'v2' });
  });

  test('holds, too, if the state was lost since', () => {
    expect(pinOnceMoved({ ...back, replaced: undefined }, v2)).toEqual({ ...set, supersedes: 'v2' });
  });

  test('ends if something was uploaded there since', () => {
    expect(pinOnceMoved(back, { ...v2, newest: v2.newest + 1 })).toEqual(set);
  });

  test('holds over what the deployment had taken out, too', () => {
    const state = { ...back, replaced: { ...replaced, read: { revision: 'v1.5', newest: v2.newest + 1 } } };
    const removed = { ...v2, newest: v2.newest + 1 };
    expect(pinOnceMoved(state, removed)).toEqual({ ...set, supersedes: 'v2', supersedesNewest: removed.newest });
    expect(pinOnceMoved(state, { ...v2, newest: v2.newest + 2 })).toEqual(set);
  });

  test('ends if they have something else than when it was set, however old that is', () => {
    const inTheirTerms: Pin = { ...set, supersedes: 'v1.5' };
    const state = { ...back, replaced: { ...replaced, read: { revision: 'v1.5', newest: NOON } }, pin: inTheirTerms };
    expect(pinOnceMoved(state, v2)).toEqual(inTheirTerms);
  });

  test('holds again if it has ended at the sources of that deployment', () => {
    const next = { ...spec, data: { ...data, root: replaced.nextRoot } };
    const added: SourcesView = { ...v2, revision: 'v2+ and more' };
    const ended = withSources(next, back, added);
    expect(ended.pin).toBeUndefined();
    const { state } = concludeDeployment({ endpoint, spec: { data }, sources: v2, slot: 'a' }, ended, deployment);
    expect(state.pin).toEqual({ ...set, supersedes: 'v2' });
    expect(state.replaced?.endedPin).toBeUndefined();
    const anew = refreshAnew(ended, { by: 'ann', at: NOON + 1 }).state;
    expect(pinOnceMoved(anew, v2)).toBeUndefined();
  });

  test('does not, if it has ended at those before, or was brought by the deployment', () => {
    const added: SourcesView = { ...v2, revision: 'v2+ and more' };
    expect(withSources({ ...spec, data }, back, added).replaced).toEqual(replaced);
    const next = { ...spec, data: { ...data, root: replaced.nextRoot } };
    const brought = { ...back, replaced: { ...replaced, pin: { ...set, supersedes: 'v2' } } };
    expect(withSources(next, brought, added).replaced).toEqual(brought.replaced);
  });

  test('stays as it is where the sources are the same, or the new ones', () => {
    expect(pinOnceMoved({ ...back, replaced: { ...replaced, nextRoot: data.root } }, v2)).toEqual(set);
    expect(pinOnceMoved({ ...back, replaced: { ...replaced, root: 'Iris/Endpoint/slots/0/' } }, v2)).toEqual(set);
  });
});
