import { Lazy, Stack } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { Construct } from 'constructs';
import type { Slot, SlotData } from '../contract';
import type { DeclaredModel } from './declared-models';
import { digest8, guarded, omitProperties, renderedProperties } from './digest';
import { roleBehind } from './execution-role';
import { suffixedName } from './naming';
import { passOnUnknownProps } from './pass-through';
import { slotDataKeysOf, withSlotData } from './slot-data';
import { grantSlotDataRead } from './slot-data-access';

/** A model of one slot. */
export interface SlotModel extends DeclaredModel {
  readonly cfnModel: CfnModel;
  /** Digest of the rendered resource, without name and tags. Call it at synthesis. */
  readonly digest: () => string;
}

/** A declared model with its resources in both slots. */
export interface ModelPair {
  readonly a: SlotModel;
  /** The same as `a` if both slots load the same data. */
  readonly b: SlotModel;
}

/** The slot data of an endpoint and the bucket that holds it. */
export interface StoredSlotData {
  readonly data: SlotData;
  readonly bucket: IBucket;
}

/** Creates the models of both slots, in the order of `modelsProps`. */
export function createModels(
  endpoint: Construct,
  models: readonly DeclaredModel[],
  stored: StoredSlotData | undefined,
): ModelPair[] {
  const scopeOfA = new Construct(endpoint, 'Models');
  const ofA = models.map((model) => createModel(model, { slot: 'a', scope: scopeOfA, endpoint, stored }));
  if (!stored) return ofA.map((a) => ({ a, b: a }));
  const scopeOfB = new Construct(endpoint, 'ModelsB');
  const { data } = stored;
  const stack = Stack.of(endpoint);
  return ofA.map((a) => {
    const hasSlotData = slotDataKeysOf(a.declared.props, { slot: 'b', data, stack }).length > 0;
    return { a, b: hasSlotData ? createModel(a, { slot: 'b', scope: scopeOfB, endpoint, stored }) : a };
  });
}

interface SlotContext {
  readonly slot: Slot;
  readonly scope: Construct;
  readonly endpoint: Construct;
  readonly stored?: StoredSlotData;
}

function createModel({ id, givenName, declared }: DeclaredModel, context: SlotContext): SlotModel {
  const { slot, scope, endpoint, stored } = context;
  const dataOfSlot = stored && { slot, data: stored.data, stack: Stack.of(endpoint) };
  const props = dataOfSlot ? withSlotData(declared.props, dataOfSlot) : declared.props;
  const cfnModel: CfnModel = new CfnModel(scope, id, {
    ...props,
    modelName: givenName && Lazy.uncachedString({ produce: () => suffixedName(givenName, `-${digest()}`) }),
  });
  const digest = guarded(() => digest8(omitProperties(renderedProperties(cfnModel), 'ModelName', 'Tags')));
  passOnUnknownProps(cfnModel, props);
  const roleArn = declared.props.executionRoleArn;
  if (roleArn !== undefined) cfnModel.node.addDependency(...roleBehind(roleArn));
  const keys = dataOfSlot ? slotDataKeysOf(declared.props, dataOfSlot) : [];
  if (stored && keys.length > 0 && roleArn !== undefined) {
    cfnModel.node.addDependency(...grantSlotDataRead(endpoint, stored.bucket, roleArn, keys));
  }
  return { id, givenName, declared, cfnModel, digest };
}
