// The queue as a list box: only the items in sight are in the page, whatever its length.

import { useEffect, useLayoutEffect } from "preact/hooks";
import type { QueueItem } from "../documents";
import { Picture } from "../parts/picture";
import { useVirtual } from "../parts/virtual";
import { DecisionChip, FindingChip, oneLine, Pair } from "./chips";
import type { Desk } from "./desk";
import { choose, code, sampled } from "./view";

const ITEM_HEIGHT = 58;
const THUMBNAIL = 42;

export function QueueList({ desk }: { desk: Desk }) {
  const queue = desk.queue.value;
  const virtual = useVirtual(queue.length, ITEM_HEIGHT);
  const place = queue.indexOf(desk.chosen.value);
  const [first, last] = [virtual.items[0] ?? 0, virtual.items.at(-1) ?? -1];
  useEffect(() => {
    for (const i of virtual.items) if (queue.at(i) === undefined) return void queue.fill(i);
  }, [queue, queue.items.value, first, last]);
  const expected = place >= 0 ? place : (desk.shown.value?.value?.place ?? -1);
  useLayoutEffect(() => virtual.scrollTo(expected), [queue, expected, queue.length > 0, virtual.place]);
  return (
    <div
      ref={virtual.scroller} class="queue-list" role="listbox" tabIndex={0} aria-label="Findings"
      aria-activedescendant={place < 0 ? undefined : `finding-${place}`} onKeyDown={(event) => moveBy(event, desk)}
      aria-busy={queue.items.value === null && queue.problem.value === null}
    >
      <div role="presentation" style={{ height: `${virtual.height}px` }}>
        {virtual.items.map((i) => <Item key={queue.at(i)?.finding_id ?? i} place={i} length={queue.length} item={queue.at(i)} chosen={i === place} />)}
      </div>
    </div>
  );
}

interface ItemProps {
  place: number;
  length: number;
  item: QueueItem | undefined;
  chosen: boolean;
}

function Item({ place, length, item, chosen }: ItemProps) {
  const shared = { role: "option", id: `finding-${place}`, "aria-posinset": place + 1, "aria-setsize": length } as const;
  const style = { transform: `translateY(${place * ITEM_HEIGHT}px)` };
  if (item === undefined) return <div {...shared} aria-selected={false} class="queue-item" style={style}><span class="quiet">…</span></div>;
  return (
    <div
      {...shared} class={`queue-item${item.image == null ? "" : " pictured"}`} aria-selected={chosen} style={style} data-finding={item.finding_id}
      onClick={() => choose(item.finding_id, { trail: true })}
    >
      {item.image != null && item.row_id != null && <Picture rowId={item.row_id} field={item.image} size={THUMBNAIL} zoom={false} />}
      <span class="line">
        {/* One kind is chosen: its name would be the same on every line. */}
        {code.value === "" && sampled.value === "" ? <FindingChip item={item} /> : item.suggested_label == null ? <span class="said">{oneLine(item.message, 60)}</span> : <Pair item={item} />}
        <span class="quiet n">{item.score.toFixed(2)}</span>
        <DecisionChip item={item} brief />
      </span>
      <bdi class="preview">{oneLine(item.preview) || oneLine(item.message)}</bdi>
    </div>
  );
}

function moveBy(event: KeyboardEvent & { currentTarget: HTMLElement }, desk: Desk): void {
  const queue = desk.queue.value;
  const page = Math.max(1, Math.floor(event.currentTarget.clientHeight / ITEM_HEIGHT) - 1);
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -queue.length, End: queue.length }[event.key];
  if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  void desk.step(by);
}
