import { Annotations, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { BucketEvent } from '../bucket-event';
import { type InitialModelData, type SourceSpec, uriOf } from '../contract';
import { ModelData, type PerSlotOptions } from '../model-data';
import type { SagemakerEndpointProps } from '../sagemaker-endpoint-props';
import { type DeclaredModel, declaredModels } from './declared-models';
import { DEFAULT_BUCKET_EVENTS } from './defaults';
import { registerName } from './endpoint-names';
import { planInitialData } from './initial-data';
import { endpointIdOf } from './naming';
import { reportRisks } from './risks';
import { shapeProblems } from './shape-validation';
import { patternProblems, specProblems } from './size-validation';
import { planSlotData, type SlotDataPlan } from './slot-data';
import { sourceUrlProblems } from './source-validation';
import { distinctSources, filterSources, type ModelSources, modelSources } from './sources';
import { propsProblems, throwIfAny } from './validation';
import { hasUnreadableVariants } from './variants';

/** The result of reading and validating the props, before any resource is created. */
export interface EndpointPlan {
  readonly endpointId: string;
  readonly models: readonly DeclaredModel[];
  readonly bucketEvents: readonly BucketEvent[];
  readonly modelSources: ModelSources;
  /** All sources: those of the models and those of the bucket events' filters. */
  readonly sources: readonly SourceSpec[];
  /** Copied to the sources that have no object yet. */
  readonly initialData: readonly InitialModelData[];
  /** Absent: all model data stays in place. */
  readonly slotData?: { readonly plan: SlotDataPlan; readonly options: PerSlotOptions };
}

/** Reads the props. Throws one error that lists all problems; adds warnings of what is risky. */
export function planEndpoint(endpoint: Construct, props: SagemakerEndpointProps): EndpointPlan {
  throwIfAny(shapeProblems(props), endpoint);
  const stack = Stack.of(endpoint);
  const models = declaredModels(props.modelsProps);
  const bucketEvents = props.bucketEvents ?? DEFAULT_BUCKET_EVENTS;
  const options = (props.modelData ?? ModelData.perSlot())._perSlot;
  const plan = options && planSlotData(models, stack);
  const ofModels = withCopied(modelSources(models, stack), plan);
  const ofFilters = filterSources(bucketEvents, props.modelsBucket.bucketName);
  const marker = markerSources(props);
  const sources = distinctSources([...ofModels.sources.map(({ source }) => source), ...ofFilters, ...marker]);
  const hasSlotData = plan !== undefined && plan.files.length > 0;

  const initialData = planInitialData(models, props.modelsBucket, stack);

  const problems = propsProblems(endpoint, props, models);
  if (sources.length === marker.length && models.length > 0) problems.push(noSourceProblem(ofModels));
  problems.push(
    ...specProblems({ sources, files: plan?.files ?? [], smokeTests: props.smokeTests ?? [] }),
    ...patternProblems(props.modelsBucket.bucketName, bucketEvents),
    ...initialData.problems,
  );
  if (!hasSlotData && props.smokeTests?.length) {
    problems.push(
      'smokeTests are set, but no model has slot data, so a rollback would load the same bytes again. Omit ' +
        'smokeTests, or use a .tar.gz archive, or an S3Prefix, in a single-model container with ModelData.perSlot().',
    );
  }
  problems.push(...sourceUrlProblems(endpoint, models, { isPerSlot: plan !== undefined }));
  throwIfAny(problems, endpoint);
  registerName(endpoint, props.endpointProps.endpointName);

  reportRisks(endpoint, props, models, sources);
  if (plan) reportDataInPlace(endpoint, plan);
  warnOfUnreadableVariants(endpoint, props);
  return {
    endpointId: endpointIdOf(endpoint),
    models,
    bucketEvents,
    modelSources: ofModels,
    sources,
    initialData: initialData.objects,
    ...(hasSlotData && options && { slotData: { plan, options } }),
  };
}

/** The sources, each as it is copied if it is. */
function withCopied({ sources, unreadable }: ModelSources, plan: SlotDataPlan | undefined): ModelSources {
  const copied = new Map(plan?.files.map((file) => [uriOf(file), file]));
  return {
    sources: sources.map((each) => ({ ...each, source: copied.get(uriOf(each.source)) ?? each.source })),
    unreadable,
  };
}

/** The marker, if there is one. */
function markerSources({ marker, modelsBucket }: SagemakerEndpointProps): SourceSpec[] {
  return marker === undefined ? [] : [{ bucket: modelsBucket.bucketName, marker }];
}

function noSourceProblem({ unreadable }: ModelSources): string {
  return (
    'There is no source to watch: no model has a readable modelDataUrl or s3DataSource' +
    `${unreadable.map((each) => ` (${each})`).join('')}, and no bucket event has a prefix. ` +
    'Write the URL as s3://<bucket>/<key>, or add a prefix to keyFilters.'
  );
}

function reportDataInPlace(endpoint: Construct, { inPlace }: SlotDataPlan): void {
  if (inPlace.length === 0) return;
  Annotations.of(endpoint).addInfoV2(
    '@freshpoint/cdk:dataInPlace',
    `Both slots load this model data in place: ${inPlace.join('; ')}. After it is overwritten, instances that start ` +
      'later load other bytes than the instances before them.',
  );
}

function warnOfUnreadableVariants(endpoint: Construct, { endpointConfigProps }: SagemakerEndpointProps): void {
  const { productionVariants, shadowProductionVariants } = endpointConfigProps;
  if (![productionVariants, shadowProductionVariants].some(hasUnreadableVariants)) return;
  Annotations.of(endpoint).addWarningV2(
    '@freshpoint/cdk:unreadableVariants',
    'A variant of endpointConfigProps is a token, so it is passed on unchanged: its modelName is not replaced by the ' +
      'physical name of a model of modelsProps. Write the variant out, or refer to the model by a token.',
  );
}
