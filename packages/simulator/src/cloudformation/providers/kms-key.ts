import type { BooleanProperty, Provider, ProviderContext } from '../provider.ts';
import type { TaggedProperties } from '../tags.ts';
import { jsonText } from './calls.ts';

type KeyProperties = TaggedProperties & {
  readonly KeyPolicy?: unknown;
  readonly Description?: string;
  readonly Enabled?: BooleanProperty;
  readonly PendingWindowInDays?: number | string;
};

/** Output of CreateKey and DescribeKey. */
interface DescribedKey {
  readonly KeyMetadata: { readonly KeyId: string; readonly Arn: string; readonly KeyState: string };
}

/** AWS::KMS::Key. Its rotation and tags, and changes of its description, are only recorded. */
export const kmsKey: Provider<KeyProperties> = {
  replacing: ['KeySpec', 'KeyUsage', 'MultiRegion', 'Origin'],
  tags: 'list',
  async create(properties, context) {
    const { Description, KeyPolicy } = properties;
    const Policy = KeyPolicy === undefined ? undefined : jsonText(KeyPolicy);
    const { KeyMetadata } = await context.call<DescribedKey>('kms', 'CreateKey', { Description, Policy });
    const { KeyId, Arn } = KeyMetadata;
    const handle = { physicalId: KeyId, attributes: { KeyId, Arn } };
    context.identified(handle);
    await setEnabled(KeyId, properties, context);
    return handle;
  },
  async update(handle, properties, _old, context) {
    const KeyId = handle.physicalId;
    // Removing the property keeps the policy.
    if (properties.KeyPolicy !== undefined) {
      await context.call('kms', 'PutKeyPolicy', { KeyId, Policy: jsonText(properties.KeyPolicy) });
    }
    await setEnabled(KeyId, properties, context);
    return handle;
  },
  async delete({ physicalId: KeyId }, { PendingWindowInDays: days }, context) {
    const { KeyMetadata } = await context.call<DescribedKey>('kms', 'DescribeKey', { KeyId });
    if (KeyMetadata.KeyState === 'PendingDeletion') return;
    const PendingWindowInDays = days === undefined ? undefined : Number(days);
    await context.call('kms', 'ScheduleKeyDeletion', { KeyId, PendingWindowInDays });
  },
};

async function setEnabled(KeyId: string, { Enabled }: KeyProperties, context: ProviderContext): Promise<void> {
  await context.call('kms', String(Enabled ?? true) === 'true' ? 'EnableKey' : 'DisableKey', { KeyId });
}
