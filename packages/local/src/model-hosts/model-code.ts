import { join } from 'node:path';

/** The code that serves a model, as the container's environment names it. */
export interface ModelCode {
  readonly folder: string;
  /** The file in the folder: SAGEMAKER_PROGRAM. Absent: `inference` with an extension that a host knows. */
  readonly program?: string;
  /** The archive in S3 that has to be unpacked into the folder first. */
  readonly archive?: string;
}

/** The folder of the code in SageMaker's containers. */
export const CONTAINER_MODEL_DIR = '/opt/ml/model';

/**
 * Reads SAGEMAKER_PROGRAM and SAGEMAKER_SUBMIT_DIRECTORY as the containers for Python do: the folder is a path, with
 * `file://` or without, or an archive in S3. Without it, the code is in `code/` of the model.
 */
export function codeOf(
  environment: Readonly<Record<string, string>>,
  modelDir: string,
  unpackedDir: string,
): ModelCode {
  const { SAGEMAKER_PROGRAM, SAGEMAKER_SUBMIT_DIRECTORY: submitted = '' } = environment;
  const program = SAGEMAKER_PROGRAM === '' ? undefined : SAGEMAKER_PROGRAM;
  if (submitted === '') return { folder: join(modelDir, 'code'), program };
  if (submitted.startsWith('s3://')) return { folder: unpackedDir, archive: submitted, program };
  return { folder: submitted.replace(/^file:\/\//, '').replace(CONTAINER_MODEL_DIR, modelDir), program };
}
