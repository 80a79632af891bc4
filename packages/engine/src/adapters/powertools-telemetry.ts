import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRIC_DIMENSIONS, METRIC_NAMES } from '@freshpoint/cdk/contract';
import type { Telemetry } from '../ports.ts';

/** JSON log lines, with metrics in the same log (embedded metric format), so that CloudWatch is never called. */
export function powertoolsTelemetry(logger: Logger, metrics: Metrics, refresher: string): Telemetry {
  return {
    decision({ message, ...entry }) {
      const text = message ?? entry.reason;
      if (entry.decision === 'stalled') logger.error(text, entry);
      else if (entry.decision === 'refused') logger.warn(text, entry);
      else logger.info(text, entry);
    },
    error(endpoint, error, seconds) {
      logger.error('error', { endpoint, seconds, error: error instanceof Error ? error : new Error(String(error)) });
    },
    metric(endpoint, name, value) {
      // One document per endpoint, because a dimension applies to all metrics of its document.
      const add = (dimension: string, of: string) => {
        const single = metrics.singleMetric();
        single.addDimension(dimension, of);
        single.addMetric(name, name === METRIC_NAMES.uploadToServed ? MetricUnit.Seconds : MetricUnit.Count, value);
      };
      if (endpoint !== '') add(METRIC_DIMENSIONS.endpoint, endpoint);
      if (endpoint === '' || name === METRIC_NAMES.stalled) add(METRIC_DIMENSIONS.refresher, refresher);
    },
  };
}
