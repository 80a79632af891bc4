import { join } from 'node:path';

/** Emptied by `npm ci`. */
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/freshpoint-foreign');

/** Tools from PyPI. Each has a list of the packages that it needs in `requirements/`. */
export type PythonTool = 'ministack' | 'cfn-lint' | 'checkov' | 'model-servers' | 'aws-cli';

/** The virtual environment of a tool. */
export const environmentOf = (tool: PythonTool): string => join(CACHE, tool);

/** The folder of AWS's matcher of event patterns, and of what it needs. */
export const EVENT_RULER = join(CACHE, 'event-ruler');
