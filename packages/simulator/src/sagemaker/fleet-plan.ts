import type { ProductionVariant } from '@aws-sdk/client-sagemaker';
import { Fleet, type FleetContext, type VariantPlan } from './fleet.ts';
import type { EndpointConfig, SageMakerModel } from './resources.ts';

/** How a new fleet relates to its endpoint. */
export interface FleetPlan {
  readonly endpointName: string;
  /** Throws ValidationException for an unknown model. */
  readonly findModel: (name: string | undefined) => SageMakerModel;
  /** The fleet whose instance counts and weights the new one takes over, by variant name. */
  readonly retained?: Fleet;
  /** The variant properties that it does not take over: `DesiredInstanceCount`, `DesiredWeight`. */
  readonly excluded?: ReadonlySet<string | undefined>;
}

/** The fleet that a config describes. Throws ValidationException. */
export function planFleet(context: FleetContext, config: EndpointConfig, plan: FleetPlan): Fleet {
  const planAll = (variants: readonly ProductionVariant[] = []) =>
    variants.map((variant) => planVariant(variant, plan));
  return new Fleet(
    context,
    plan.endpointName,
    planAll(config.ProductionVariants),
    planAll(config.ShadowProductionVariants),
  );
}

function planVariant(variant: ProductionVariant, { findModel, retained, excluded }: FleetPlan): VariantPlan {
  const before = retained?.all.find((other) => other.name === variant.VariantName);
  const count = excluded?.has('DesiredInstanceCount') || before?.desiredCount === 0 ? undefined : before?.desiredCount;
  const weight = excluded?.has('DesiredWeight') ? undefined : before?.desiredWeight;
  return {
    name: variant.VariantName ?? '',
    variant,
    model: findModel(variant.ModelName),
    // A serverless variant is one instance here: the concurrency that it would have on AWS is not simulated.
    count: variant.ServerlessConfig ? 1 : (count ?? variant.InitialInstanceCount ?? 1),
    weight: weight ?? variant.InitialVariantWeight ?? 1,
  };
}
