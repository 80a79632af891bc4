import { describe, expect, test } from 'vitest';
import { SERVING_STACK } from '../deployments/settings-app.ts';
import { DeploymentRig, debug, oneEndpoint, SLOTS } from '../test/deployments/rig.ts';

const rig = new DeploymentRig();

describe('a deployment that meets a refresh', () => {
  // The refresh takes about four minutes: it settles after one second, then the controller calls UpdateEndpoint.
  test.each([0, 1, 1.2, 1.4, 1.6, 1.8, 2, 2.1, 2.2, 2.3, 2.4, 2.6, 2.8, 3, 5, 30, 120, 170, 195, 200, 205, 240])(
    'started %d s after the upload succeeds, and so does the refresh',
    async (seconds) => {
      await rig.liveOn('a');
      await rig.account.upload('v2');
      await rig.account.pass(seconds * 1000);
      await rig.account.deploy(oneEndpoint(debug));
      await rig.account.settle();
      expect(rig.account.updates.filter(({ by }) => by === 'stack')).toHaveLength(1);
      expect(rig.account.updates.filter(({ by }) => by === 'controller').length).toBeLessThanOrEqual(1);
      await rig.expectServed('v2');
      expect((await rig.account.live()).models[0]?.PrimaryContainer?.Environment).toEqual({ LEVEL: 'debug' });
    },
  );
});

describe('an upload', () => {
  interface Moment {
    readonly of: string;
    readonly fails?: boolean;
    /** A refresh is running when the deployment begins. */
    readonly busy?: boolean;
    readonly event: (type: string, status: string) => boolean;
    readonly afterMs?: number;
  }
  const moments: readonly Moment[] = [
    {
      of: 'while the deployment waits',
      busy: true,
      event: (type, status) => /DeploymentGate/.test(type) && status === 'UPDATE_IN_PROGRESS',
    },
    {
      of: 'just when it is admitted',
      event: (type, status) => /DeploymentGate/.test(type) && status === 'UPDATE_COMPLETE',
    },
    {
      of: 'when its endpoint update begins',
      event: (type, status) => type === 'AWS::SageMaker::Endpoint' && status === 'UPDATE_IN_PROGRESS',
    },
    {
      of: 'when its fleet has loaded',
      event: (type, status) => type === 'AWS::SageMaker::Endpoint' && status === 'UPDATE_IN_PROGRESS',
      afterMs: 155_000,
    },
    {
      of: 'just when its endpoint update is over',
      event: (type, status) => type === 'AWS::SageMaker::Endpoint' && status === 'UPDATE_COMPLETE',
    },
    { of: 'during its clean-up', event: (_, status) => status === 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS' },
    {
      of: 'just when it is over',
      event: (type, status) => type === 'AWS::CloudFormation::Stack' && status === 'UPDATE_COMPLETE',
    },
    { of: 'when its rollback begins', fails: true, event: (_, status) => status === 'UPDATE_ROLLBACK_IN_PROGRESS' },
    {
      of: 'during the endpoint update of its rollback',
      fails: true,
      event: (_, status) => status === 'UPDATE_ROLLBACK_IN_PROGRESS',
      afterMs: 60_000,
    },
    {
      of: 'when the fleet of its rollback has loaded',
      fails: true,
      event: (_, status) => status === 'UPDATE_ROLLBACK_IN_PROGRESS',
      afterMs: 160_000,
    },
    {
      of: 'during the clean-up of its rollback',
      fails: true,
      event: (_, status) => status === 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS',
    },
  ];
  const both = moments.flatMap((moment) => SLOTS.map((slot) => [moment.of, slot, moment] as const));

  test.each(both)(
    '%s, started with slot %s live, is served afterwards',
    async (_, slot, { fails, busy, event, afterMs }) => {
      await rig.liveOn(slot);
      if (busy) {
        await rig.account.upload('v3');
        await rig.account.until('the controller swaps', () => rig.account.updates.length === 1);
      }
      let isUploaded = false;
      const upload = () =>
        void rig.account.put('newest').then(() => {
          isUploaded = true;
        });
      let isSeen = false;
      const deployed = rig.account.deploy({ ...oneEndpoint(debug), fails }, SERVING_STACK, ({ type, status }) => {
        if (isSeen || !event(type, status)) return;
        isSeen = true;
        rig.account.clock.schedule(afterMs ?? 0, upload);
      });
      await (fails ? expect(deployed).rejects.toThrow() : deployed);
      await rig.account.settle();
      expect(isUploaded).toBe(true);
      await rig.expectServed('newest');
      expect(rig.account.updates.filter(({ by }) => by === 'controller').length).toBeLessThanOrEqual(busy ? 2 : 1);
    },
  );
});
