import { describe } from 'vitest';
import { testFailingDeployments } from '../test/deployments/failing-deployments.ts';

describe('a deployment that fails, with given names,', () => testFailingDeployments('iris'));
