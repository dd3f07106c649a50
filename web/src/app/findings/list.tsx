// The queue as a list box: only the items in sight are in the page, whatever its length.

import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { QueueItem } from "../documents";
import { DecisionChip, FindingChip, oneLine } from "./chips";
import type { Desk } from "./desk";
import { choose } from "./view";

const ITEM_HEIGHT = 58;
const OVERSCAN = 8;

export function QueueList({ desk }: { desk: Desk }) {
  const queue = desk.queue.value;
  const box = useRef<HTMLDivElement>(null);
  const sight = useSignal({ top: 0, height: 800 });
  const chosen = desk.chosen.value;
  const place = queue.indexOf(chosen);
  const first = Math.max(0, Math.floor(sight.value.top / ITEM_HEIGHT) - OVERSCAN);
  const last = Math.min(queue.length, Math.ceil((sight.value.top + sight.value.height) / ITEM_HEIGHT) + OVERSCAN);
  const look = (): void => {
    const shown = box.current;
    if (shown !== null) sight.value = { top: shown.scrollTop, height: shown.clientHeight };
  };
  useLayoutEffect(look, [queue, queue.length]);
  useLayoutEffect(() => {
    const seen = new ResizeObserver(look);
    if (box.current !== null) seen.observe(box.current);
    return () => seen.disconnect();
  }, []);
  useEffect(() => {
    for (let i = first; i < last; i++) if (queue.at(i) === undefined) return void queue.fill(i);
  }, [queue, queue.items.value, first, last]);
  const expected = place >= 0 ? place : (desk.shown.value?.value?.place ?? -1);
  useLayoutEffect(() => scrollTo(box.current, expected), [queue, expected, queue.length > 0]);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
  return (
    <div
      ref={box} class="queue-list" role="listbox" tabIndex={0} aria-label="Findings" onScroll={look}
      aria-activedescendant={place < 0 ? undefined : `finding-${place}`} onKeyDown={(event) => moveBy(event, desk, sight.value.height)}
      aria-busy={queue.items.value === null && queue.problem.value === null}
    >
      <div role="presentation" style={{ height: `${queue.length * ITEM_HEIGHT}px` }}>
        {shown.map((i) => <Item key={queue.at(i)?.finding_id ?? i} place={i} length={queue.length} item={queue.at(i)} chosen={i === place} />)}
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
      {...shared} class="queue-item" aria-selected={chosen} style={style} data-finding={item.finding_id}
      onClick={() => choose(item.finding_id, { trail: true })}
    >
      <span class="line">
        <FindingChip item={item} />
        <span class="quiet n">{item.score.toFixed(2)}</span>
        <DecisionChip item={item} />
      </span>
      <bdi class="preview">{oneLine(item.preview) || oneLine(item.message)}</bdi>
    </div>
  );
}

function scrollTo(box: HTMLElement | null, place: number): void {
  if (box === null || place < 0) return;
  const top = place * ITEM_HEIGHT;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ITEM_HEIGHT > box.scrollTop + box.clientHeight) box.scrollTop = top + ITEM_HEIGHT - box.clientHeight;
}

function moveBy(event: KeyboardEvent, desk: Desk, height: number): void {
  const queue = desk.queue.value;
  const page = Math.max(1, Math.floor(height / ITEM_HEIGHT) - 1);
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -queue.length, End: queue.length }[event.key];
  if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  void desk.step(by);
}
