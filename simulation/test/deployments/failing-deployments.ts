import { expect, test } from 'vitest';
import { type AppSettings, type Settings, VARIANT } from '../../deployments/settings-app.ts';
import { DeploymentRig, debug, oneEndpoint, SLOTS } from './rig.ts';

interface Failure {
  readonly of: string;
  readonly to: AppSettings;
  readonly arrange?: () => void;
  /** Who updates the endpoint, with slot A and with slot B live before. */
  readonly moves: Record<'a' | 'b', readonly string[]>;
}

/** Tests of deployments that fail, with this name given to model and configs. */
export function testFailingDeployments(given: string | undefined): void {
  const rig = new DeploymentRig();
  const changed: Settings = { given, ...debug };
  const both = failuresOf(rig, given).flatMap((failure) => SLOTS.map((slot) => [failure.of, slot, failure] as const));

  test.each(both)(
    'because of %s while slot %s is live, leaves the old settings in force',
    async (_of, slot, failure) => {
      const version = await rig.liveOn(slot, oneEndpoint({ given }));
      const made = await rig.account.made();
      failure.arrange?.();
      await expect(rig.account.deploy(failure.to)).rejects.toThrow(/UPDATE_ROLLBACK_COMPLETE/);
      rig.allow();
      await rig.account.settle();

      expect(rig.movers()).toEqual(failure.moves[slot]);
      expect(await rig.account.made()).toEqual(made);
      expect((await rig.account.live()).models[0]?.PrimaryContainer?.Environment).toBeUndefined();
      await rig.expectServed(version);
      await rig.refresh('v3');
      await rig.expectServed('v3');
      // And the repaired deployment succeeds.
      await rig.account.deploy(oneEndpoint(changed));
      await rig.account.settle();
      expect((await rig.account.live()).models[0]?.PrimaryContainer?.Environment).toEqual({ LEVEL: 'debug' });
      await rig.expectServed('v3');
    },
  );
}

function failuresOf(rig: DeploymentRig, given: string | undefined): readonly Failure[] {
  const changed: Settings = { given, ...debug };
  const noMoves = { a: [], b: [] };
  return [
    {
      of: 'a resource that comes after the endpoint',
      to: { ...oneEndpoint(changed), fails: true },
      moves: { a: ['stack', 'stack'], b: ['stack', 'stack'] },
    },
    {
      of: 'the new fleet, which never gets healthy,',
      to: oneEndpoint(changed),
      arrange: () => rig.account.faults.nextUpdate('Iris', { kind: 'refuse' }),
      // From B, CloudFormation puts the endpoint back to what the old template says: A.
      moves: { a: ['stack'], b: ['stack', 'stack'] },
    },
    {
      of: 'the new fleet, refused without a reason,',
      to: oneEndpoint(changed),
      arrange: () => rig.account.faults.nextUpdate('Iris', { kind: 'refuse', reason: '' }),
      moves: { a: ['stack'], b: ['stack', 'stack'] },
    },
    { of: 'the model', to: oneEndpoint({ given, containers: [{ key: 'missing.tar.gz' }] }), moves: noMoves },
    {
      of: 'the config',
      to: oneEndpoint({ given, variants: [{ ...VARIANT, initialInstanceCount: -1 }] }),
      moves: noMoves,
    },
    {
      of: 'the deployment gate',
      to: oneEndpoint(changed),
      arrange: () => rig.deny('sqs', 'SendMessage'),
      moves: noMoves,
    },
  ];
}
