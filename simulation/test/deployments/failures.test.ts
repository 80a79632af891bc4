import { describe } from 'vitest';
import { testFailingDeployments } from './failing-deployments.ts';

describe('a deployment that fails, with names left to CloudFormation,', () => testFailingDeployments(undefined));
