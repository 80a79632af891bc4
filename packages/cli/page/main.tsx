import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PageEvent } from '../src/console/page-data.ts';
import { followEvents, takeToken } from './connection.ts';
import { EndpointPage } from './endpoint-page.tsx';
import { OverviewPage } from './overview-page.tsx';

/** Between two drawings of what grows with time, in milliseconds. */
const TICK_MS = 1000;

/** The endpoint that the address names. */
function endpointInAddress(): string | undefined {
  return /^#\/(.+)$/.exec(location.hash)?.[1];
}

function Page() {
  const [endpoint, setEndpoint] = useState(endpointInAddress);
  const [shown, show] = useState<PageEvent>();
  const [problem, setProblem] = useState<string>();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    addEventListener('hashchange', () => setEndpoint(endpointInAddress()));
    setInterval(() => setNow(Date.now()), TICK_MS);
  }, []);
  useEffect(() => {
    const left = new AbortController();
    show(undefined);
    setProblem(undefined);
    document.title = endpoint === undefined ? 'Freshpoint' : `${endpoint} · Freshpoint`;
    const onEvent = (event: PageEvent) => {
      setProblem(event.kind === 'problem' ? event.message : undefined);
      if (event.kind !== 'problem') show(event);
    };
    void followEvents(endpoint, onEvent, left.signal);
    return () => left.abort();
  }, [endpoint]);
  return (
    <>
      <header>
        <a href="#/">Freshpoint</a>
        {endpoint !== undefined && <span> / {endpoint}</span>}
      </header>
      {problem !== undefined && (
        <p role="alert" class="problem">
          {problem}
        </p>
      )}
      {shown === undefined && problem === undefined && <p class="quiet">Reading …</p>}
      {shown?.kind === 'overview' && <OverviewPage event={shown} />}
      {shown?.kind === 'endpoint' && <EndpointPage key={shown.view.endpoint} event={shown} now={now} />}
    </>
  );
}

takeToken();
render(<Page />, document.body);
