import { useState } from 'preact/hooks';
import type { ActionResponse, EndpointEvent, ShownUpload } from '../src/console/page-data.ts';
import { formatBytes, formatTime } from '../src/text.ts';
import { ActionDialog } from './action-dialog.tsx';
import { actionsOn, type PageAction } from './actions.ts';
import { SlotTimeline } from './slot-timeline.tsx';

/** One endpoint, and what can be done with it. */
export function EndpointPage({ event, now }: { readonly event: EndpointEvent; readonly now: number }) {
  const { title, view, facts, explanation, spans, uploads } = event;
  const [asked, ask] = useState<PageAction>();
  const [response, setResponse] = useState<ActionResponse>();
  const close = (given?: ActionResponse) => {
    ask(undefined);
    if (given) setResponse(given);
  };
  return (
    <main>
      <h1 class={view.needsAttention ? 'attention' : ''}>{title}</h1>
      <div class="buttons">
        {actionsOn(event).map((action) => (
          <button type="button" key={action.label} onClick={() => ask(action)}>
            {action.label}
          </button>
        ))}
      </div>
      <output class={response && 'error' in response ? 'error' : ''}>
        {response && ('error' in response ? response.error : response.lines.map((line) => <p key={line}>{line}</p>))}
      </output>
      <SlotTimeline spans={spans} now={now} />
      <section aria-labelledby="status">
        <h2 id="status">Status</h2>
        <dl>
          {facts.map(([label, text]) => (
            <div key={label + text} class={label === 'stalled' || label === 'moved' ? 'attention' : ''}>
              <dt>{label}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
        <p>{withCode(explanation.explanation)}</p>
        <p>
          <b>Next:</b> {withCode(explanation.nextStep)}
        </p>
      </section>
      <Uploads uploads={uploads} />
      <HistoryTable event={event} />
      {asked && <ActionDialog action={asked} onClose={close} />}
    </main>
  );
}

/** The text, with what is between backticks as code. */
function withCode(text: string) {
  return text.split('`').map((part, index) => (index % 2 === 1 ? <code key={part}>{part}</code> : part));
}

function Uploads({ uploads }: { readonly uploads: readonly ShownUpload[] }) {
  return (
    <section aria-labelledby="uploads">
      <h2 id="uploads">Uploads</h2>
      {uploads.length === 0 && <p>There is none.</p>}
      <ol>
        {uploads.map(({ revision, at, bytes, fate, look }) => (
          <li key={`${revision} ${at}`}>
            <code>{revision}</code>
            <span class="quiet">
              {formatTime(at)}, {formatBytes(bytes)}
            </span>
            <span class={look}>{fate}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function HistoryTable({ event: { historyHead, history } }: { readonly event: EndpointEvent }) {
  return (
    <section aria-labelledby="history">
      <h2 id="history">History</h2>
      {history.length === 0 && <p>It is empty.</p>}
      <table>
        <thead>
          <tr>
            {historyHead.map((name) => (
              <th key={name}>{name}</th>
            ))}
          </tr>
        </thead>
        {history.map(({ cells, messages }) => (
          <tbody key={cells.join()}>
            <tr>
              {historyHead.map((name, column) => (
                <td key={name} data-head={name}>
                  {cells[column]}
                </td>
              ))}
            </tr>
            {messages.map((message) => (
              <tr key={message} class="message">
                <td />
                <td colSpan={historyHead.length - 1}>{message}</td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
      <p class="quiet">* serving now; times are UTC</p>
    </section>
  );
}
