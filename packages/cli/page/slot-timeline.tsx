import type { Slot } from '@freshpoint/cdk/contract';
import { useState } from 'preact/hooks';
import type { SlotSpan } from '../src/console/page-data.ts';
import { formatTime } from '../src/text.ts';
import { type DrawnRange, placeOf, RANGES, rangeOf } from './time-axis.ts';

const SLOTS: readonly Slot[] = ['a', 'b'];
const STATES: readonly SlotSpan['state'][] = ['serving', 'staging', 'launching', 'failed'];

/** The slots over time, one bar each, as the demo draws them. */
export function SlotTimeline({ spans, now }: { readonly spans: readonly SlotSpan[]; readonly now: number }) {
  const [choice, choose] = useState('recent');
  const range = rangeOf(spans, choice, now);
  return (
    <figure class="timeline">
      {SLOTS.map((slot) => (
        <Lane key={slot} slot={slot} spans={spans.filter((span) => span.slot === slot)} range={range} now={now} />
      ))}
      <div class="axis">
        <span>{formatTime(range.from)}</span>
        <span>now</span>
      </div>
      <figcaption>
        {STATES.map((state) => (
          <span key={state}>
            <i class={`span ${state}`} /> {state}
          </span>
        ))}
        <label>
          show{' '}
          <select value={choice} onChange={({ currentTarget }) => choose(currentTarget.value)}>
            {Object.keys(RANGES).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </figcaption>
    </figure>
  );
}

interface LaneProps {
  readonly slot: Slot;
  readonly spans: readonly SlotSpan[];
  readonly range: DrawnRange;
  readonly now: number;
}

function Lane({ slot, spans, range, now }: LaneProps) {
  const name = `slot ${slot.toUpperCase()}`;
  const current = spans.findLast(({ to }) => to === undefined);
  const label = current ? `${current.state} ${dataOf(current)}` : 'empty';
  return (
    <div class="lane">
      <b>{name}</b>
      <div class="bar" role="img" aria-label={`${name} over time: ${spans.map(describe).join('; ')}`}>
        {spans.map((span) => {
          const place = placeOf(span, range, now);
          const style = place && { left: `${place.left}%`, width: `${place.width}%` };
          return style && <Bar key={`${span.from} ${span.state}`} span={span} style={style} />;
        })}
      </div>
      <span class={`label ${current?.state ?? 'empty'}`}>{label}</span>
    </div>
  );
}

function Bar({ span, style }: { readonly span: SlotSpan; readonly style: { left: string; width: string } }) {
  return (
    <span class={`span ${span.state}`} style={style} title={describe(span)}>
      {span.state === 'failed' ? '✘' : span.state === 'serving' && dataOf(span)}
    </span>
  );
}

function dataOf({ revision }: SlotSpan): string {
  return revision ?? 'unknown data';
}

function describe(span: SlotSpan): string {
  const { state, from, to } = span;
  const end = state === 'failed' ? '' : to === undefined ? ' until now' : ` to ${formatTime(to)}`;
  return `${state} ${dataOf(span)} ${formatTime(from)}${end}`;
}
