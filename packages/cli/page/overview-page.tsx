import type { OverviewEvent } from '../src/console/page-data.ts';

/** All endpoints at a glance. */
export function OverviewPage({ event: { head, rows } }: { readonly event: OverviewEvent }) {
  return (
    <main>
      <h1>Endpoints</h1>
      {rows.length === 0 && <p>There is no endpoint in this account and region.</p>}
      <ul class="endpoints">
        {rows.map(({ endpoint, cells, needsAttention }) => (
          <li key={endpoint} class={needsAttention ? 'attention' : ''}>
            <a href={`#/${endpoint}`}>{endpoint}</a>
            <dl>
              {head.slice(1).map((name, column) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{cells[column + 1] || '-'}</dd>
                </div>
              ))}
            </dl>
          </li>
        ))}
      </ul>
      <p class="quiet">times are UTC</p>
    </main>
  );
}
