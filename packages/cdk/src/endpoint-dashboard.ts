import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { SagemakerEndpoint } from './sagemaker-endpoint';

/** Columns of a dashboard. */
const FULL_WIDTH = 24;

/** Properties of an `EndpointDashboard`. */
export interface EndpointDashboardProps {
  /** The endpoints to show, each in rows of its own. */
  readonly endpoints: SagemakerEndpoint[];

  /**
   * Name of the dashboard.
   *
   * @default - CloudFormation generates the name
   */
  readonly dashboardName?: string;
}

/**
 * A CloudWatch dashboard of endpoints: refreshes, quarantines, stalls and dead letters, and requests, errors and
 * latency per variant.
 */
export class EndpointDashboard extends Construct {
  /** The dashboard, to which you can add widgets. */
  public readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: EndpointDashboardProps) {
    super(scope, id);
    const { endpoints, dashboardName } = props;
    this.dashboard = new Dashboard(this, 'Dashboard', { dashboardName });
    const refreshers = [...new Set(endpoints.map(({ refresher }) => refresher))];
    this.dashboard.addWidgets(
      new AlarmStatusWidget({
        title: 'Stalled endpoints and dead letters',
        width: FULL_WIDTH,
        alarms: refreshers.map(({ alarm }) => alarm),
      }),
    );
    for (const endpoint of endpoints) {
      this.dashboard.addWidgets(
        new TextWidget({ markdown: `## ${endpoint.endpointName}`, width: FULL_WIDTH, height: 1 }),
      );
      this.dashboard.addWidgets(...widgetsOf(endpoint));
    }
  }
}

function widgetsOf(endpoint: SagemakerEndpoint): IWidget[] {
  const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: FULL_WIDTH / 6 });
  const perVariant = (metric: (variantName: string) => IMetric) => (endpoint._variantNames ?? []).map(metric);
  return [
    graph('Refreshes', [endpoint.metricSwaps(), endpoint.metricQuarantines(), endpoint.metricStalled()]),
    graph('Seconds from upload to serving', [endpoint.metricUploadToServed()]),
    graph(
      'Requests',
      perVariant((variantName) => endpoint.metricInvocations({ variantName, label: variantName })),
    ),
    graph(
      '4xx answers',
      perVariant((variantName) => endpoint.metricInvocation4XXErrors({ variantName, label: variantName })),
    ),
    graph(
      '5xx answers',
      perVariant((variantName) => endpoint.metricInvocation5XXErrors({ variantName, label: variantName })),
    ),
    graph(
      'Model latency (µs, 99th percentile)',
      perVariant((variantName) =>
        endpoint.metricModelLatency({ variantName, label: variantName, statistic: Stats.percentile(99) }),
      ),
    ),
  ];
}
